# Reference values for the trials. Run in this folder: Rscript trials.R
# Writes persons.csv, clusters.csv and wedge.csv (simulated) and values.csv.
library(sandwich); library(clubSandwich); library(lme4)
options(warn = 1)
set.seed(20261125)
value <- list()
keep <- function(name, x) value[[name]] <<- as.numeric(x)

# --- people, allocated within four strata, two of them 2:1
n <- 180
d <- data.frame(id = 1:n, stratum = rep(1:4, each = n / 4))
d$treated <- unlist(lapply(1:4, function(s) sample(rep(if (s > 2) c(1, 1, 0) else c(1, 0), length.out = n / 4))))
d$age <- round(rnorm(n), 3); d$prior <- rpois(n, 1)
d$exposure <- round(runif(n, 0.5, 2), 2)
line <- 0.4 * d$age + 0.2 * d$prior + 0.15 * d$stratum
d$binary <- rbinom(n, 1, plogis(-1.2 + line - 0.6 * d$treated))
d$count <- rpois(n, d$exposure * exp(0.1 + line - 0.3 * d$treated) * rgamma(n, 2, 2))
d$score <- round(line - 0.5 * d$treated + exp(rnorm(n, 0, 0.7)), 3)
write.csv(d, "persons.csv", row.names = FALSE, quote = FALSE)
one <- function(name, fit, coef = "treated") {
  for (type in c("HC2", "HC3")) keep(paste0(name, "_", type), sqrt(vcovHC(fit, type = type)[coef, coef]))
  test <- coef_test(fit, vcov = vcovCR(fit, cluster = seq_len(nobs(fit)), type = "CR2"), test = "Satterthwaite")
  i <- which(names(coef(fit)) == coef)
  keep(paste0(name, "_value"), coef(fit)[[coef]]); keep(paste0(name, "_df"), test$df[i])
}
centre <- function(x) x - mean(x)
one("plain", lm(score ~ treated, d))
one("additive", lm(score ~ treated + age + prior, d))
one("lin", lm(score ~ treated * (centre(age) + centre(prior)), d))
strata <- model.matrix(~ factor(stratum), d)[, -1]
d$S <- apply(strata, 2, centre)
one("strata", lm(score ~ treated * S, d))
one("rate", glm(count ~ treated + offset(log(exposure)), poisson, d, control = glm.control(1e-13, 100)))
one("rate_adjusted", glm(count ~ treated + factor(stratum) + age + prior + offset(log(exposure)), poisson, d,
                         control = glm.control(1e-13, 100)))
one("rate_difference", lm(I(count / exposure) ~ treated, d, weights = exposure))
# Risks: one logistic model, predictions for all rows in either arm, each arm's residuals weighted by one over its share.
risk <- function(name, formula, share) {
  m <- glm(formula, binomial, d, control = glm.control(1e-13, 100))
  f1 <- predict(m, transform(d, treated = 1), "response"); f0 <- predict(m, transform(d, treated = 0), "response")
  u1 <- f1 + d$treated * (d$binary - f1) / share; u0 <- f0 + (1 - d$treated) * (d$binary - f0) / (1 - share)
  v <- var(cbind(u1, u0)) * (n - 1) / n / (n - length(coef(m)))
  keep(paste0(name, "_log_ratio"), log(mean(u1) / mean(u0)))
  g <- c(1 / mean(u1), -1 / mean(u0))
  keep(paste0(name, "_log_ratio_se"), sqrt(g %*% v %*% g))
  keep(paste0(name, "_difference"), mean(u1) - mean(u0))
  keep(paste0(name, "_difference_se"), sqrt(v[1, 1] + v[2, 2] - 2 * v[1, 2]))
  # The textbook way for comparison: predictions alone, delta method on the robust variance of the coefficients.
  x1 <- model.matrix(m); x0 <- x1; x1[, "treated"] <- 1; x0[, "treated"] <- 0
  j <- colMeans(f1 * (1 - f1) * x1) / mean(f1) - colMeans(f0 * (1 - f0) * x0) / mean(f0)
  keep(paste0(name, "_delta_log_ratio"), log(mean(f1) / mean(f0)))
  keep(paste0(name, "_delta_se"), sqrt(j %*% vcovHC(m, type = "HC0") %*% j))
}
risk("risk", binary ~ treated + age + prior, rep(mean(d$treated), n))
risk("risk_strata", binary ~ treated + factor(stratum) + age + prior, ave(d$treated, d$stratum))
# Score intervals by maximising the constrained likelihood numerically.
score <- function(y1, n1, y0, n0, gap, link) {
  p1of <- if (link == "ratio") function(p0) gap * p0 else function(p0) p0 + gap
  range <- if (link == "ratio") c(0, min(1, 1 / gap)) else c(max(0, -gap), min(1, 1 - gap))
  ll <- function(p0) { p1 <- p1of(p0)
    dbinom(y1, n1, min(max(p1, 0), 1), TRUE) + dbinom(y0, n0, min(max(p0, 0), 1), TRUE) }
  p0 <- optimize(ll, range, maximum = TRUE, tol = 1e-14)$maximum; p1 <- p1of(p0); N <- n1 + n0
  if (link == "ratio") (y1 / n1 - gap * y0 / n0)^2 / ((p1 * (1 - p1) / n1 + gap^2 * p0 * (1 - p0) / n0) * N / (N - 1))
  else (y1 / n1 - y0 / n0 - gap)^2 / ((p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * N / (N - 1))
}
z2 <- qnorm(0.975)^2
edge <- function(y1, n1, y0, n0, link, from, to)
  uniroot(function(g) score(y1, n1, y0, n0, if (link == "ratio") exp(g) else g, link) - z2, c(from, to), tol = 1e-10)$root
tables <- list(a = c(56, 70, 48, 80), b = c(3, 40, 9, 42), c = c(0, 25, 6, 27))
for (k in names(tables)) { t <- tables[[k]]
  gap <- t[1] / t[2] - t[3] / t[4]; lr <- log(max(t[1], 0.3) / t[2]) - log(t[3] / t[4])
  keep(paste0("mn_", k, "_low"), edge(t[1], t[2], t[3], t[4], "difference", -0.95, gap))
  keep(paste0("mn_", k, "_high"), edge(t[1], t[2], t[3], t[4], "difference", gap, 0.95))
  if (t[1] > 0) keep(paste0("mn_", k, "_ratio_low"), edge(t[1], t[2], t[3], t[4], "ratio", lr - 4, lr))
  keep(paste0("mn_", k, "_ratio_high"), edge(t[1], t[2], t[3], t[4], "ratio", if (t[1] > 0) lr else -4, lr + 6))
}

# --- clusters of unequal size
k <- 34
size <- sample(4:22, k, TRUE)
c2 <- data.frame(cluster = rep(1:k, size)); m <- nrow(c2)
arm <- sample(rep(0:1, k / 2)); band <- rep(1:2, length.out = k)
c2$treated <- arm[c2$cluster]; c2$stratum <- band[c2$cluster]
c2$age <- round(rnorm(m), 3); c2$exposure <- round(runif(m, 0.5, 1.5), 2)
line <- rnorm(k, 0, 0.4)[c2$cluster] + 0.3 * c2$age
c2$score <- round(line - 0.4 * c2$treated + rnorm(m), 3)
c2$binary <- rbinom(m, 1, plogis(-0.8 + line - 0.5 * c2$treated))
c2$count <- rpois(m, c2$exposure * exp(0.2 + line - 0.3 * c2$treated))
write.csv(c2, "clusters.csv", row.names = FALSE, quote = FALSE)
robust <- function(name, fit, cluster) {
  test <- coef_test(fit, vcov = vcovCR(fit, cluster = cluster, type = "CR2"), test = "Satterthwaite")
  i <- which(names(coef(fit)) == "treated")
  keep(paste0(name, "_value"), coef(fit)[["treated"]])
  keep(paste0(name, "_se"), test$SE[i]); keep(paste0(name, "_df"), test$df[i])
}
tight <- glm.control(1e-13, 100)
robust("cl_score", lm(score ~ treated, c2), c2$cluster)
robust("cl_score_adjusted", lm(score ~ treated + age + factor(stratum), c2), c2$cluster)
robust("cl_binary", glm(binary ~ treated, poisson, c2, control = tight), c2$cluster)
robust("cl_count", glm(count ~ treated + offset(log(exposure)), poisson, c2, control = tight), c2$cluster)
robust("cl_count_adjusted", glm(count ~ treated + age + factor(stratum) + offset(log(exposure)), poisson, c2,
                                control = tight), c2$cluster)
mixed <- lmer(score ~ treated + (1 | cluster), c2)
keep("cl_lmer_value", fixef(mixed)[["treated"]]); keep("cl_lmer_se", sqrt(vcov(mixed)["treated", "treated"]))
v <- as.data.frame(VarCorr(mixed))$vcov; keep("cl_lmer_icc", v[1] / sum(v))
pois <- glmer(count ~ treated + offset(log(exposure)) + (1 | cluster), c2, poisson)
keep("cl_glmer_value", fixef(pois)[["treated"]]); keep("cl_glmer_se", sqrt(vcov(pois)["treated", "treated"]))
# Intracluster correlation within arms by analysis of variance.
a <- anova(lm(score ~ factor(treated) + factor(cluster), c2))
ms <- a[["Mean Sq"]][2:3]
m0 <- (m - sum(tapply(size, arm, function(s) sum(s^2) / sum(s)))) / (k - 2)
keep("cl_icc", (ms[1] - ms[2]) / (ms[1] + (m0 - 1) * ms[2]))
# Unweighted t-test on cluster means, and on logs of rates of clusters that have events; ratio of totals linearised.
means <- tapply(c2$score, c2$cluster, mean)
tt <- t.test(means[arm == 1], means[arm == 0])
keep("cl_t_value", diff(rev(tt$estimate))); keep("cl_t_df", tt$parameter); keep("cl_t_low", tt$conf.int[1])
keep("cl_t_p", tt$p.value)
# All 70 allocations of the first eight clusters, arms set as 1,1,1,1,0,0,0,0, plain loop.
e8 <- c2[c2$cluster <= 8, ]; obs <- rep(1:0, each = 4)
statistic <- function(y, w, z, ratio) {
  mu <- v <- numeric(2)
  for (k in 1:2) { i <- which(z == 2 - k); mu[k] <- sum(y[i]) / sum(w[i])
    v[k] <- sum((y[i] - mu[k] * w[i])^2) / sum(w[i])^2 * length(i) / (length(i) - 1) }
  if (!ratio) return(abs(mu[1] - mu[2]) / sqrt(sum(v)))
  m <- (4 * mu + sum(y) / sum(w) / 2) / 4.5
  abs(log(m[1] / m[2])) / sqrt(sum(v / m^2))
}
lots <- combn(8, 4)
for (effect in c(0, -0.5, 0.7)) {
  y <- tapply(e8$count, e8$cluster, sum) * ifelse(obs == 1, exp(-effect), 1); w <- tapply(e8$exposure, e8$cluster, sum)
  all <- apply(lots, 2, function(l) statistic(y, w, as.numeric(1:8 %in% l), TRUE))
  keep(paste0("ri_count_", effect), mean(all >= statistic(y, w, obs, TRUE) - 1e-9))
  y <- tapply(e8$score, e8$cluster, sum) - effect * obs * size[1:8]
  all <- apply(lots, 2, function(l) statistic(y, size[1:8], as.numeric(1:8 %in% l), FALSE))
  keep(paste0("ri_score_", effect), mean(all >= statistic(y, size[1:8], obs, FALSE) - 1e-9))
}

# --- stepped wedge: 12 clusters, 5 periods, three cross over before each of periods 2 to 5
g <- expand.grid(person = 1:6, period = 1:5, cluster = 1:12)
g <- g[!(g$cluster == 3 & g$person > 3), ]
start <- sample(rep(2:5, 3))
g$treated <- as.numeric(g$period >= start[g$cluster])
u <- rnorm(12, 0, 0.5)[g$cluster] + 0.1 * g$period
g$score <- round(u - 0.5 * g$treated + rnorm(nrow(g)), 3)
g$count <- rpois(nrow(g), exp(0.3 + u - 0.4 * g$treated))
write.csv(g, "wedge.csv", row.names = FALSE, quote = FALSE)
robust("sw_score", lm(score ~ treated + factor(cluster) + factor(period), g), g$cluster)
robust("sw_count", glm(count ~ treated + factor(cluster) + factor(period), poisson, g, control = tight), g$cluster)
mixed <- lmer(score ~ treated + factor(period) + (1 | cluster), g)
keep("sw_lmer_value", fixef(mixed)[["treated"]]); keep("sw_lmer_se", sqrt(vcov(mixed)["treated", "treated"]))
pois <- glmer(count ~ treated + factor(period) + (1 | cluster), g, poisson)
keep("sw_glmer_value", fixef(pois)[["treated"]]); keep("sw_glmer_se", sqrt(vcov(pois)["treated", "treated"]))
# Four clusters exchange their sequences in all 24 ways, plain loop: score of the arm over the root of its squares by cluster.
four <- c(match(2:5, start)); f <- g[g$cluster %in% four, ]
plan <- outer(start[four], 1:5, "<=") * 1
for (effect in c(0, -1)) {
  f$z <- f$score - effect * f$treated
  r <- residuals(lm(z ~ factor(cluster) + factor(period), f))
  r <- tapply(r, list(factor(f$cluster, four), f$period), sum)
  w <- table(f$period); w <- w / sum(w)
  centred <- plan - as.numeric(plan %*% w); centred <- sweep(centred, 2, colMeans(centred))
  stat <- function(o) { each <- rowSums(r * centred[o, ]); abs(sum(each)) / sqrt(sum(each^2)) }
  orders <- as.matrix(expand.grid(1:4, 1:4, 1:4, 1:4)); orders <- orders[apply(orders, 1, function(o) length(unique(o)) == 4), ]
  all <- apply(orders, 1, stat)
  keep(paste0("ri_wedge_", effect), mean(all >= stat(1:4) - 1e-9))
}
writeLines(c("name,value", sprintf("%s,%.12g", names(value), unlist(value))), "values.csv")

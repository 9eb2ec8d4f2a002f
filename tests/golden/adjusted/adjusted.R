# Reference values for the adjusted comparison. Run in this folder: Rscript adjusted.R
# Writes cohort.csv (one simulated cohort) and values.csv. With VRU_DATA set, also the NSW and CPS rows of values.csv.
library(sandwich)
suppressMessages(library(Matching))
options(digits = 15)
set.seed(20261125)
n <- 400
d <- data.frame(age = rnorm(n), prior = rpois(n, 1.2), need = runif(n), site = rep(1:25, each = 16))
shock <- rnorm(25, 0, 0.3)[d$site]
d$treated <- rbinom(n, 1, plogis(0.6 * d$age + 0.3 * d$prior - 0.8 + 0.5 * d$need + shock))
d$score <- d$age + 0.4 * d$prior + shock - 0.5 * d$treated + rnorm(n)
d$reoffended <- rbinom(n, 1, plogis(-0.8 + 0.4 * d$age + 0.3 * d$prior - 0.5 * d$treated + shock))
d$months <- round(runif(n, 3, 18), 1)
d$offences <- rpois(n, d$months / 8 * exp(0.2 + 0.3 * d$age + 0.2 * d$prior - 0.4 * d$treated + shock) * rgamma(n, 3, 3))
write.csv(d, "cohort.csv", row.names = FALSE, quote = FALSE)
d <- read.csv("cohort.csv")
value <- list()
x <- c("age", "prior", "need")
form <- function(left, extra = NULL) reformulate(c(extra, x), left)

# Continuous: ordinary least squares with HC1, and with clusters.
ols <- lm(form("score", "treated"), d)
value$ols <- coef(ols)[["treated"]]
value$ols_hc1 <- sqrt(vcovHC(ols, "HC1")["treated", "treated"])
value$ols_cl <- sqrt(vcovCL(ols, ~site, type = "HC1")["treated", "treated"])

# Everything else: estimating equations stacked, derivative by central differences, sandwich by hand.
stack <- function(psi, theta, cluster = NULL) {
  m <- psi(theta)
  bread <- sapply(seq_along(theta), function(j) {
    h <- 1e-5 * max(1, abs(theta[j])); up <- down <- theta
    up[j] <- up[j] + h; down[j] <- down[j] - h
    (colMeans(psi(up)) - colMeans(psi(down))) / (2 * h)
  })
  influence <- -m %*% t(solve(bread))
  if (!is.null(cluster)) influence <- rowsum(influence, cluster)
  crossprod(influence) / n^2
}
keep <- function(name, mu, v, at) {
  value[[paste0(name, "_difference")]] <<- mu[1] - mu[2]
  g <- c(1, -1); value[[paste0(name, "_difference_se")]] <<- sqrt(drop(g %*% v[at, at] %*% g))
  if (grepl("continuous", name)) return(invisible())
  value[[paste0(name, "_log_ratio")]] <<- log(mu[1] / mu[2])
  g <- c(1, -1) / mu; value[[paste0(name, "_log_ratio_se")]] <<- sqrt(drop(g %*% v[at, at] %*% g))
}
X <- model.matrix(form(NULL), d)
D <- d$treated
gcomp <- function(name, y, family, time, target) {
  off <- if (family$family == "poisson") log(time) else rep(0, n)
  fit <- glm(y ~ D + X - 1, family, offset = off, control = glm.control(1e-14, 100))
  share <- if (target == "att") D else rep(1, n)
  k <- ncol(X) + 1
  at <- function(b, set) family$linkinv(drop(cbind(set, X) %*% b) + off)
  mu <- sapply(1:0, function(s) sum(share * at(coef(fit), s)) / sum(share * time))
  psi <- function(theta) {
    b <- theta[1:k]
    cbind(cbind(D, X) * (y - family$linkinv(drop(cbind(D, X) %*% b) + off)),
          share * (at(b, 1) - theta[k + 1] * time), share * (at(b, 0) - theta[k + 2] * time))
  }
  keep(name, mu, stack(psi, c(coef(fit), mu)), k + 1:2)
  keep(paste0(name, "_cl"), mu, stack(psi, c(coef(fit), mu), d$site), k + 1:2)
}
ipw <- function(name, y, time, target) {
  fit <- glm(D ~ X - 1, binomial, control = glm.control(1e-14, 100))
  k <- ncol(X)
  w <- function(b) {
    p <- plogis(drop(X %*% b))
    if (target == "att") list(D, (1 - D) * p / (1 - p)) else list(D / p, (1 - D) / (1 - p))
  }
  now <- w(coef(fit))
  mu <- sapply(now, function(u) sum(u * y) / sum(u * time))
  psi <- function(theta) {
    u <- w(theta[1:k])
    cbind(X * (D - plogis(drop(X %*% theta[1:k]))), u[[1]] * (y - theta[k + 1] * time), u[[2]] * (y - theta[k + 2] * time))
  }
  keep(name, mu, stack(psi, c(coef(fit), mu)), k + 1:2)
  keep(paste0(name, "_cl"), mu, stack(psi, c(coef(fit), mu), d$site), k + 1:2)
}
one <- rep(1, n)
for (target in c("att", "ate")) {
  gcomp(paste0("gcomp_binary_", target), d$reoffended, binomial(), one, target)
  gcomp(paste0("gcomp_count_", target), d$offences, poisson(), d$months, target)
  ipw(paste0("ipw_binary_", target), d$reoffended, one, target)
  ipw(paste0("ipw_count_", target), d$offences, d$months, target)
  ipw(paste0("ipw_continuous_", target), d$score, one, target)
}

# Matching on the fitted propensity, with the Abadie-Imbens (2006) error.
ps <- fitted(glm(D ~ X - 1, binomial, control = glm.control(1e-14, 100)))
for (target in c("ATT", "ATE")) {
  found <- Match(d$score, D, ps, estimand = target, M = 1, Var.calc = 4, distance.tolerance = 0)
  value[[paste0("match_", tolower(target))]] <- found$est[1]
  value[[paste0("match_", tolower(target), "_se")]] <- found$se
}
# Ties: two covariates with few values.
d$old <- as.numeric(d$age > 0); d$many <- pmin(d$prior, 2)
tied <- fitted(glm(treated ~ old + many, binomial, d, control = glm.control(1e-14, 100)))
found <- Match(d$score, D, round(tied, 12), estimand = "ATT", M = 1, Var.calc = 4, distance.tolerance = 0)
value$match_tied_att <- found$est[1]

folder <- Sys.getenv("VRU_DATA")
if (nzchar(folder)) {
  nsw <- read.csv(file.path(folder, "reference", "causaldata_nsw_mixtape.csv"))
  cps <- read.csv(file.path(folder, "reference", "causaldata_cps_mixtape.csv"))
  value$nsw_experiment <- with(nsw, mean(re78[treat == 1]) - mean(re78[treat == 0]))
  right <- re78 ~ treat + age + educ + black + hisp + marr + nodegree + re74 + re75
  value$nsw_ols <- coef(lm(right, nsw))[["treat"]]
  both <- rbind(nsw[nsw$treat == 1, ], cps)
  value$cps_ols <- coef(lm(right, both))[["treat"]]
  p <- fitted(glm(update(right, treat ~ . - treat), binomial, both, control = glm.control(1e-14, 100)))
  value$cps_ipw_att <- with(both, mean(re78[treat == 1]) - weighted.mean(re78[treat == 0], (p / (1 - p))[treat == 0]))
}
out <- data.frame(name = names(value), value = format(unlist(value), digits = 15, trim = TRUE, scientific = FALSE))
write.csv(out, "values.csv", row.names = FALSE, quote = FALSE)

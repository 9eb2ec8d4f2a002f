# Reference values for the series methods. Run in this folder: Rscript series.R
# Writes series_panel.csv (treated and comparison totals by month) and series_values.csv.
library(MASS)
library(sandwich)
set.seed(7)
n <- 60; start <- 43
month <- (0:(n - 1)) %% 12 + 1
post <- as.numeric(seq_len(n) >= start)
years <- (seq_len(n) - start + 1) / 12
residents <- round(20000 * exp(0.01 * years))
shared <- 0.2 * sin(2 * pi * month / 12) + as.numeric(arima.sim(list(ar = 0.4), n, sd = 0.08))
mu <- residents * 15e-4 * exp(shared + 0.05 * years - 0.3 * post)
y <- rnegbin(n, mu, 40)
x <- rpois(n, 90 * exp(shared + 0.02 * years))
walk <- 3 + cumsum(rnorm(n, 0, 0.1)) + rnorm(n, 0, 0.2)
d <- data.frame(month, post, years, residents, y, x, walk, slope = pmax(seq_len(n) - start + 1, 0))
write.csv(d, "series_panel.csv", row.names = FALSE, quote = FALSE)
angle <- 2 * pi * d$month / 12
d$s1 <- sin(angle); d$c1 <- cos(angle); d$s2 <- sin(2 * angle); d$c2 <- cos(2 * angle)
value <- list()
tight <- glm.control(1e-14, 200)
quasi <- glm(y ~ years + s1 + c1 + s2 + c2 + post + offset(log(residents)), quasipoisson, d, control = tight)
value$quasi_coef <- coef(quasi)[["post"]]
value$quasi_se <- sqrt(vcov(quasi)["post", "post"])
value$quasi_phi <- summary(quasi)$dispersion
value$quasi_df <- df.residual(quasi)
for (lag in c(3, 12)) {
  hac <- NeweyWest(quasi, lag = lag, prewhite = FALSE, adjust = TRUE)
  value[[paste0("hac", lag, "_se")]] <- sqrt(hac["post", "post"])
}
nb <- glm.nb(y ~ years + s1 + c1 + post + offset(log(residents)), d, control = glm.control(1e-10, 100))
value$nb_coef <- coef(nb)[["post"]]
value$nb_se <- sqrt(vcov(nb)["post", "post"])
value$nb_alpha <- 1 / nb$theta
both <- glm(y ~ years + s1 + c1 + post + slope + offset(log(residents)), quasipoisson, d, control = tight)
value$both_level <- coef(both)[["post"]]; value$both_slope <- coef(both)[["slope"]]
value$both_level_se <- sqrt(vcov(both)["post", "post"]); value$both_slope_se <- sqrt(vcov(both)["slope", "slope"])
without <- within(d, { post <- 0; slope <- 0 })
on <- d$post == 1
total <- function(beta) {
  X <- model.matrix(both)[on, ]; X0 <- X; X0[, c("post", "slope")] <- 0
  o <- log(d$residents[on])
  log(sum(exp(X %*% beta + o)) / sum(exp(X0 %*% beta + o)))
}
value$both_average <- total(coef(both))
gradient <- sapply(seq_along(coef(both)), function(j) {
  h <- 1e-5; e <- replace(numeric(length(coef(both))), j, h)
  (total(coef(both) + e) - total(coef(both) - e)) / (2 * h)
})
value$both_average_se <- sqrt(drop(gradient %*% vcov(both) %*% gradient))
# The controlled form as the interaction model on both series, with an effect for every month.
long <- rbind(transform(d, arm = 1, count = y), transform(d, arm = 0, count = x, residents = 1))
long$t <- factor(rep(seq_len(n), 2))
inter <- glm(count ~ t + arm + arm:years + arm:post + offset(log(residents)), poisson, long, control = tight)
value$control_coef <- coef(inter)[["arm:post"]]
value$control_poisson_se <- sqrt(vcov(inter)["arm:post", "arm:post"])
share <- glm(cbind(y, x) ~ years + post + offset(log(residents)), quasibinomial, d, control = tight)
value$control_phi <- summary(share)$dispersion
value$control_quasi_se <- sqrt(vcov(share)["post", "post"])
# A local level model of the wandering series before the start: variances by maximum likelihood, forecast given them.
before <- ts(d$walk[!on])
level <- StructTS(before, type = "level")
ahead <- predict(level, n.ahead = 3)
value$level_variance <- level$coef[["level"]]; value$noise_variance <- level$coef[["epsilon"]]
value$level_forecast <- as.numeric(ahead$pred)[1]
value$level_se1 <- as.numeric(ahead$se)[1]
value$level_se3 <- as.numeric(ahead$se)[3]
writeLines(c("name,value", sprintf("%s,%.12g", names(value), unlist(value))), "series_values.csv")

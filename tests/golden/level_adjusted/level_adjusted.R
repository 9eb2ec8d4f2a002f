# Values that tests/stats/test_level_adjusted.py holds the estimator to.
# Run in this folder: Rscript level_adjusted.R   (R 4.2.2, sandwich 3.0-2)
library(sandwich)

set.seed(20261127)
n <- 24
level <- round(exp(rnorm(n, 2.5, 0.6)), 2)
level <- sort(level, decreasing = TRUE)
treated <- rep(c(1, 0), each = n / 2)
before <- rpois(n, 24 * level)
after <- rpois(n, 18 * level * exp(0.1 - 0.15 * log(level / mean(level)) - 0.2 * treated + rnorm(n, 0, 0.1)))
areas <- data.frame(before, after, log_level = log(level), treated)
write.csv(areas, "areas.csv", row.names = FALSE)

rows <- list()
keep <- function(case, d) {
  fit <- glm(cbind(after, before) ~ log_level + treated, family = binomial, data = d)
  hc2 <- sqrt(diag(vcovHC(fit, type = "HC2")))
  # The same with area effects written out: a Poisson model of areas by phase.
  long <- rbind(data.frame(d, y = d$before, area = seq_len(nrow(d)), post = 0), data.frame(d, y = d$after, area = seq_len(nrow(d)), post = 1))
  pois <- glm(y ~ factor(area) + post + post:log_level + post:treated, family = poisson, data = long)
  # Bell and McCaffrey under the working variance phi w + tau w^2, phi and tau >= 0 fitted to squared HC2 residuals over w.
  x <- model.matrix(fit); p <- fitted(fit); w <- (d$before + d$after) * p * (1 - p)
  m <- solve(t(x * w) %*% x) %*% t(x); h <- w * rowSums(x * t(m))
  u <- (d$after - (d$before + d$after) * p)^2 / (1 - h) / w
  line <- lm(u ~ w)$coefficients
  if (line[2] < 0) line <- c(mean(u), 0)
  if (line[1] < 0) line <- c(0, sum(u * w) / sum(w^2))
  s <- line[1] * w + line[2] * w^2
  g <- diag(nrow(d)) - (w * x) %*% m
  a <- t(g) %*% diag((m[3, ] / sqrt(1 - h))^2) %*% g %*% diag(s)
  rows[[length(rows) + 1]] <<- data.frame(case, value = coef(fit)[["treated"]], poisson = coef(pois)[["post:treated"]],
    se = hc2[["treated"]], slope = coef(fit)[["log_level"]], slope_se = hc2[["log_level"]],
    df = sum(diag(a))^2 / sum(a * t(a)))
}
keep("all", areas)
keep("unequal", areas[c(1:4, 13:24), ])
few <- areas; few$before <- round(few$before / 60); few$after <- round(few$after / 60)
keep("sparse", few)
write.csv(do.call(rbind, rows), "values.csv", row.names = FALSE)

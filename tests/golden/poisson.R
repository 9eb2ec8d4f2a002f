# Reference values for the Poisson methods. Run in this folder: Rscript poisson.R
# Writes poisson_panel.csv (two simulated panels in long form) and poisson_values.csv.
library(sandwich)
set.seed(42)
units <- 8; periods <- 30; start <- 19
d <- expand.grid(period = 1:periods, unit = 1:units)
level <- exp(rnorm(units, 1.5, 0.4))
d$treated <- d$unit <= 3
d$first <- ifelse(d$treated, start, periods + 1)
d$late <- ifelse(d$unit == 2, 24, d$first)
rate <- level[d$unit] * (1 + 0.2 * sin(2 * pi * d$period / 12)) * rgamma(nrow(d), 4, 4)
d$y <- rpois(nrow(d), rate * ifelse(d$period >= d$first, 0.7, 1))
d$gap <- d$unit == 5 & d$period %in% c(4, 22)
write.csv(d[, c("unit", "period", "treated", "first", "late", "gap", "y")], "poisson_panel.csv",
          row.names = FALSE, quote = FALSE)
value <- list()
fit <- function(data, first) {
  data$on <- as.numeric(data$period >= data[[first]])
  glm(y ~ on + factor(unit) + factor(period), poisson, data, control = glm.control(1e-13, 100))
}
block <- fit(d, "first")
value$block_coef <- coef(block)[["on"]]
value$block_se_cl <- sqrt(vcovCL(block, cluster = ~unit, type = "HC1")["on", "on"])
value$block_phi <- sum(residuals(block, "pearson")^2) / df.residual(block)
value$block_df <- df.residual(block)
gone <- fit(d[!d$gap, ], "late")
value$staggered_gap_coef <- coef(gone)[["on"]]
value$staggered_gap_phi <- sum(residuals(gone, "pearson")^2) / df.residual(gone)
value$staggered_gap_se_cl <- sqrt(vcovCL(gone, cluster = ~unit, type = "HC1")["on", "on"])

t <- d[d$treated, ]
post <- t$period >= start
y1 <- sum(t$y[post]); y0 <- sum(t$y[!post]); n1 <- periods - start + 1; n0 <- start - 1
exact <- poisson.test(c(y1, y0), c(n1, n0))
value$exact_ratio <- exact$estimate[[1]]
value$exact_low <- exact$conf.int[1]; value$exact_high <- exact$conf.int[2]
share <- n1 / (n0 + n1)
value$exact_p_central <- min(1, 2 * min(pbinom(y1, y0 + y1, share), pbinom(y1 - 1, y0 + y1, share, FALSE)))
series <- aggregate(y ~ period, t, sum)
series$post <- series$period >= start
a <- 2 * pi * ((series$period - 1) %% 12 + 1) / 12
level2 <- log(ave(series$y, series$post))
season <- glm(y ~ post + sin(a) + cos(a) + sin(2 * a) + cos(2 * a) + offset(level2), poisson, series)
value$series_phi <- sum(residuals(season, "pearson")^2) / df.residual(season)
value$series_df <- df.residual(season)
writeLines(c("name,value", sprintf("%s,%.12g", names(value), unlist(value))), "poisson_values.csv")

# Reference values for the methods on patrol days. Run in this folder: Rscript days.R
# Writes days_panel.csv (one simulated trial in long form) and days_values.csv.
library(sandwich)
library(lme4)
set.seed(20)
areas <- 20; days <- 60
d <- expand.grid(day = 1:days, area = 1:areas)
level <- exp(rnorm(areas, -0.8, 0.5)); shock <- exp(rnorm(days, 0, 0.3))
d$on <- 0
for (j in 1:days) d$on[d$day == j & d$area %in% sample(areas, 8)] <- 1
hidden <- rnorm(nrow(d), 0, 0.3)
d$minutes <- ifelse(d$on == 1 & runif(nrow(d)) < 0.92, round(15 * exp(0.4 * rnorm(nrow(d)) + hidden)), 0)
d$y <- rpois(nrow(d), level[d$area] * shock[d$day] * exp(hidden - 0.02 * d$minutes))
d$gap <- d$area == 3 & d$day %in% c(5, 17, 18)
before <- function(x) ave(x, d$area, FUN = function(v) c(0, v[-length(v)]))
d$late <- as.numeric(before(d$on) == 1 & d$on == 0)
write.csv(d[, c("area", "day", "on", "minutes", "gap", "y")], "days_panel.csv", row.names = FALSE, quote = FALSE)
value <- list()
exact <- glm.control(1e-13, 100)
robust <- function(fit, name) sqrt(vcovCL(fit, cluster = ~area, type = "HC1")[name, name])
plain <- glm(y ~ on + factor(area) + factor(day), poisson, d, control = exact)
value$plain <- coef(plain)[["on"]]; value$plain_se <- robust(plain, "on")
value$plain_phi <- sum(residuals(plain, "pearson")^2) / df.residual(plain)
gap <- glm(y ~ on + factor(area) + factor(day), poisson, d[!d$gap, ], control = exact)
value$gap <- coef(gap)[["on"]]; value$gap_se <- robust(gap, "on")
d$weekday <- d$day %% 7
week <- glm(y ~ on + factor(area) + factor(weekday), poisson, d, control = exact)
value$weekday <- coef(week)[["on"]]; value$weekday_se <- robust(week, "on")
after <- glm(y ~ on + late + factor(area) + factor(day), poisson, d, control = exact)
value$adjusted <- coef(after)[["on"]]; value$late <- coef(after)[["late"]]
washed <- glm(y ~ on + factor(area) + factor(day), poisson, d[d$late == 0, ], control = exact)
value$washed <- coef(washed)[["on"]]
mixed <- glmer(y ~ on + factor(day) + (1 | area), d, poisson, control = glmerControl(optimizer = "bobyqa"))
value$mixed <- fixef(mixed)[["on"]]; value$mixed_se <- sqrt(vcov(mixed)["on", "on"])
# Dose per 10 minutes: the effect that leaves counts, divided by it, unrelated to what was drawn.
d$ten <- d$minutes / 10
left <- function(b) {
  z <- d$y * exp(-b * d$ten)
  null <- suppressWarnings(glm(z ~ factor(area) + factor(day), quasipoisson, d, control = exact))
  sum(d$on * (z - fitted(null)))
}
value$dose <- uniroot(left, c(-1, 0.5), tol = 1e-11)$root
delivered <- glm(y ~ ten + factor(area) + factor(day), poisson, d, control = exact)
value$delivered <- coef(delivered)[["ten"]]; value$delivered_se <- robust(delivered, "ten")
first <- lm(ten ~ on + factor(area) + factor(day), d)
d$v <- residuals(first)
control <- glm(y ~ ten + v + factor(area) + factor(day), poisson, d, control = exact)
value$control_function <- coef(control)[["ten"]]
d$any <- as.numeric(d$ten > 0)
knot <- function(c) glm(y ~ any + ten + pmax(ten - c, 0) + factor(area) + factor(day), poisson, d, control = exact)
for (c in c(1, 1.5, 2)) value[[paste0("bend_loglik_", c)]] <- as.numeric(logLik(knot(c)))
value$bend_slope_after_1.5 <- sum(coef(knot(1.5))[c("ten", "pmax(ten - c, 0)")])
write.csv(data.frame(name = names(value), value = sprintf("%.12g", unlist(value))), "days_values.csv",
          row.names = FALSE, quote = FALSE)

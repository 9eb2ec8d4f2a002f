# Reference values for the synthesis. Run in this folder: Rscript meta.R
# Debian's r-cran-metafor 3.8-1, r-cran-metadat 1.2-0 and r-cran-clubsandwich, R 4.2.2.
# Writes data.csv (effects and variances), tables.csv (two-by-two tables), values.csv (what metafor says).
# Where the numbers come from is in sources.csv.
suppressPackageStartupMessages({library(metafor); library(clubSandwich)})
out <- list(); rows <- list(); tables <- list()
put <- function(.set, .fit, ...) for (n in names(v <- list(...)))
  out[[length(out) + 1]] <<- data.frame(set = .set, fit = .fit, name = n, value = sprintf("%.15g", as.numeric(v[[n]])))
# metafor stops REML and ML at a step of 1e-5 unless it is told to go on; the comparison is at 1e-6.
tight <- list(threshold = 1e-13, maxiter = 100000, tol = 1e-13)

frame <- function(y, v, x = NA, g = NA, cluster = NA)
  data.frame(y = as.numeric(y), v = as.numeric(v), x = as.numeric(x), g = as.character(g), cluster = as.character(cluster))
sets <- list()
d <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
sets$bcg <- frame(d$yi, d$vi, d$ablat, d$alloc)
sets$raudenbush <- with(dat.raudenbush1985, frame(yi, vi, weeks, setting))
sets$hackshaw <- with(dat.hackshaw1998, frame(yi, vi, year, design))
sets$schools <- with(dat.konstantopoulos2011, frame(yi, vi, year, cluster = district))
sets$delinquency <- with(dat.assink2016, frame(yi, vi, year, deltype, cluster = study))
d <- escalc("IRR", x1i = x1i, x2i = x2i, t1i = t1i, t2i = t2i, data = dat.hart1999)
sets$hart <- frame(d$yi, d$vi, d$year)
d <- escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.li2007)
sets$magnesium <- frame(d$yi, d$vi, d$year)
scared <- data.frame(ai = c(19, 16, 43, 12, 16, 14, 27), n1i = c(46, 94, 53, 28, 39, 39, 137),
                     ci = c(4, 8, 37, 5, 16, 11, 17), n2i = c(35, 67, 55, 30, 41, 40, 90))
d <- escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = scared)
sets$scared <- frame(d$yi, d$vi)
sets$three <- frame(c(-0.3, -0.1, 0.15), c(0.02, 0.03, 0.015))
sets$alike <- frame(c(-0.20, -0.21, -0.19, -0.205), c(0.02, 0.03, 0.015, 0.01))

whole <- function(set, s, method, test) {
  r <- rma(y, v, data = s, method = method, test = test, control = tight)
  fit <- paste(method, test, sep = ":")
  put(set, fit, value = r$beta, se = r$se, low = r$ci.lb, high = r$ci.ub, p = r$pval, tau2 = r$tau2,
      q = r$QE, q_p = r$QEp, i2 = r$I2, h2 = r$H2)
  if (method == "FE") return(invisible())
  pi <- predict(r); higgins <- predict(r, pi.type = "riley")
  put(set, fit, metafor_prediction_low = pi$pi.lb, metafor_prediction_high = pi$pi.ub,
      prediction_low = higgins$pi.lb, prediction_high = higgins$pi.ub)
  if (test == "z") {
    ci <- confint(r, type = "QP", control = list(tol = 1e-14, maxiter = 10000, tau2.max = 1000))$random["tau^2", ]
    put(set, fit, tau2_low = ci[["ci.lb"]], tau2_high = ci[["ci.ub"]])
  }
}
for (set in names(sets)) {
  s <- sets[[set]]; rows[[set]] <- data.frame(set, s)
  whole(set, s, "FE", "z")
  for (method in c("REML", "DL", "PM")) for (test in c("z", "knha", "adhoc")) whole(set, s, method, test)
  if (nrow(s) >= 10) {
    r <- rma(y, v, data = s, method = "REML", test = "knha", control = tight)
    one <- regtest(r); two <- regtest(s$y, s$v, model = "lm")
    put(set, "small", t = one$zval, p = one$pval, limit = one$est, weighted_t = two$zval, weighted_p = two$pval)
  }
}
for (set in c("bcg", "raudenbush", "three")) {
  s <- sets[[set]]
  for (i in seq_len(nrow(s))) {
    r <- rma(y, v, data = s[-i, ], method = "REML", test = "knha", control = tight)
    put(set, paste0("without:", i), value = r$beta, low = r$ci.lb, high = r$ci.ub, tau2 = r$tau2)
  }
}
for (set in c("bcg", "raudenbush", "schools", "delinquency", "hart", "magnesium")) {
  s <- sets[[set]]
  for (method in c("REML", "DL", "PM")) for (test in c("z", "knha")) {
    r <- rma(y ~ x, v, data = s, method = method, test = test, control = tight)
    put(set, paste("x", method, test, sep = ":"), b0 = r$beta[1], b1 = r$beta[2], se0 = r$se[1], se1 = r$se[2], low1 = r$ci.lb[2],
        high1 = r$ci.ub[2], p1 = r$pval[2], tau2 = r$tau2, qe = r$QE, qm = r$QM, qm_p = r$QMp, i2 = r$I2, k = r$k)
    if (test == "z") {
      ci <- confint(r, type = "QP", control = list(tol = 1e-14, maxiter = 10000, tau2.max = 1000))$random["tau^2", ]
      put(set, paste("x", method, test, sep = ":"), tau2_low = ci[["ci.lb"]], tau2_high = ci[["ci.ub"]])
    }
  }
}
for (set in c("bcg", "raudenbush", "delinquency")) {
  s <- sets[[set]]; groups <- sort(unique(s$g)); inner <- list()
  for (g in groups) {
    r <- rma(y, v, data = s[s$g == g, ], method = "REML", control = tight)
    put(set, paste0("group:", g), value = r$beta, se = r$se, tau2 = r$tau2); inner[[g]] <- c(r$beta, r$se)
  }
  between <- rma(sapply(inner, `[`, 1), sei = sapply(inner, `[`, 2), method = "FE")
  put(set, "groups", q = between$QE, p = between$QEp)
}
for (set in c("schools", "delinquency")) {
  s <- sets[[set]]
  for (design in c("mean", "x")) {
    r <- if (design == "mean") rma(y, v, data = s, control = tight) else rma(y ~ x, v, data = s, control = tight)
    cr1 <- robust(r, cluster = s$cluster)
    last <- length(cr1$se)
    put(set, paste0("cr1:", design), value = cr1$beta[last], se = cr1$se[last], low = cr1$ci.lb[last], high = cr1$ci.ub[last],
        p = cr1$pval[last])
    cr2 <- coef_test(r, vcov = "CR2", cluster = s$cluster, test = "Satterthwaite")
    wide <- conf_int(r, vcov = "CR2", cluster = s$cluster, test = "Satterthwaite")
    put(set, paste0("cr2:", design), value = cr2$beta[last], se = cr2$SE[last], df = cr2$df_Satt[last] , p = cr2$p_Satt[last],
        low = wide$CI_L[last], high = wide$CI_U[last])
  }
}
table <- function(set, ai, n1i, ci, n2i) {
  tables[[set]] <<- data.frame(set, ai, n1i, ci, n2i)
  r <- rma.mh(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i)
  put(set, "mh", value = r$beta, se = r$se, low = r$ci.lb, high = r$ci.ub, q = r$QE, q_p = r$QEp, i2 = r$I2)
}
with(scared, table("scared", ai, n1i, ci, n2i))
with(dat.bcg, table("bcg", tpos, tpos + tneg, cpos, cpos + cneg))
with(dat.li2007, table("magnesium", ai, n1i, ci, n2i))
table("zero", c(0, 3, 5), c(20, 30, 40), c(4, 6, 9), c(22, 28, 41))
write.csv(do.call(rbind, rows), "data.csv", row.names = FALSE, quote = FALSE, na = "")
write.csv(do.call(rbind, tables), "tables.csv", row.names = FALSE, quote = FALSE)
write.csv(do.call(rbind, out), "values.csv", row.names = FALSE, quote = FALSE)

# Reference values for the weighted comparisons, by a general quadratic programme. Run here: Rscript synthetic.R
# Writes panel.csv (one treated unit first, ten donors, 30 months, start after month 20) and values.csv.
library(quadprog)
set.seed(7)
n <- 11; t <- 30; pre <- 20
level <- exp(rnorm(n, 3, 0.3)); level[1] <- mean(level)
course <- 1 + 0.2 * sin(2 * pi * (1:t) / 12)
y <- matrix(rpois(n * t, outer(level, course)), n)
write.csv(data.frame(unit = 1:n, y), "panel.csv", row.names = FALSE)
x <- y[1, ]; d <- y[-1, ]; m <- n - 1
simplex <- function(a, b, penalty = 0) {
  solve.QP(2 * (crossprod(a) + penalty * diag(ncol(a))), 2 * crossprod(a, b), cbind(1, diag(ncol(a))),
           c(1, rep(0, ncol(a))), meq = 1)$solution
}
w <- simplex(t(d[, 1:pre]), x[1:pre])
centre <- function(a) sweep(a, 2, colMeans(a))
noise <- sd(t(apply(d[, 1:pre], 1, diff)))
zeta <- (t - pre)^0.25 * noise
omega <- simplex(centre(t(d[, 1:pre])), x[1:pre] - mean(x[1:pre]), zeta^2 * pre)
after <- rowMeans(d[, (pre + 1):t])
lambda <- simplex(centre(d[, 1:pre]), after - mean(after), m * (1e-6 * noise)^2 + 1e-10)
due <- sum(omega * after) + sum(lambda * (x[1:pre] - omega %*% d[, 1:pre]))
blocks <- sapply(0:1, function(b) rowSums(d[, b * 10 + 1:10]))
aim <- sapply(0:1, function(b) sum(x[b * 10 + 1:10]))
near <- solve.QP(diag(m), rep(1 / m, m), cbind(blocks, 1, diag(m)), c(aim, 1, rep(0, m)), meq = 3)$solution
out <- c(setNames(w, paste0("simplex", 1:m)), setNames(omega, paste0("unit", 1:m)),
         sdid = mean(x[(pre + 1):t]) - due, setNames(near, paste0("calibrated", 1:m)))
write.csv(data.frame(name = names(out), value = sprintf("%.12g", out)), "values.csv", row.names = FALSE, quote = FALSE)

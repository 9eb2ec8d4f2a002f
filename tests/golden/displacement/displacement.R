# What R says of the displacement examples: Rscript displacement.R > displacement_values.csv
# Base R only. Limits of the quotient by searching where the squared t of (N - rho D) crosses the critical value, its
# variance from numerical derivatives of the six counts; limits of the net effect from glm and uniroot.
out <- function(name, value) cat(name, ",", format(value, digits = 12), "\n", sep = "")
cat("name,value\n")
variance <- function(f, x, phi) {
  g <- sapply(seq_along(x), function(i) {
    h <- 1e-5 * max(1, x[i]); up <- x; down <- x
    up[i] <- x[i] + h; down[i] <- x[i] - h
    (f(up) - f(down)) / (2 * h)
  })
  phi * sum(g^2 * x)
}
quotient <- function(x) (x[4] / x[6] - x[3] / x[5]) / (x[2] / x[6] - x[1] / x[5])
case <- function(label, x, phi, critical) {
  rho <- quotient(x)
  far <- function(r) {
    f <- function(y) (y[4] / y[6] - y[3] / y[5]) - r * (y[2] / y[6] - y[1] / y[5])
    scaled <- function(y) f(y) * y[6]
    scaled(x)^2 / variance(scaled, x, phi) - critical^2
  }
  out(paste0(label, "_quotient"), rho)
  out(paste0(label, "_quotient_low"), uniroot(far, c(rho - 50, rho), tol = 1e-11)$root)
  out(paste0(label, "_quotient_high"), uniroot(far, c(rho, rho + 50), tol = 1e-11)$root)
  # Expected number on the log scale: glm with one parameter per cell gives the standard error of the log of it.
  before <- x[1] + x[3]; after <- x[2] + x[4]
  cells <- data.frame(n = c(before, x[5], x[6]), cell = factor(1:3))
  fit <- glm(n ~ cell - 1, family = poisson, data = cells)
  k <- c(1, -1, 1)
  se <- sqrt(phi * drop(t(k) %*% vcov(fit) %*% k))
  due <- exp(sum(k * coef(fit)))
  score <- function(m) (after - m)^2 / (phi * m) - critical^2
  low <- uniroot(score, c(1e-9, after), tol = 1e-10)$root
  high <- uniroot(score, c(after, 100 * after), tol = 1e-9)$root
  value <- after - due
  out(paste0(label, "_total"), value)
  out(paste0(label, "_total_low"), value - sqrt((after - low)^2 + (due * exp(critical * se) - due)^2))
  out(paste0(label, "_total_high"), value + sqrt((high - after)^2 + (due - due * exp(-critical * se))^2))
}
# counts: treated before, after; buffers before, after; comparison before, after
case("clear", c(207, 110, 178, 157, 308, 318), 1, qnorm(0.975))
case("wide", c(180, 110, 60, 71, 250, 240), 1.7, qt(0.95, 40))
# Harm (weights 3 2 5 7 10) and area weights with glm: identity link, one mean per cell, a linear contrast.
contrast <- function(n, k) {
  fit <- glm(n ~ factor(seq_along(n)) - 1, family = poisson("identity"), start = n + 0.1)
  c(sum(k * coef(fit)), sqrt(drop(t(k) %*% vcov(fit) %*% k)))
}
harm <- c(130, 74, 133, 91, 327, 202, 388, 305, 398, 190, 148, 97, 144, 92, 86, 64, 183, 96, 94, 67)
found <- contrast(harm, as.vector(sapply(c(3, 2, 5, 7, 10), function(w) w * c(-1, 1, 1, -1))))
out("harm", found[1]); out("harm_se", found[2])
areas <- contrast(c(207, 110, 308, 318, 178, 157, 150, 140),
                  c(-1, 1, 0, 0, 0, 0, 0, 0) / 1.2 + c(0, 0, 1, -1, 0, 0, 0, 0) / 0.9 +
                  c(0, 0, 0, 0, -1, 1, 0, 0) / 1.5 + c(0, 0, 0, 0, 0, 0, 1, -1) / 1.6)
out("areas", areas[1]); out("areas_se", areas[2])

# Reference values for what is computed from published numbers. Run in this folder: Rscript values.R
# Writes values.csv. The inputs are the published numbers, typed in again from their sources.
library(metafor)
value <- list()
put <- function(name, x) value[[name]] <<- x

# London Underground platforms: crimes before and after, treated and control, as a Poisson model with interaction.
d <- data.frame(y = c(88, 63, 64, 74), after = c(0, 1, 0, 1), treated = c(1, 1, 0, 0))
fit <- summary(glm(y ~ after * treated, poisson, d, control = glm.control(1e-14, 100)))$coefficients
put("london_log_ratio", fit["after:treated", 1])
put("london_se", fit["after:treated", 2])
put("london_p", fit["after:treated", 4])
put("london_low", fit["after:treated", 1] - qnorm(.975) * fit["after:treated", 2])
put("london_high", fit["after:treated", 1] + qnorm(.975) * fit["after:treated", 2])

# Scared Straight: seven trials, those who offended again of all, visited and not visited.
ai <- c(19, 16, 43, 12, 16, 14, 27); n1 <- c(46, 94, 53, 28, 39, 39, 137)
ci <- c(4, 8, 37, 5, 16, 11, 17);    n2 <- c(35, 67, 55, 30, 41, 40, 90)
mh <- rma.mh(ai = ai, n1i = n1, ci = ci, n2i = n2, measure = "OR")
put("scared_mh", exp(mh$beta[1])); put("scared_mh_low", exp(mh$ci.lb)); put("scared_mh_high", exp(mh$ci.ub))
put("scared_mh_q_p", mh$QEp); put("scared_mh_i2", mh$I2)
# The source's software takes Q around the Mantel-Haenszel estimate for tau squared.
e <- escalc(ai = ai, n1i = n1, ci = ci, n2i = n2, measure = "OR"); w <- 1 / e$vi
tau2 <- max(0, (mh$QE - (length(ai) - 1)) / (sum(w) - sum(w^2) / sum(w)))
dl <- rma(e$yi, e$vi, tau2 = tau2)
put("scared_dl", exp(dl$beta[1])); put("scared_dl_low", exp(dl$ci.lb)); put("scared_dl_high", exp(dl$ci.ub))

# Home Office evaluation to March 2024: what the printed p-values imply.
put("vru_sharp_z", qnorm(1 - .06 / 2)); put("vru_sharp_se", 1.6 / qnorm(1 - .06 / 2))
put("vru_any_z", qnorm(1 - .08 / 2)); put("vru_any_se", 10.39 / qnorm(1 - .08 / 2))

# Braga and Weisburd 2020: a reduction of 16 per cent as a log rate ratio.
put("braga_log_ratio", log(1 - .16))

write.csv(data.frame(name = names(value), value = sprintf("%.12g", unlist(value))), "values.csv",
          row.names = FALSE, quote = FALSE)

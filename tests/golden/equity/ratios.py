"""Intervals of ratios by statsmodels 0.14 (shares: score; rates: exact by R's poisson.test formula through scipy's binomtest).

``python ratios.py > ratios.csv``
"""

import csv
import sys

from scipy.stats import binomtest
from statsmodels.stats.proportion import confint_proportions_2indep

CASES = [
    (3, 40, 20, 900),
    (59, 262, 1747, 11219),
    (1, 10, 5, 60),
    (12, 30, 40, 200),
    (100, 400, 90, 380),
    (7, 8, 60, 90),
]
out = csv.writer(sys.stdout, lineterminator="\n")
out.writerow(["a", "n", "c", "m", "score_low", "score_high", "exact_low", "exact_high"])
for a, n, c, m in CASES:
    low, high = confint_proportions_2indep(a, n, c, m, method="score", compare="ratio", correction=False)
    ends = binomtest(a, a + c).proportion_ci(0.95, "exact")
    exact = [p / (1 - p) * m / n for p in (ends.low, ends.high)]
    out.writerow([a, n, c, m, repr(float(low)), repr(float(high)), repr(float(exact[0])), repr(float(exact[1]))])

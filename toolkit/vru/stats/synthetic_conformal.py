"""Conformal inference for a weighted comparison: are the months after the start like those before, once it is undone?"""

from collections.abc import Callable

import numpy as np

from vru.stats.synthetic import Weigh

TIE = 1e-9


def conformal_p(donors: np.ndarray, treated: np.ndarray, n_pre: int, weigh: Weigh) -> Callable[[float], float]:
    """P-value as a function of the log ratio that is tested, by moving blocks.

    Parameters
    ----------
    donors : ``(n_donors, n_periods)``, treated : ``(n_periods,)``, counts or rates.
    weigh : weights from outcomes; called on **all** periods after the treated unit's later ones
        are divided by the tested ratio, so that fit is equally close before and after.

    The statistic is the mean absolute residual after the start; its place among the same statistic of all
    ``n_periods`` cyclic shifts of the residuals is the p-value, so the smallest is ``1 / n_periods``.

    Source: Chernozhukov, Wuthrich & Zhu (2021) J. Am. Stat. Assoc. 116, section 2.
    """
    n_periods = len(treated)
    after = np.arange(n_periods) >= n_pre

    def p(log_ratio: float) -> float:
        undone = np.where(after, treated * np.exp(-log_ratio), treated)
        size = np.abs(undone - weigh(donors, undone) @ donors)
        round_twice = np.concatenate([[0.0], np.cumsum(np.concatenate([size, size]))])
        length = n_periods - n_pre
        blocks = round_twice[length : length + n_periods] - round_twice[:n_periods]
        return float((blocks >= blocks[n_pre] * (1 - TIE)).mean())

    return p

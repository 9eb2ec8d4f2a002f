"""How often intervals and bounds of ratios between ethnic groups hold the truth, at small counts and with ethnicity missing.

``python benchmarks/disparity.py > benchmarks/disparity.md``; under a minute. Seed fixed.
"""

import numpy as np

from vru.stats.disparity import event_bounds, event_ratio, log_ratio, share_ratio

COUNTS, MISSING = (3, 10, 30, 100), (0.0, 0.1, 0.2, 0.4)
SIZE, REFERENCE, RATIO, DRAWS = 1000.0, 20_000.0, 2.0, 4000


def _holds(found: object, truth: float) -> bool:
    low, high = getattr(found, "low"), getattr(found, "high")  # noqa: B009
    return bool((low is not None or high is not None) and (low or 0.0) <= truth <= (np.inf if high is None else high))


def heads(rng: np.random.Generator, expected: int, missing: float, tilted: bool) -> list[float]:
    """Percent held: exact interval, interval by the logarithm, bounds. tilted: the group is missing twice as often."""
    own = min(missing * (2 if tilted else 1), 0.95)
    held = np.zeros(3)
    for _ in range(DRAWS):
        a, c = rng.poisson(expected), rng.poisson(expected / RATIO / SIZE * REFERENCE)
        lost_a, lost_c = rng.binomial(a, own), rng.binomial(c, missing)
        args = (a - lost_a, SIZE, c - lost_c, REFERENCE)
        bounds = event_bounds(*args, lost_a + lost_c)
        actual = a / SIZE / (c / REFERENCE) if c else np.inf
        within = (bounds.low or 0) <= actual * (1 + 1e-9) and (
            bounds.high is None or actual <= bounds.high * (1 + 1e-9)
        )
        held += (_holds(event_ratio(*args), RATIO), _holds(log_ratio(*args), RATIO), within)
    return list(100 * held / DRAWS)


def shares(rng: np.random.Generator, n: int) -> list[float]:
    """Percent held for a share of 0.3 of n against one of 0.2 of 2,000: score interval, interval by the logarithm."""
    held = np.zeros(2)
    for _ in range(DRAWS):
        args = (rng.binomial(n, 0.3), n, rng.binomial(2000, 0.2), 2000)
        held += (_holds(share_ratio(*args), 1.5), _holds(log_ratio(*args), 1.5))
    return list(100 * held / DRAWS)


def main() -> None:
    """Print the page."""
    rng = np.random.default_rng(20)
    print("# Ratios between ethnic groups: how often the truth is held\n")
    print(
        f"`benchmarks/disparity.py`: {DRAWS:,} draws a line, true ratio 2, nominal 95%. No answer counts as not held.\n"
    )
    print(
        "| expected count | not recorded | in the group | exact interval | by the logarithm | bounds, of the full counts |"
    )
    print("|---|---|---|---|---|---|")
    for expected in COUNTS:
        for missing in MISSING:
            for tilted in (False, True) if missing else (False,):
                cells = " | ".join(f"{v:.1f}" for v in heads(rng, expected, missing, tilted))
                print(f"| {expected} | {missing:.0%} | {'twice as often' if tilted else 'the same'} | {cells} |")
    print("\nOf shares (0.3 of the group against 0.2 of 2,000):\n")
    print("| in the group | score interval | by the logarithm |")
    print("|---|---|---|")
    for n in (5, 10, 30, 100, 400):
        print(f"| {n} | {' | '.join(f'{v:.1f}' for v in shares(rng, n))} |")
    print(
        "\nThe interval of what is recorded says nothing of what is missing: where the group is missing more often it holds the "
        "truth\nless often the more rows there are. The bounds hold the ratio of the full counts always, and are wide."
    )


if __name__ == "__main__":
    main()

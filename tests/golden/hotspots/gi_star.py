"""Gi* by esda 2.9.0 and libpysal 4.14.1 (in an environment of their own), of a made grid; writes ``gi_star.csv``.

Run: python tests/golden/hotspots/gi_star.py
"""

import csv
from pathlib import Path

import numpy as np
from esda.getisord import G_Local
from libpysal.weights import DistanceBand, fill_diagonal

side, distance = 12, 1.5
x, y = np.meshgrid(np.arange(side, dtype=float), np.arange(side, dtype=float))
points = np.column_stack([x.ravel(), y.ravel()])
rng = np.random.default_rng(20)
counts = rng.poisson(np.where(np.hypot(points[:, 0] - 3, points[:, 1] - 8) < 2.5, 9.0, 2.0)).astype(float)
weights = fill_diagonal(DistanceBand(points, threshold=distance, binary=True, silence_warnings=True), 1.0)
found = G_Local(counts, weights, transform="B", permutations=0, star=True)
with (Path(__file__).parent / "gi_star.csv").open("w", newline="") as file:
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["x", "y", "count", "z"])
    for (a, b), n, z in zip(points.tolist(), counts, found.Zs, strict=True):
        table.writerow([a, b, int(n), repr(float(z))])

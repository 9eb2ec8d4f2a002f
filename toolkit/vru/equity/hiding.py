"""Which counts of a table are not shown: small ones by the profile, and those from which a small one could be worked out."""

import numpy as np

from vru.disclosure.profiles import Profile


def protect(table: np.ndarray, profile: Profile, also: np.ndarray | None = None) -> np.ndarray:
    """Bool of the table's shape, True for what is hidden.

    also : cells that are hidden for another reason. Sums of rows and columns are taken to be known: in each line that hides
    anything at least two cells are hidden, and their sum is none that the profile hides; the next smallest goes with them.
    One dimension is one line.
    Source: Hundepool et al. (2012) Statistical Disclosure Control, chapter 4.
    """
    cells = np.atleast_2d(np.asarray(table, dtype=float))
    hidden = np.vectorize(profile.hides, otypes=[bool])(cells) if cells.size else np.zeros(cells.shape, dtype=bool)
    if also is not None:
        hidden |= np.reshape(also, cells.shape)
    changed = bool(hidden.any())
    while changed:
        changed = False
        lines = [(cells[i], hidden[i]) for i in range(cells.shape[0])]
        lines += [(cells[:, j], hidden[:, j]) for j in range(cells.shape[1])] if cells.shape[0] > 1 else []
        for values, mask in lines:
            changed |= _mend(values, mask, profile)
    return hidden.reshape(np.shape(table))


def _mend(values: np.ndarray, mask: np.ndarray, profile: Profile) -> bool:
    """Hide one cell more where the line gives a small count away; True if it did."""
    if not mask.any() or mask.all():
        return False
    if mask.sum() > 1 and not profile.hides(float(values[mask].sum())):
        return False
    open_cells = np.flatnonzero(~mask)
    filled = open_cells[values[open_cells] > 0]
    pool = filled if len(filled) else open_cells
    mask[pool[np.argmin(values[pool])]] = True
    return True

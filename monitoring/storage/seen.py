"""Which exchanges of an hour were there already, in eight bytes for each of them.

A name is known by 64 bits: of ten million exchanges, two have the same ones with a chance of three in a
million.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_SMALLEST = 1 << 16


class Seen:
    """The names so far, as sorted runs of which each is at least twice as long as the next."""

    def __init__(self) -> None:
        self._runs: list[npt.NDArray[np.int64]] = []

    def new(self, names: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Of each name whether it comes for the first time."""
        if not names:
            return np.zeros(0, np.bool_)
        hashes = np.fromiter(map(hash, names), np.int64, len(names))
        distinct, first = np.unique(hashes, return_index=True)
        known = np.zeros(len(distinct), np.bool_)
        for run in self._runs:
            places = np.searchsorted(run, distinct)
            known |= run[np.minimum(places, len(run) - 1)] == distinct
        fresh = np.zeros(len(names), np.bool_)
        fresh[first[~known]] = True
        self._keep(distinct[~known])
        return fresh

    def _keep(self, run: npt.NDArray[np.int64]) -> None:
        if not len(run):
            return
        self._runs.append(run)
        while len(self._runs) > 1 and len(self._runs[-2]) < max(2 * len(self._runs[-1]), _SMALLEST):
            last, before = self._runs.pop(), self._runs.pop()
            merged = np.concatenate([before, last])
            merged.sort()
            self._runs.append(merged)

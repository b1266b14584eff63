"""Whether values agree with what their columns are taken for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ktrdr.domain.arrays import Bools, Floats

_ENOUGH = 10
"""Bars from which on it shows whether a close leads on to the next open."""


def broken_rows(values: Mapping[str, Floats]) -> Bools:
    """Return where open or close lies outside high and low; a row without values is not broken."""
    open_, high, low, close = (values[name] for name in ("open", "high", "low", "close"))
    return (high < np.fmax(open_, close)) | (low > np.fmin(open_, close))


def are_exchanged(values: Mapping[str, Floats], *, newest_first: bool) -> bool:
    """Return whether each open leads on to the next close, rather than each close to the next open."""
    open_, close = (values[name][:: -1 if newest_first else 1] for name in ("open", "close"))
    if len(open_) < _ENOUGH:
        return False
    return bool(np.nansum(np.abs(close[1:] - open_[:-1])) < np.nansum(np.abs(open_[1:] - close[:-1])))

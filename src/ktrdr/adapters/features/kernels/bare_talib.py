"""TA-Lib loaded for arrays alone.

The library looks for pandas and polars, to wrap its functions for their series, which nothing here gives it. Loading
them takes longer than all else at start-up, so that while it looks, those that nobody has loaded yet are not there.
"""

from __future__ import annotations

import sys
from importlib import import_module

_hidden = [name for name in ("pandas", "polars") if name not in sys.modules]
for _name in _hidden:
    sys.modules[_name] = None  # type: ignore[assignment]
try:
    import_module("talib")
finally:
    for _name in _hidden:
        del sys.modules[_name]

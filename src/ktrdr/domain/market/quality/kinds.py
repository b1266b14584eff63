"""Series that are not what they are taken for."""

from __future__ import annotations

import re

import numpy as np

from ktrdr.domain.market.quality.evidence import Evidence
from ktrdr.domain.market.quality.finding import Found, bar_text
from ktrdr.domain.market.timeframe import NS_PER_DAY

_NAMES = re.compile(
    r"\^?(VIX|VIX9D|VIX1D|VIX3M|VIX6M|VXST|VXV|VXMT|VVIX|VXN|RVX|VXD|OVX|GVZ|EVZ|VXEEM|VSTOXX|V2X|VDAX|MOVE)"
)
_BOUGHT = ("stock", "etf", "crypto")
_ENOUGH_BARS = 250
_RESTLESS = 0.04
_REVERTS = -2.6
_LEVELS = 5.0, 100.0


def volatility_as_stock(evidence: Evidence, _: float) -> Found | None:
    """Find a volatility index taken for something that can be bought: by name, or by moves that come back."""
    facts, bars = evidence.facts, evidence.bars
    if facts is None or facts.asset_class not in _BOUGHT:
        return None
    named = _NAMES.fullmatch(bars.symbol) is not None
    if not named and not _looks_like_volatility(evidence):
        return None
    why = "of its name" if named else "it has no volume, moves by several percent a day, and always comes back"
    sentence = f"is taken for {facts.asset_class} and looks like a volatility index, because {why}; nobody can buy it"
    return Found(len(bars), len(bars), bars.stamps[:1], sentence, bar_text(bars, 0))


def _looks_like_volatility(evidence: Evidence) -> bool:
    bars, move = evidence.bars, evidence.move
    if bars.volume.any() or len(bars) < _ENOUGH_BARS or bars.timeframe.ns != NS_PER_DAY:
        return False
    usual = float(np.median(bars.close))
    if move.std() < _RESTLESS or not _LEVELS[0] < usual < _LEVELS[1] or not np.isfinite(evidence.logs).all():
        return False
    if ((move - move.mean()) ** 3).mean() <= 0:  # fear comes at once, and goes slowly
        return False
    level, step = evidence.logs[3][:-1], move[1:]
    centred = level - level.mean()
    slope = float(centred @ step / (centred @ centred))
    noise = (step - step.mean()) - slope * centred
    error = float(np.sqrt((noise @ noise) / (len(step) - 2) / (centred @ centred)))
    return slope / error < _REVERTS

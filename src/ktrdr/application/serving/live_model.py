"""A stored model that is ready for one symbol's bars to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ktrdr.application.serving.opened import OpenedModel
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.sessions import Sessions


@dataclass(frozen=True, slots=True, eq=False)
class LiveModel:
    """What a predictor is made of.

    Attributes
    ----------
    opened : OpenedModel
    reference : str
        The model's name, for people.
    reason : str
        Why it is this model.
    instrument : SymbolCharacteristics
        The symbol that is served.
    features : tuple of Feature
        The model's resolved features.
    origins : mapping of timeframe to str
        Where the symbol's bars come from, see `MarketData`.
    sessions : Sessions or None
        The symbol's calendar, over the time to come, too.
    context : mapping of ``provider/name`` to ContextSeries
    notes : tuple of str
        What should be said aloud.
    """

    opened: OpenedModel
    reference: str
    reason: str
    instrument: SymbolCharacteristics
    features: tuple[Feature, ...]
    origins: Mapping[str, str]
    sessions: Sessions | None
    context: Mapping[str, ContextSeries] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

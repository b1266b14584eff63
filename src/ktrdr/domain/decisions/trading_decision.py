"""What a model and its strategy say on one live bar."""

from __future__ import annotations

from dataclasses import dataclass

from ktrdr.domain.arrays import Float32s, Floats
from ktrdr.domain.decisions.step import REASONS
from ktrdr.domain.market.bars import iso

OTHER_TIMEFRAME = "other_timeframe"
UNSETTLED = "unsettled"
NO_VALUE = "no_value"
NO_WINDOW = "no_window"
WAITING = (OTHER_TIMEFRAME, UNSETTLED, NO_VALUE, NO_WINDOW)
"""Why there is no decision on a bar: it makes no row; features still depend on where the bars began; a feature has no
value; fewer rows than the model reads stand before it without a break."""


@dataclass(frozen=True, slots=True, eq=False)
class TradingDecision:
    """What is done at one bar, and why.

    Attributes
    ----------
    symbol, timeframe : str
        The base timeframe, whose bars make the rows.
    known_at : int
        Moment of the bar (UTC nanoseconds).
    action : str
        ``buy``, ``sell``, or ``hold`` where nothing is done.
    position : int
        After it: -1 short, 0 flat, 1 long.
    reason : str
        One of `REASONS`, or of `WAITING` where the model was not asked.
    features : ndarray of float32, shape (n_features,), or None
        What the model read on this row, in the order of its input columns; not yet scaled.
    outputs : ndarray of float64 or None
        Probabilities, shape (n_classes,), or the prediction, shape (1,).
    signal : str or None
        What the model asks for: ``buy``, ``hold``, ``sell`` or ``none``, after threshold and edge.
    confidence : float or None
        Probability of the likeliest action; None for a regression.
    closed : bool
        Whether the bar was over, by the clock of who decided; what an unfinished one says may still change.
    """

    symbol: str
    timeframe: str
    known_at: int
    action: str
    position: int
    reason: str
    features: Float32s | None = None
    outputs: Floats | None = None
    signal: str | None = None
    confidence: float | None = None
    closed: bool = True

    @property
    def is_decided(self) -> bool:
        """Whether the model was asked."""
        return self.reason in REASONS

    @property
    def time(self) -> str:
        """The moment in ISO 8601."""
        return iso(self.known_at)

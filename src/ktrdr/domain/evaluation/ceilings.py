"""How much better than its best baseline a forecast can believably be, by what it forecasts and how far ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ktrdr.domain.catalogue.labels import Parameters, find_label
from ktrdr.domain.evaluation.losses import RowLoss
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

_NS_PER_HOUR = NS_PER_DAY // 24
_FAR = 10**9


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What is believable of a kind of target.

    Attributes
    ----------
    share : float
        Largest believable share by which the loss lies below the best baseline's, for log losses, Brier scores,
        squared errors and error rates.
    target : str
        What is forecast, in words.
    why : str
        Where the share comes from.
    """

    share: float
    target: str
    why: str

    def of(self, loss: RowLoss) -> float:
        """Return the share for a loss; of absolute errors it is what that of squared ones comes to."""
        return loss.lowered_by(self.share)


@dataclass(frozen=True, slots=True)
class _Kind:
    """`steps` are pairs of a number of bars and the share that is believable up to so many."""

    target: str
    steps: tuple[tuple[int, float], ...]
    why: str


_RETURNS = (
    "out of sample, published forecasts of returns explain about 1 % of their variance a month ahead and less a day "
    "ahead (Welch, Goyal 2008; Campbell, Thompson 2008; Gu, Kelly, Xiu 2020), and more over long spans, which overlap "
    "(Boudoukh, Richardson, Whitelaw 2008)"
)
_CLASSES = (
    "the sign of a return is about as hard to foresee as the return; its size follows volatility, which can be "
    "foreseen, and takes up the most of this share (Christoffersen, Diebold 2006)"
)
_SIDES = _Kind("a direction", ((5, 0.15), (20, 0.2), (100, 0.3), (_FAR, 0.4)), _CLASSES)
KINDS: Mapping[str, _Kind] = {
    "forward_return": _Kind("a return", ((5, 0.1), (20, 0.15), (100, 0.25), (_FAR, 0.4)), _RETURNS),
    "direction": _SIDES,
    "context": _SIDES,
    "risk_adjusted": _SIDES,
    "triple_barrier": _Kind("a barrier", _SIDES.steps, _CLASSES),
    "zigzag.lookahead": _Kind(
        "the largest move",
        ((5, 0.25), (20, 0.35), (100, 0.45), (_FAR, 0.5)),
        "whether a move is large follows volatility, which can be foreseen; on which side it lies does not "
        "(Christoffersen, Diebold 2006)",
    ),
    "zigzag.segments": _Kind(
        "the leg of a zigzag",
        ((_FAR, 0.65),),
        "a leg is confirmed long before it ends, so that much of it is known while it lasts (Merrill 1977)",
    ),
    "regime": _Kind("a regime", ((_FAR, 0.65),), "regimes last, and are known while they do (Hamilton 1989)"),
    "market_regime": _Kind("a regime", ((_FAR, 0.8),), "means of closes and volatility change slowly (Hamilton 1989)"),
    "volatility": _Kind(
        "a volatility",
        ((_FAR, 0.7),),
        "volatility clusters: forecasts explain half of its variance and more (Andersen, Bollerslev 1998; Corsi 2009)",
    ),
}
"""Every labeler: what it forecasts, and what is believable; the shares lie far above what honest forecasts reach."""
BOUNCE = Ceiling(
    0.25,
    "a return over bars of less than an hour",
    "the bounce between bid and ask makes neighbouring returns correlate by up to -0.5 (Roll 1984)",
)


def ceiling_of(source: str, parameters: Parameters, base: Timeframe) -> Ceiling:
    """Return what is believable of the labels of a source.

    Parameters
    ----------
    source : str
    parameters : mapping
        As the strategy has them; what is missing is the source's default.
    base : Timeframe
        Of the bars that are labelled.

    Raises
    ------
    InvalidInput
        If there is no such source or method.

    References
    ----------
    Welch, Goyal (2008), A comprehensive look at the empirical performance of equity premium prediction. Campbell,
    Thompson (2008), Predicting excess stock returns out of sample. Gu, Kelly, Xiu (2020), Empirical asset pricing via
    machine learning. Boudoukh, Richardson, Whitelaw (2008), The myth of long-horizon predictability. Christoffersen,
    Diebold (2006), Financial asset returns, direction-of-change forecasting, and volatility dynamics. Andersen,
    Bollerslev (1998), Answering the skeptics. Corsi (2009), A simple approximate long-memory model of realized
    volatility. Hamilton (1989), A new approach to the economic analysis of nonstationary time series. Merrill (1977),
    Filtered Waves. Roll (1984), A simple implicit measure of the effective bid-ask spread.
    """
    spec = find_label(source, parameters.get("method"))
    kind, horizon = KINDS[spec.key], spec.horizon(spec.complete(parameters))
    share = next(share for most, share in kind.steps if (horizon or _FAR) <= most)
    ahead = "" if horizon is None else f" {horizon} {'bar' if horizon == 1 else 'bars'} ahead"
    if base.ns < _NS_PER_HOUR and spec.key == "forward_return" and share < BOUNCE.share:
        return Ceiling(BOUNCE.share, f"{BOUNCE.target}{ahead}", BOUNCE.why)
    return Ceiling(share, f"{kind.target}{ahead}", kind.why)

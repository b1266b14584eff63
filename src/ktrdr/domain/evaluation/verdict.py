"""One sentence on what a model is worth, with the figures behind it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from ktrdr.domain.evaluation.detectable import Detectable
from ktrdr.domain.evaluation.significance import MIN_BLOCKS, Difference, Outcome
from ktrdr.domain.evaluation.suspicion import Carrier, Suspicion
from ktrdr.domain.market.timeframe import NS_PER_DAY

_OPENINGS = {"better": "Better than", "worse": "Worse than", "not_distinguishable": "Not distinguishable from"}
_NS_PER_HOUR = NS_PER_DAY / 24


@dataclass(frozen=True, slots=True)
class Verdict:
    """A model against the best baseline, on the test rows.

    Attributes
    ----------
    outcome : str
        ``better``, ``worse``, ``not_distinguishable`` or ``too_little_data``; ``look_for_a_leak`` where the skill is
        not believable and nothing has lifted that.
    sentence : str
        The same in words, with the figures.
    metric : str
        The loss that was compared, a mean per row (``log_loss``); smaller is better.
    baseline : str
        Name of the baseline with the smallest mean loss on the test rows, which is the hardest one to beat.
    loss, baseline_loss, difference : float
        Mean losses of both, and the model's minus the baseline's: negative is better.
    interval : tuple of float, or None
        95 % interval of the difference; None where there is too little data, or the difference does not vary.
    blocks : int
        Number of blocks of time in the test rows; blocks are about independent, rows are not.
    block_days : float
    detectable : Detectable
        The smallest difference that the test rows show four times of five.
    suspicion : Suspicion or None
        Why it is too good to be true.
    """

    outcome: Outcome
    sentence: str
    metric: str
    baseline: str
    loss: float
    baseline_loss: float
    difference: float
    interval: tuple[float, float] | None
    blocks: int
    block_days: float
    detectable: Detectable
    suspicion: Suspicion | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self) | {"interval": None if self.interval is None else list(self.interval)}

    def suspected(self, suspicion: Suspicion) -> Verdict:
        """Return the verdict of a model that is too good to be true: to look for a leak."""
        return self._under(replace(suspicion, outcome=self.outcome, sentence=self.sentence))

    def carried_by(self, carrier: Carrier | None) -> Verdict:
        """Return the verdict with the input that carries the skill; itself where nothing is suspected."""
        return self if self.suspicion is None else self._under(replace(self.suspicion, carrier=carrier))

    def noted(self, note: str) -> Verdict:
        """Return the verdict with something more to say at its end; itself where that is nothing."""
        if not note:
            return self
        if self.suspicion is None:
            return replace(self, sentence=f"{self.sentence} {note}")
        return self._under(replace(self.suspicion, sentence=f"{self.suspicion.sentence} {note}"))

    def lifted(self, audit: str) -> Verdict:
        """Return what the interval says, an audit having shown that nothing leaks; itself where nothing is suspected.

        Parameters
        ----------
        audit : str
            Which one, to be kept with the verdict.
        """
        return self if self.suspicion is None else self._under(replace(self.suspicion, lifted_by=audit))

    def _under(self, suspicion: Suspicion) -> Verdict:
        if suspicion.lifted_by is not None:
            return replace(self, suspicion=suspicion, outcome=suspicion.outcome, sentence=suspicion.sentence)
        said = f"Look for a leak: {suspicion.words()}. Before you know how that comes about, do not believe this: "
        return replace(self, suspicion=suspicion, outcome="look_for_a_leak", sentence=f"{said}{suspicion.sentence}")


def outcome(difference: Difference) -> Outcome:
    """Return what an interval says: better where it lies below 0, worse where it lies above."""
    if difference.interval is None:
        return "too_little_data"
    low, high = difference.interval
    return "better" if high < 0 else "worse" if low > 0 else "not_distinguishable"


def sentence(difference: Difference, metric: str, baseline: str, loss: float, baseline_loss: float) -> str:
    """Return the verdict in words.

    Parameters
    ----------
    difference : Difference
        Model minus baseline.
    metric, baseline : str
        Both in words (``log loss``, ``the train class shares``).
    loss, baseline_loss : float
    """
    figures = f"{metric} {loss:.4g} against {baseline_loss:.4g}"
    blocks = f"blocks of {_duration(difference.block_ns)}"
    if difference.interval is None and difference.blocks >= MIN_BLOCKS:
        return (
            f"Nothing to judge by: {figures} for {baseline}; the difference is the same on every row, and how sure it "
            "is cannot be said."
        )
    if difference.interval is None:
        return (
            f"Too few independent blocks ({difference.blocks}) to judge: {figures} for {baseline}; "
            f"a verdict takes at least {MIN_BLOCKS} {blocks}."
        )
    low, high = difference.interval
    return (
        f"{_OPENINGS[outcome(difference)]} {baseline}: {figures}, a difference of {difference.mean:+.3g} "
        f"(95 % interval {low:+.3g} to {high:+.3g}, {difference.blocks} {blocks})."
    )


def _duration(nanoseconds: int) -> str:
    hours = nanoseconds / _NS_PER_HOUR
    return f"{hours:.3g} hours" if hours < 48 else f"{hours / 24:.3g} days"

"""Too good to be true: a forecast above what is believable is taken for a leak until it is shown to be none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.evaluation.baseline import Baseline
from ktrdr.domain.evaluation.ceilings import Ceiling
from ktrdr.domain.evaluation.losses import ROW_LOSSES, RowLoss
from ktrdr.domain.evaluation.significance import Difference, Outcome, mean_difference, paired_differences
from ktrdr.domain.resolution import quotient, resolution

TENTHS = np.arange(1, 10) / 10


@dataclass(frozen=True, slots=True)
class Carrier:
    """The input that carries a skill.

    Attributes
    ----------
    feature : str
    by : str
        ``importance``: shuffling it raises the loss the most; ``association``: its tenths explain the most of the
        label's variance.
    figure : float
        The rise of the loss, or the share of variance.
    """

    feature: str
    by: str
    figure: float

    def words(self) -> str:
        """Return the same in words."""
        if self.by == "importance":
            return f"`{self.feature}` carries the most of it: shuffled, it raises the loss by {self.figure:.3g}"
        return f"`{self.feature}` says the most: its tenths explain {self.figure:.0%} of the label's variance"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Why a verdict is not to be believed yet.

    Attributes
    ----------
    loss : str
        By which it is not, in words: the one that decides the verdict, or else the one that lies farthest above what is
        believable.
    share, sure : float
        By which share of the best baseline's it is lower, and at least (lower end of the 95 % interval; the share
        itself where there is none).
    ceiling : float
        Believable share.
    target, why : str
        See `Ceiling`.
    carrier : Carrier or None
        Where it is known.
    outcome, sentence : str
        What the verdict would say, were it believed.
    lifted_by : str or None
        The audit that has shown that nothing leaks; then the verdict says it.
    """

    loss: str
    share: float
    sure: float
    ceiling: float
    target: str
    why: str
    carrier: Carrier | None = None
    outcome: Outcome = "better"
    sentence: str = ""
    lifted_by: str | None = None

    def words(self) -> str:
        """Return what is suspected, in words."""
        said = (
            f"{self.loss} is {self.share:.1%} lower than the best baseline's, and of {self.target} no more than "
            f"{self.ceiling:.0%} is believable"
        )
        return said if self.carrier is None else f"{said}; {self.carrier.words()}"


def suspicion_of(
    truth: NDArray[Any],
    outputs: Floats,
    rivals: Sequence[Baseline],
    times: tuple[Int64s, int],
    ceiling: Ceiling,
    primary: RowLoss,
) -> Suspicion | None:
    """Return what is suspected by any loss of the target's kind; None where all is believable.

    Parameters
    ----------
    truth, outputs
        See `evaluate`.
    rivals : sequence of Baseline
    times : pair of ndarray of int64, shape (n,), and int
        When the rows were known, and how long a block is; see `mean_difference`.
    ceiling : Ceiling
    primary : RowLoss
        What decides the verdict. The others are looked at too, since probabilities that are not calibrated hide a leak
        from log loss and none from the error rate.

    Notes
    -----
    What counts is the share that is sure. Without an interval the share itself must lie above the middle between the
    ceiling and 1.
    """
    found = [
        (
            loss is primary,
            sure - limit,
            Suspicion(loss.words, share, sure, ceiling.of(loss), ceiling.target, ceiling.why),
        )
        for loss, share, sure, limit in _shares(truth, outputs, rivals, times, ceiling, primary)
        if sure > limit
    ]
    return max(found, key=lambda item: item[:2])[2] if found else None


def _shares(
    truth: NDArray[Any],
    outputs: Floats,
    rivals: Sequence[Baseline],
    times: tuple[Int64s, int],
    ceiling: Ceiling,
    primary: RowLoss,
) -> Iterator[tuple[RowLoss, float, float, float]]:
    """Yield each loss that lies lower than is believable, with what `sure_share` says of it."""
    kind = "regression" if rivals[0].choices is None else "classification"
    for loss in (loss for loss in ROW_LOSSES.values() if loss.kind == kind and (loss is primary or not loss.sizes)):
        known = [losses for rival in rivals if (losses := rival.losses(loss, truth)) is not None]
        best, own = min(known, key=lambda losses: float(losses.mean())), loss.rows(truth, outputs)
        if best.mean() - own.mean() <= ceiling.of(loss) * best.mean():
            continue  # an interval would take its time and change nothing
        difference = mean_difference(paired_differences(own, best), *times, np.random.default_rng(0))
        sure = sure_share(difference, float(best.mean()), ceiling.of(loss))
        if sure is not None:
            yield loss, *sure


def sure_share(difference: Difference, baseline_loss: float, ceiling: float) -> tuple[float, float, float] | None:
    """Return by which share a loss is lower, by which at least, and from where on that is not believable.

    None where the baseline makes no loss.
    """
    share = quotient(-difference.mean, baseline_loss, 0.0)
    if share is None:
        return None
    if difference.interval is None:
        return share, share, (1.0 + ceiling) / 2.0
    return share, -difference.interval[1] / baseline_loss, ceiling


def carrier_of(
    importance: Mapping[str, Any], names: Sequence[str], inputs: Float32s, labels: NDArray[Any], n_classes: int
) -> Carrier | None:
    """Return the input that carries a skill: by permutation importance, else the one most associated with the label.

    Parameters
    ----------
    importance : mapping
        As `ImportanceResult.as_dict` has it; anything without ``features`` counts as not measured.
    names : sequence of str, length n_features
    inputs : ndarray of float32, shape (n, n_features)
        Test rows.
    labels : ndarray, shape (n,)
    n_classes : int
        0 for regression.

    Returns
    -------
    Carrier or None
        None where no input says anything.
    """
    measured = importance.get("features", ())
    top = max(measured, key=lambda feature: feature["mean"], default=None)
    if top is not None and top["mean"] > 0:
        return Carrier(top["id"], "importance", float(top["mean"]))
    outcomes = np.eye(n_classes)[labels.astype(np.int64)] if n_classes else labels.astype(np.float64)[:, None]
    explained = [association(inputs[:, place].astype(np.float64), outcomes) for place in range(len(names))]
    place = int(np.argmax(explained)) if explained else 0
    return Carrier(names[place], "association", explained[place]) if explained and explained[place] > 0 else None


def association(values: Floats, outcomes: Floats) -> float:
    """Return the share of the outcomes' variance that lies between the tenths of a column, 0 to 1.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
    outcomes : ndarray of float64, shape (n, k)
        Numbers, or one column a class.

    References
    ----------
    Pearson (1905), On the general theory of skew correlation (correlation ratio, for numbers). Goodman, Kruskal
    (1954), Measures of association for cross classifications (tau, for classes).
    """
    edges = np.unique(np.quantile(values, TENTHS))
    tenths = np.searchsorted(edges, values, side="right")
    counts = np.bincount(tenths, minlength=len(edges) + 1)
    centred = outcomes - outcomes.mean(axis=0)
    sums = np.stack([np.bincount(tenths, weights=column, minlength=len(counts)) for column in centred.T])
    between = float((sums**2 / np.maximum(counts, 1)).sum())
    least = len(values) * resolution(outcomes) ** 2
    return (quotient(between, float((centred**2).sum()), least) or 0.0) if between > least else 0.0

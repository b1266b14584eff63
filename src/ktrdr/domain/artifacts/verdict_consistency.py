"""Whether a verdict, its suspicion and its diagnosis say what the figures beside them say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isclose
from typing import Any

from ktrdr.domain.artifacts.artifact import METRICS
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.evaluation.ceilings import ceiling_of
from ktrdr.domain.evaluation.losses import ROW_LOSSES, RowLoss
from ktrdr.domain.evaluation.significance import MIN_BLOCKS, Difference
from ktrdr.domain.evaluation.suspicion import sure_share
from ktrdr.domain.evaluation.verdict import outcome
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse

Report = Mapping[str, Any]
LEAK = "look_for_a_leak"
_OPENINGS = {
    "better": ("Better than ",),
    "worse": ("Worse than ",),
    "not_distinguishable": ("Not distinguishable from ",),
    "too_little_data": ("Too few ", "Nothing to judge by"),
    LEAK: ("Look for a leak",),
}
"""How the sentence of each outcome begins."""
_MARGIN = 0.25
"""Of an interval's width: the resamples that a suspicion rests on are not those of the verdict."""


def verdict_problems(manifest: Manifest, report: Report) -> Iterator[str]:
    """Yield a sentence for each contradiction between a verdict, the metrics, the baselines and the strategy."""
    yield from _figures(report)
    yield from _words(report["verdict"])
    verdict = report["verdict"]
    yield from _beside(manifest, report)
    if "detectable" not in verdict and "suspicion" not in verdict:
        return  # of a version before there were any
    yield from _detectable(report, manifest.target["kind"])
    if verdict["suspicion"] is not None:
        yield from _suspicion(report, verdict["suspicion"])
    elif any(_unbelievable(manifest, report)):
        yield f"{METRICS}: the skill lies above what is believable of its labels, and no leak is suspected"


def _beside(manifest: Manifest, report: Report) -> Iterator[str]:
    """Ask for the verdict by another loss where there are metrics of one, and that it is about these."""
    if not Target.from_dict(manifest.target).is_volatility or "qlike" not in report["metrics"]:
        if "beside" in report:
            yield f"{METRICS}: there is a verdict by another loss, and no metric of one"
        return
    verdict, other = report["beside"], "mse" if report["primary"] == "qlike" else "qlike"
    if verdict["metric"] != other:
        yield f"{METRICS}: the verdict beside is by another loss than {other}"
        return
    yield from _figures({**report, "verdict": verdict, "primary": other})
    yield from _words(verdict)


def diagnosis_problems(report: Report) -> Iterator[str]:
    """Yield what a diagnosis leaves out: a leak that is suspected, or else how training ended."""
    if "diagnosis" not in report and "detectable" not in report["verdict"]:
        return
    topics = [found["topic"] for found in report["diagnosis"]]
    if not {"stopping", "leak"} & set(topics):
        yield f"{METRICS}: the diagnosis does not say how training ended"
    if ("leak" in topics) != (report["verdict"].get("suspicion") is not None):
        yield f"{METRICS}: diagnosis and verdict do not both suspect a leak"


def _figures(report: Report) -> Iterator[str]:
    """Ask that the verdict is about the metrics, and against the hardest baseline."""
    verdict, metrics, loss = report["verdict"], report["metrics"], ROW_LOSSES[report["primary"]]
    own, theirs, difference = verdict["loss"], verdict["baseline_loss"], verdict["difference"]
    expected = 1.0 - metrics["accuracy"] if loss.name == "error_rate" else metrics[loss.metric]
    if verdict["metric"] != loss.name or not close(own, expected):
        yield f"{METRICS}: the verdict's loss is not the {loss.words} of the metrics"
    if loss.name != "error_rate":  # a baseline's accuracy may be that of another choice than its probabilities
        known = _baselines(report, loss)
        if not close(known[verdict["baseline"]], theirs) or not close(min(known.values()), theirs):
            yield f"{METRICS}: the verdict's baseline is not the best of the baselines"
    slack = 1e-9 * max(abs(own), abs(theirs))
    if not isclose(difference, own - theirs, rel_tol=1e-6, abs_tol=slack):
        yield f"{METRICS}: the verdict's difference is not that of its losses"
    low, high = verdict["interval"] or (difference, difference)
    if not low - slack <= difference <= high + slack:
        yield f"{METRICS}: the verdict's interval does not hold its difference"
    if verdict["interval"] is not None and verdict.get("blocks", MIN_BLOCKS) < MIN_BLOCKS:
        yield f"{METRICS}: the verdict has an interval from {verdict['blocks']} blocks"


def _words(verdict: Report) -> Iterator[str]:
    """Ask that outcome and sentence are those of the interval, or of a suspicion, which nothing lifts yet."""
    said, suspicion, found = _said(verdict), verdict.get("suspicion"), verdict["outcome"]
    if found not in _OPENINGS:
        yield f"{METRICS}: the verdict {str(found)[:40]!r} is none of {', '.join(_OPENINGS)}"
    elif suspicion is None and found != said:
        yield f"{METRICS}: the verdict is {found}, its interval says {said}"
    elif suspicion is not None and found != LEAK:
        yield f"{METRICS}: the verdict is {found}, its suspicion says {LEAK}"
    sentence = verdict["sentence"]
    if not sentence.startswith(_OPENINGS[said if suspicion is None else LEAK]):
        yield f"{METRICS}: the verdict's sentence says something else than its interval"
    if " against " in sentence and any(f"{verdict[name]:.4g}" not in sentence for name in ("loss", "baseline_loss")):
        yield f"{METRICS}: the verdict's sentence names other losses than it has"


def _said(verdict: Report) -> str:
    interval = None if verdict["interval"] is None else tuple(verdict["interval"])
    return outcome(Difference(verdict["difference"], interval, MIN_BLOCKS, 0))


def _detectable(report: Report, kind: str) -> Iterator[str]:
    """Ask for the smallest difference that shows, of the rows that were judged, where there is an interval."""
    verdict, rows = report["verdict"], report["rows"]
    found, interval = verdict.get("detectable"), verdict["interval"]
    if not isinstance(found, dict):
        yield f"{METRICS}: the verdict does not say what is detectable"
        return
    if found["rows"] != rows or not 1 <= found["independent"] <= rows:
        yield f"{METRICS}: detectable is about other rows"
    if kind != "classification":
        return
    least = found["difference"]
    if (least is not None) != (interval is not None and interval[0] < interval[1]):
        yield f"{METRICS}: detectable.difference and the verdict's interval are not there together"
    elif (
        least is not None and found["share"] is not None and not close(found["share"] * verdict["baseline_loss"], least)
    ):
        yield f"{METRICS}: detectable.share is not that of its difference"


def _suspicion(report: Report, found: Report) -> Iterator[str]:
    """Ask that a suspicion is about the losses, says what its interval says, and that nothing has lifted it."""
    verdict = report["verdict"]
    if found["lifted_by"] is not None:
        yield f"{METRICS}: the suspicion is lifted by {str(found['lifted_by'])[:40]!r}; there are no audits yet"
    if found["outcome"] != _said(verdict) or not verdict["sentence"].endswith(found["sentence"]):
        yield f"{METRICS}: the suspicion keeps another outcome or sentence than that of its interval"
    loss = next(loss for loss in ROW_LOSSES.values() if loss.words == found["loss"])
    own, best = _losses(report, loss)
    if best is not None and not isclose(found["share"] * best, best - own, rel_tol=1e-6):
        yield f"{METRICS}: the suspicion's share is not that of its losses"
    if not found["ceiling"] < found["sure"] <= found["share"] + 1e-9:
        yield f"{METRICS}: the suspicion's shares do not lie above its ceiling"


def _unbelievable(manifest: Manifest, report: Report) -> Iterator[bool]:
    """Yield for each loss whose certainty the files hold whether it lies lower than is believable."""
    strategy, verdict = parse(manifest.strategy, where="strategy"), report["verdict"]
    base = Timeframe(strategy.training_data.timeframes.base)
    ceiling = ceiling_of(strategy.labels.source, strategy.labels.parameters, base)
    for loss in ROW_LOSSES.values():
        decides = loss.metric == report["primary"]
        looked_at = loss.kind == manifest.target["kind"] and (decides or not loss.sizes)
        own, best = _losses(report, loss) if looked_at else (0.0, None)
        if best is None or not (decides or verdict["blocks"] < MIN_BLOCKS):
            continue
        interval = tuple(verdict["interval"]) if decides and verdict["interval"] else None
        found = sure_share(Difference(own - best, interval, verdict["blocks"], 0), best, ceiling.of(loss))
        margin = 1e-6 if interval is None or not best else _MARGIN * (interval[1] - interval[0]) / best
        yield found is not None and found[1] - margin > found[2]


def _losses(report: Report, loss: RowLoss) -> tuple[float, float | None]:
    """Return the model's loss and that of its best baseline; None where the files do not say it."""
    if loss.metric == report["primary"]:
        return report["verdict"]["loss"], report["verdict"]["baseline_loss"]
    if loss.name == "error_rate":
        return 1.0 - report["metrics"]["accuracy"], None
    return report["metrics"][loss.metric], min(_baselines(report, loss).values(), default=None)


def _baselines(report: Report, loss: RowLoss) -> dict[str, float]:
    found = {name: scores[loss.metric] for name, scores in report["baselines"].items()}
    return {name: value for name, value in found.items() if value is not None}


def close(one: float, other: float) -> bool:
    """Return whether two figures are one, but for roundings."""
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)

"""What ``ktrdr explain decision`` and ``ktrdr explain global`` print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ktrdr.domain.evaluation.explaining.lime import GOOD_AGREEMENT, GOOD_FIT
from ktrdr.domain.evaluation.explaining.stability import ranks_in_words
from ktrdr.domain.market.bars import iso
from ktrdr.entrypoints.cli.render import section, table

if TYPE_CHECKING:
    from ktrdr.application.use_cases.explain_decision import ExplainedDecision
    from ktrdr.application.use_cases.explain_global import GlobalExplanation

_METHODS = {
    "tree_shap": "exactly, path by path through the trees",
    "linear": "exactly",
    "integrated_gradients": "integrated gradients from the mean of what is usual",
    "shapley_sampling": "drawn Shapley values",
}


def decision_text(found: ExplainedDecision, top: int) -> str:
    """Return signal, probabilities, contributions by group and by input, words and rules."""
    version = f"_v{found.manifest.version}" if found.manifest.version else ""
    head = f"{found.manifest.model_name}{version} on {found.symbol}, bar {iso(found.stamps[-1])}"
    parts = [head, _said(found), _contributions(found, top)]
    if found.inputs:
        parts.append(_inputs(found, top))
    if found.words:
        parts.append(section("in words", [(word,) for word in found.words]))
        fired = [(rule.text, f"agreement on test rows {_share(rule.test.agreement)}") for rule in found.fired]
        parts.append(section("rules that fire here", fired))
    if found.local is not None:
        parts.append(_local(found, top))
    return "\n\n".join(parts)


def global_text(found: GlobalExplanation, path: str | None) -> str:
    """Return importance by group, and how far what the model says moves with each input."""
    manifest = found.manifest
    head = (
        f"{manifest.model_name}_v{manifest.version}: {found.rows:,} of {found.of_rows:,} validation rows, "
        f"{iso(found.first)} to {iso(found.last)}"
    )
    parts = [head, _importance(found)]
    if found.dependences:
        parts.append(_dependences(found))
    return "\n\n".join([*parts, *([] if path is None else [f"drawn: {path}"])])


def _importance(found: GlobalExplanation) -> str:
    ranks, mean, errors = ranks_in_words(found.ranks), found.importance.mean, found.importance.errors
    rows = []
    for group in found.order:
        row = [found.groups.names[group], ranks[group], f"{mean[group]:+.5f}", f"{errors[group]:.5f}"]
        if found.dropped is not None:
            row += [f"{found.dropped.mean[group]:+.5f}", f"{found.dropped.errors[group]:.5f}"]
        rows.append(row)
    header = ["group", "rank", "shuffled", "error", *(["left out", "error"] if found.dropped is not None else [])]
    said = f"by how much the {found.loss} rises from {found.importance.loss:.5f} where a group is shuffled"
    if found.dropped is None:
        said += "; --drop-column says what a refit without it loses"
    else:
        said += f", and from {found.dropped.loss:.5f} where the model is refitted without it"
    return f"{said}\n{table(header, rows)}"


def _dependences(found: GlobalExplanation) -> str:
    rows = []
    for one in found.dependences:
        reach = one.mean.max(axis=0) - one.mean.min(axis=0)
        place = int(reach.argmax())
        line = one.mean[:, place]
        moves = f"{line[0]:.4g} to {line[-1]:.4g}"
        rows.append((one.input.name, found.outputs[place], moves, f"{reach[place]:.4g}", f"{one.outside:.1%}"))
    header = ["input", "what moves most", "lowest to highest", "reach", "outside what was seen"]
    return f"partial dependence, all else as it is\n{table(header, rows)}"


def _said(found: ExplainedDecision) -> str:
    outputs = found.outputs[-1]
    named = zip(found.target.classes, outputs, strict=True) if found.target.is_classification else ()
    said = [(name, f"{value:.4f}") for name, value in named] or [("prediction", f"{outputs:.6g}")]
    reason = f" ({found.decision.reason})" if found.decision.reason else ""
    return section(f"signal {found.signal}, decision {found.decision.action}{reason}", said)


def _contributions(found: ExplainedDecision, top: int) -> str:
    explained, ranks = found.explained, ranks_in_words(found.ranks)
    order = np.argsort(-np.abs(explained.values[-1]), kind="stable")
    errors = None if explained.errors is None else explained.errors[-1]
    rows = [("start", "", f"{explained.base[-1]:+.4f}", *([""] if errors is not None else []))]
    for group in order[:top]:
        spread = [] if errors is None else [f"{errors[group]:.4f}"]
        rows.append((explained.groups[group], ranks[group], f"{explained.values[-1, group]:+.4f}", *spread))
    left = order[top:]
    if len(left):
        rest = f"{explained.values[-1, left].sum():+.4f}"
        rows.append((f"{len(left)} others", "", rest, *([""] if errors is not None else [])))
    header = ["group", "rank", "adds", *([] if errors is None else ["error"])]
    sums = f"adds up to {explained.sums[-1]:.4f}, the model says {explained.outputs[-1]:.4f}"
    what = f"{explained.unit} of {found.about}" if explained.classes is not None else f"prediction, {found.about}"
    return f"{what}: {_METHODS.get(explained.method, explained.method)}\n{table(header, rows)}\n{sums}"


def _inputs(found: ExplainedDecision, top: int) -> str:
    assert found.explained.features is not None
    added = found.explained.features[-1]
    order = np.argsort(-np.abs(added), kind="stable")[:top]
    rows = [(found.inputs[place].text, f"{found.values[-1, place]:.4f}", f"{added[place]:+.4f}") for place in order]
    return table(["input", "value", "adds"], rows)


def _local(found: ExplainedDecision, top: int) -> str:
    local = found.local
    assert local is not None
    slope = local.slope
    rows = [
        (found.local_inputs[place].text, f"{slope[place]:+.4f}")
        for place in np.argsort(-np.abs(slope), kind="stable")[:top]
    ]
    said = f"R2 {local.fit.mean():.2f}, five largest in common {local.in_common:.0%} between {len(local.fit)} seeds"
    if local.unstable:
        said += f"; unstable (below {GOOD_FIT:g} or {GOOD_AGREEMENT:.0%}): not to be trusted, and not ranked"
    return f"near this bar, a straight line (LIME): {said}\n{table(['input', 'per standard deviation'], rows)}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"

"""The page of a model as a whole: bars of importance, and lines of dependence."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from ktrdr.adapters.report.sections import Chart, Section, render_sections
from ktrdr.adapters.report.svg import (
    Floats,
    below,
    boxes,
    curve,
    drawing,
    level_lines,
    line,
    linear,
    padded,
    ticks,
    words,
)
from ktrdr.application.use_cases.explain_global import GlobalExplanation
from ktrdr.domain.evaluation.explaining.dependence import Dependence
from ktrdr.domain.evaluation.explaining.stability import ERRORS, ranks_in_words
from ktrdr.domain.market.bars import iso

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 960.0, 260.0, 64.0, 14.0, 12.0, 34.0
_LANE, _NAMES, _ICE, _TONES = 26.0, 260.0, 30, 6


def explanation_page(found: GlobalExplanation) -> bytes:
    """Return importance by group, and partial dependence with single lines of the inputs that count the most."""
    manifest = found.manifest
    facts = [
        f"{found.rows:,} of {found.of_rows:,} validation rows",
        f"{iso(found.first)} to {iso(found.last)}",
        "test rows were not looked at",
    ]
    sections = [_importance(found), *(_dependence(found, one) for one in found.dependences)]
    title = f"{manifest.model_name}_v{manifest.version}"
    return render_sections("ktrdr explain", title, facts, found.notes, sections)


def _importance(found: GlobalExplanation) -> Section:
    ranks, mean, errors, dropped = (
        ranks_in_words(found.ranks),
        found.importance.mean,
        found.importance.errors,
        found.dropped,
    )
    rows = []
    for group in found.order.tolist():
        row = [found.groups.names[group], ranks[group], f"{mean[group]:+.5f}", f"{errors[group]:.5f}"]
        if dropped is not None:
            row += [f"{dropped.mean[group]:+.5f}", f"{dropped.errors[group]:.5f}"]
        rows.append((*row, ", ".join(found.members[group])))
    header = [
        "group",
        "rank",
        "shuffled",
        "error",
        *(["left out", "its error"] if dropped is not None else []),
        "inputs",
    ]
    sentences = [
        f"By how much the {found.loss} rises, from {found.importance.loss:.5f}, where a group comes from another row.",
        "Indicators with inputs that are correlated above 0.9 stand in one group.",
        "Ranks that the rows cannot tell apart are given as a range; - may be any.",
    ]
    if dropped is None:
        sentences.append("No refit without a group was asked for (--drop-column).")
    else:
        fits = len(found.groups.names) + 1
        sentences.append(
            f"Left out: by how much a refit without the group is worse, from {dropped.loss:.5f}; {fits} fits."
        )
    chart = Chart(_bars(found), f"Rise of the {found.loss}, with {ERRORS:g} standard errors.")
    return Section("What it leans on", [chart], sentences, header, rows, ("rank", "inputs"))


def _bars(found: GlobalExplanation) -> Markup:
    mean, reach = found.importance.mean, ERRORS * found.importance.errors
    low, high = padded(min(0.0, float((mean - reach).min())), max(0.0, float((mean + reach).max())))
    height = _TOP + _LANE * len(mean) + _BOTTOM
    x = linear(low, high, _NAMES, _WIDTH - _RIGHT)
    parts = [line("tick", (x(0.0), _TOP), (x(0.0), height - _BOTTOM))]
    for lane, group in enumerate(found.order.tolist()):
        middle = _TOP + _LANE * (lane + 0.5)
        left, right = sorted((x(0.0), x(float(mean[group]))))
        parts.append(boxes("histogram", [(left, right, middle - 7, middle + 7)]))
        ends = x(float(mean[group] - reach[group])), x(float(mean[group] + reach[group]))
        parts.append(line("interval", (ends[0], middle), (ends[1], middle)))
        parts.append(words(_NAMES - 10, middle + 4, "end", _short(found.groups.names[group])))
    parts.append(below([(x(at), f"{at:.4g}") for at in ticks(low, high, 6)], height - _BOTTOM))
    return drawing("Importance of groups", _WIDTH, height, parts)


def _dependence(found: GlobalExplanation, one: Dependence) -> Section:
    reach = one.mean.max(axis=0) - one.mean.min(axis=0)
    place = int(reach.argmax())
    legend = [(name, tone % _TONES) for tone, name in enumerate(found.outputs)]
    unit = "Probability" if found.target.is_classification else f"Prediction ({found.target.unit})"
    average = _lines(one, [(one.mean[:, tone], f"tone c{tone % _TONES}") for tone in range(one.mean.shape[1])])
    some = np.linspace(0, one.lines.shape[1] - 1, min(_ICE, one.lines.shape[1])).round().astype(np.int64)
    single = [(one.lines[:, sample, place], "range") for sample in np.unique(some).tolist()]
    single.append((one.mean[:, place], f"tone c{place % _TONES}"))
    each = f"{len(single) - 1} single rows, and their mean: {found.outputs[place]}."
    sentence = (
        f"{one.outside:.1%} of the rows so made lie outside what was seen: farther from every row than 95 % of the "
        "rows lie from their nearest."
    )
    charts = [
        Chart(average, f"{unit}, on average over the rows, with the input put to each value.", legend),
        Chart(_lines(one, single), each),
    ]
    return Section(one.input.name, charts, [sentence])


def _lines(one: Dependence, lines: list[tuple[Floats, str]]) -> Markup:
    every = np.concatenate([values for values, _ in lines])
    low, high = padded(float(every.min()), float(every.max()))
    first, last = (0.0, len(one.input.terms) - 1.0) if one.input.terms else (one.places[0], one.places[-1])
    x, y = linear(first, last, _LEFT + 20, _WIDTH - _RIGHT - 20), linear(low, high, _HEIGHT - _BOTTOM, _TOP)
    parts = [level_lines(ticks(low, high, 4), y, _LEFT, _WIDTH - _RIGHT)]
    parts += [curve(kind, x(one.places), y(values)) for values, kind in lines]
    named = [(float(place), term) for place, term in enumerate(one.input.terms)]
    marks = named or [(at, f"{at:.6g}") for at in ticks(first, last, 8)]
    parts.append(line("tick", (_LEFT, _HEIGHT - _BOTTOM), (_WIDTH - _RIGHT, _HEIGHT - _BOTTOM)))
    parts.append(below([(x(at), text) for at, text in marks], _HEIGHT - _BOTTOM))
    return drawing(f"Dependence on {one.input.name}", _WIDTH, _HEIGHT, parts)


def _short(name: str) -> str:
    return name if len(name) <= 34 else f"{name[:33]}…"

"""Pages of charts: an indicator, the fuzzy sets of a strategy, its labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from ktrdr.adapters.report.panels import Band, Line, panel, price_chart
from ktrdr.adapters.report.sections import Chart, Section, render_sections
from ktrdr.adapters.report.set_chart import marked_range, set_chart
from ktrdr.adapters.report.svg import Floats
from ktrdr.application.use_cases.plot_indicator import IndicatorPlot
from ktrdr.application.use_cases.plot_sets import SetPlot, SetPlots
from ktrdr.application.use_cases.show_labels import LabelView
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.memberships import membership_degrees
from ktrdr.domain.labels.signs import as_classes
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.strategy.document import FuzzySet

_TONES = 6
_MOVES = (4, 3, 0, 2, 5, 1)  # colours of lines, the strongest first
_CLASS_TONES = 6


def indicator_page(plot: IndicatorPlot) -> bytes:
    """Return the price, the indicator's outputs below it, and what a strategy's sets make of them."""
    bars, spec = plot.bars, plot.spec
    lines = {name or spec.name: _line(values, place) for place, (name, values) in enumerate(plot.outputs.items())}
    in_price = [line for line in lines.values() if spec.scale == "price" and _lies_in(line.values, bars)]
    legend = [(name, line.tone) for name, line in lines.items()]
    where = f"{bars.symbol} {bars.timeframe}"
    price = price_chart(f"Price of {where}", bars, in_price)
    caption = "Closes in the range from low to high." + (
        " The outputs in price units lie over them." if in_price else ""
    )
    sections = [Section("Price", [Chart(price, caption, legend if in_price else [])])]
    groups = {name: _sets_of(plot, name) for name in plot.outputs}
    bands = [
        Band(f"{item.name}", *marked_range(item), tone % _TONES)
        for sets in groups.values()
        for fuzzy_set in sets.values()
        for tone, item in enumerate(fuzzy_set.memberships)
    ]
    marked = " Bands are where a membership is 0.5 or more." if bands else ""
    below = panel(f"{spec.name} on {where}", bars, list(lines.values()), bands)
    sections.append(Section(spec.name, [Chart(below, f"{spec.description}{marked}", legend)]))
    for output, sets in groups.items():
        sections += [_set_section(name, item, plot.outputs[output], bars) for name, item in sets.items()]
    parameters = [f"{name} {value}" for name, value in plot.parameters.items()]
    facts = [where, *parameters, f"{len(bars):,} bars", f"{iso(bars.stamps[0])} to {iso(bars.stamps[-1])}"]
    return render_sections("ktrdr indicator", spec.name, facts, plot.notes, sections)


def sets_page(found: SetPlots) -> bytes:
    """Return every fuzzy set over the histogram of its indicator's values."""
    facts = [found.symbol, f"{iso(found.first)} to {iso(found.last)}"]
    sections = [_use_section(plot) for plot in found.plots]
    return render_sections("ktrdr fuzzy sets", found.strategy.name, facts, found.notes, sections)


def labels_page(view: LabelView, newest: int) -> bytes:
    """Return the price of the newest bars, coloured by label, and the figures of all labels."""
    rows = slice(max(len(view.bars) - newest, 0), None)
    bars, classes = view.bars.take(rows), as_classes(view.labels)
    numbers = np.where(classes.defined, classes.values, -1).astype(np.int64)[rows]
    names = classes.target.classes
    legend = [(name, place % _CLASS_TONES) for place, name in enumerate(names)]
    where = f"{bars.symbol} {bars.timeframe}"
    numbers = np.where(numbers < 0, -1, numbers % _CLASS_TONES)
    drawing = price_chart(f"Price of {where}, coloured by label", bars, classes=numbers)
    charts = [Chart(drawing, "Colour: the label of the bar; none: no label.", legend)]
    if not view.labels.target.is_classification:
        target = np.where(view.labels.defined, view.labels.values, np.nan).astype(np.float64)[rows]
        charts.append(
            Chart(panel(f"Target on {where}", bars, [Line(target, 4)]), f"The target ({view.labels.target.unit}).")
        )
    table = [(name, f"{view.shares[name]:.1%}", f"{view.mean_runs[name]:.1f}") for name in names]
    source = view.strategy.labels
    facts = [where, source.source, f"newest {len(bars):,} of {len(view.bars):,} bars"]
    section = Section("Labels", charts, view.balance.sentences(), ("label", "share", "mean run, bars"), table)
    return render_sections("ktrdr labels", view.strategy.name, facts, view.notes, [section])


def _line(values: Any, place: int) -> Line:
    return Line(np.asarray(values, dtype=np.float64), _MOVES[place % len(_MOVES)])


def _lies_in(values: Floats, bars: Bars) -> bool:
    """Return whether most of the values lie where the prices do."""
    inside = (values >= bars.low.min() * 0.9) & (values <= bars.high.max() * 1.1)
    return bool(inside.sum() > 0.5 * np.isfinite(values).sum() > 0)


def _sets_of(plot: IndicatorPlot, output: str) -> dict[str, FuzzySet]:
    return {name: item for name, item in plot.sets.items() if item.reference.output == output}


def _set_section(name: str, fuzzy_set: FuzzySet, values: Any, bars: Bars) -> Section:
    known = np.asarray(values, dtype=np.float64)
    lines = [
        Line(membership_degrees(Membership(item.type, item.parameters), known), tone % _TONES)
        for tone, item in enumerate(fuzzy_set.memberships)
    ]
    legend = _legend(fuzzy_set)
    title = f"Fuzzy set {name} over {fuzzy_set.reference.text}"
    over = set_chart(title, fuzzy_set.memberships, known[np.isfinite(known)].astype(np.float32))
    return Section(
        title,
        [
            Chart(over, "Memberships over the histogram of the values on these bars.", legend),
            Chart(panel(f"Degrees of {name}", bars, lines), "Degrees, bar by bar.", legend),
        ],
    )


def _use_section(plot: SetPlot) -> Section:
    title = f"{plot.name} on {plot.timeframe}, over {plot.fuzzy_set.reference.text}"
    drawing = set_chart(title, plot.fuzzy_set.memberships, plot.values)
    caption = f"Memberships over the histogram of {plot.use.rows:,} rows; the outer 0.1 % are drawn at the edge."
    rows = [
        (item.name, item.type, f"{item.mean:.3f}", f"{item.highest:.3f}", f"{item.strongest:.1%}")
        for item in plot.use.memberships
    ]
    header = ("membership", "type", "mean degree", "highest", "strongest on")
    return Section(title, [Chart(drawing, caption, _legend(plot.fuzzy_set))], plot.sentences(), header, rows)


def _legend(fuzzy_set: FuzzySet) -> list[tuple[str, int]]:
    return [(item.name, tone % _TONES) for tone, item in enumerate(fuzzy_set.memberships)]

"""The page of a data check: how whole each month is, and where on the price something is odd."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ktrdr.adapters.report.sections import Chart, Section, render_sections
from ktrdr.adapters.report.svg import (
    Scale,
    below,
    boxes,
    curve,
    drawing,
    level_lines,
    linear,
    padded,
    ticks,
    time_ticks,
    words,
)
from ktrdr.application.use_cases.check_data import CheckedSeries, QualityReport, Sketch
from ktrdr.domain.market.quality.finding import Finding

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 960.0, 110.0, 14.0, 12.0, 30.0, 200.0
_ROW = 16.0
_LEVELS = ((1.0, "all", 0), (0.95, "95 % and more", 4), (0.5, "half and more", 3), (0.0, "less than half", 2))
_TONES = {"error": 2, "warning": 3, "info": 1}
_MARKED_AT_MOST, _HALF = 100, 3.0
_WORDY = ("verdict", "findings", "severity", "what to do", "example")
_HEADER = ("rule", "severity", "how many", "what to do", "example")


def quality_page(report: QualityReport) -> bytes:
    """Return the page of a check: a heat map of all series, then each series in which something was found."""
    drawn = [one for one in report.series if one.sketch is not None]
    worst = [one for one in report.series if one.findings or one.problem]
    facts = [
        f"{len(report.series)} series",
        f"{len(worst)} with findings",
        "refused" if report.refused else "not refused",
    ]
    sections = [Section("Coverage by month", [_heat_map(drawn)] if drawn else [], *_summary(report), _WORDY)]
    sections += [_series_section(one) for one in worst]
    if report.together:
        sections.append(
            _section("Symbols together", [], [finding.said for finding in report.together], report.together)
        )
    return render_sections("ktrdr data check", "Data quality", facts, [], sections)


def _summary(report: QualityReport) -> tuple[Sequence[str], Sequence[str], Sequence[Sequence[str]]]:
    rows = [
        (_name(one), f"{one.info.rows:,}", one.verdict, ", ".join(finding.rule for finding in one.findings))
        for one in report.series
    ]
    return (), ("series", "bars", "verdict", "findings"), rows


def _name(one: CheckedSeries) -> str:
    return f"{one.info.symbol} {one.info.timeframe}"


def _heat_map(series: Sequence[CheckedSeries]) -> Chart:
    sketches = [one.sketch for one in series if one.sketch is not None]
    first, last = min(int(item.months[0]) for item in sketches), max(int(item.months[-1]) for item in sketches)
    x = linear(first, last + 1, _LEFT, _WIDTH - _RIGHT)
    base = _TOP + _ROW * len(sketches)
    parts = [words(_LEFT - 8, _TOP + _ROW * row + 12, "end", _name(one)) for row, one in enumerate(series)]
    for place, (least, _, tone) in enumerate(_LEVELS):
        most = _LEVELS[place - 1][0] if place else np.inf
        cells = [
            (float(x(month)), float(x(month + 1)), _TOP + _ROW * row + 1, _TOP + _ROW * (row + 1) - 1)
            for row, item in enumerate(sketches)
            for month in item.months[(item.coverage >= least) & (item.coverage < most)].tolist()
        ]
        parts.append(boxes(f"mark c{tone}", cells))
    years = range(-(-first // 12), last // 12 + 1)
    step = -(-len(years) // 12) or 1
    parts.append(below([(x(year * 12), str(1970 + year)) for year in years[::step]], base))
    caption = "A row is a series, a column a month; white is before its first bar or after its last."
    legend = [(name, tone) for _, name, tone in _LEVELS]
    return Chart(drawing("Coverage by month", _WIDTH, base + _BOTTOM, parts), caption, legend)


def _series_section(one: CheckedSeries) -> Section:
    title = f"{_name(one)}: {one.verdict}"
    sentences = [one.problem] if one.problem else [finding.sentence for finding in one.findings]
    charts = [] if one.sketch is None else [_price(one, one.sketch)]
    return _section(title, charts, sentences, one.findings)


def _section(title: str, charts: Sequence[Chart], sentences: Sequence[str], found: Sequence[Finding]) -> Section:
    return Section(title, charts, sentences, _HEADER, [_row(finding) for finding in found], _WORDY)


def _row(finding: Finding) -> tuple[str, ...]:
    severity = f"{finding.severity}, refused" if finding.refused else finding.severity
    count = f"{finding.count:,} of {finding.of:,}"
    return finding.rule, severity, count, finding.advice, finding.example


def _price(one: CheckedSeries, sketch: Sketch) -> Chart:
    """Return the closes with a square at every marked place, by severity."""
    stamps, closes = sketch.stamps, sketch.closes
    x = linear(0, max(len(stamps) - 1, 1), _LEFT, _WIDTH - _RIGHT)
    low, high = padded(float(closes.min()), float(closes.max()))
    y = linear(low, high, _HEIGHT - _BOTTOM, _TOP)
    parts = [level_lines(ticks(low, high, 4), y, _LEFT, _WIDTH - _RIGHT)]
    parts.append(curve("price", x(np.arange(len(stamps), dtype=np.float64)), y(closes)))
    parts += [_marks(finding, sketch, x, y) for finding in one.findings]
    parts.append(below([(x(place), text) for place, text in time_ticks(stamps)], _HEIGHT - _BOTTOM))
    legend = [(name, tone) for name, tone in _TONES.items() if any(item.severity == name for item in one.findings)]
    caption = f"Closes of {_name(one)}; a square is a place at which something was found."
    return Chart(drawing(f"Price of {_name(one)}", _WIDTH, _HEIGHT, parts), caption, legend)


def _marks(finding: Finding, sketch: Sketch, x: Scale, y: Scale) -> Markup:
    """Return a square on the price at each of the finding's first places."""
    places = np.array(finding.places[:_MARKED_AT_MOST], dtype=np.int64)
    rows = np.unique(np.minimum(np.searchsorted(sketch.stamps, places), len(sketch.stamps) - 1))
    spots = [(float(x(row)), float(y(sketch.closes[row]))) for row in rows.tolist()]
    squares = [(across - _HALF, across + _HALF, down - _HALF, down + _HALF) for across, down in spots]
    return boxes(f"mark c{_TONES[finding.severity]}", squares)

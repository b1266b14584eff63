"""What files of bars were understood as, and what keeping them comes to, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ktrdr.entrypoints.cli.data_text import values_table
from ktrdr.entrypoints.cli.reading_text import reading_rows, venue_text
from ktrdr.entrypoints.cli.render import section, table

if TYPE_CHECKING:
    from ktrdr.application.use_cases.import_bars import Understood
    from ktrdr.domain.market.growing import Growth

_SHORT = {"new": "new", "same": "nothing changes", "replaced": "overwritten"}
_LONG = {
    "new": "as a new series",
    "same": "nothing changes: these bars are there already",
    "replaced": "in place of the bars that are there",
}


def understood_text(understood: Sequence[Understood]) -> str:
    """Return what is shown before anything is kept: of one series all of it, of several what they share but once."""
    if len(understood) == 1:
        return _whole(understood[0])
    alike: dict[tuple[tuple[str, str], ...], list[Understood]] = {}
    for one in understood:
        alike.setdefault(tuple(_shared(one)), []).append(one)
    return "\n".join(_group(rows, series) for rows, series in alike.items())


def _whole(one: Understood) -> str:
    info, (first, last) = one.series, one.ends()
    span = _span(one)
    rows = [
        *_shared(one),
        ("bars", f"{info.rows:,}, {span[0]['timestamp']} to {span[1]['timestamp']}"),
        ("known", f"the first at {span[0]['known_at']}, the last at {span[1]['known_at']}"),
        ("kept", _LONG[one.planned.effect] if one.planned.growth is None else _grown(one.planned.growth)),
    ]
    return "\n".join([section(_title(one), rows), values_table([*first, *last]), *_said([one]), ""])


def _group(rows: Sequence[tuple[str, str]], series: Sequence[Understood]) -> str:
    """Return the series that were read alike."""
    header = ["file", "symbol", "timeframe", "bars", "first", "last", "known at", "kept"]
    lines = table(header, [_line(one) for one in series])
    title = f"{len(series):,} series, read alike" if len(series) > 1 else _title(series[0])
    return "\n".join([section(title, rows), lines, *_said(series), ""])


def _title(one: Understood) -> str:
    info = one.series
    return f"{info.source}: {info.symbol} {info.timeframe}"


def _line(one: Understood) -> list[str]:
    info, (first, last) = one.series, _span(one)
    growth = one.planned.growth
    kept = _SHORT[one.planned.effect] if growth is None or growth.nothing_new else _grown(growth)
    values = (first["timestamp"], last["timestamp"], last["known_at"], kept)
    return [info.source, info.symbol, str(info.timeframe), f"{info.rows:,}", *values]


def _shared(one: Understood) -> list[tuple[str, str]]:
    return [*reading_rows(one.planned.bars.reading), ("venue", venue_text(one.planned.facts))]


def _span(one: Understood) -> tuple[dict[str, Any], dict[str, Any]]:
    first, last = one.ends()
    return first[0], (last or first)[-1]


def _said(series: Sequence[Understood]) -> list[str]:
    """Return remarks and warnings, each with the first file that it is about, and how many more."""
    about: dict[tuple[str, str], list[str]] = {}
    for one in series:
        for line in _lines_of(one, alone=len(series) == 1):
            about.setdefault(line, []).append(one.series.source)
    return [
        f"{kind}: {files[0]}{f' and {len(files) - 1:,} more' if files[1:] else ''}: {said}"
        for (kind, said), files in about.items()
    ]


def _lines_of(one: Understood, alone: bool) -> Iterator[tuple[str, str]]:
    planned, reading = one.planned, one.planned.bars.reading
    yield from (("note", remark) for remark in (reading.remarks if reading else ()))
    if alone:
        yield from (("note", guess) for guess in planned.facts.inferred)
    elif planned.facts.inferred:
        yield "note", "its venue is guessed; write an entry into symbols.yaml where that is wrong"
    if planned.news is not None:
        yield "note", "what symbols.yaml beside it says of its symbol is kept too"
    yield from (("warning", warning) for warning in one.warnings)


def _grown(growth: Growth) -> str:
    if growth.nothing_new:
        return f"nothing changes: all {growth.overlap:,} bars are among the {growth.kept:,} that are there already"
    added = [f"{count:,} {where}" for count, where in ((growth.before, "before"), (growth.after, "after")) if count]
    said = [f"adds {' and '.join(added) or 'no bars to'} the {growth.kept:,} that are there"]
    if growth.missing_sessions:
        missing = growth.missing_sessions
        said += [f"between them {missing:,} session{' is' if missing == 1 else 's are'} missing"]
    if growth.overlap:
        said += [f"{growth.overlap:,} {'is' if growth.overlap == 1 else 'are'} there already, with equal values"]
    if growth.revised:
        said += [f"history is overwritten: {growth.revisions}"]
    return "; ".join(said)

"""How a file of bars was understood, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ktrdr.domain.market.characteristics import SymbolCharacteristics
    from ktrdr.domain.market.reading import Reading

_MARKS = {"\t": "tab", " ": "blank", "\u00a0": "no-break space", "\u202f": "narrow no-break space"}
_ZONE_FROM = {"file": "as the file says", "stated": "as stated", "assumed": "assumed: nobody says"}


def reading_rows(reading: Reading | None) -> list[tuple[str, str]]:
    """Return what was understood of a file, one named line each; nothing where nothing is known."""
    if reading is None:
        return []
    marks = {"delimiter": reading.delimiter, "decimal mark": reading.decimal_mark, "thousands": reading.thousands_mark}
    kind = [f"{name} {_mark(mark)}" for name, mark in marks.items() if mark]
    order = "from new to old" if reading.newest_first else ""
    adjusted = f"adjusted for {reading.adjustment}" if reading.adjustment else "as they are in the file"
    rows = [
        ("layout", reading.layout),
        ("file", ", ".join([reading.kind, *kind])),
        ("times", ", ".join(filter(None, (reading.times, _zone(reading), order)))),
        ("columns", ", ".join(f"{role} from {name!r}" for role, name in reading.columns.items())),
        ("prices", adjusted),
    ]
    return [(name, said) for name, said in rows if said]


def venue_text(facts: SymbolCharacteristics) -> str:
    """Return where a symbol is taken to trade, and whether that was guessed."""
    said = f"{facts.asset_class}, exchange {facts.exchange}, calendar {facts.calendar} ({facts.time_zone})"
    return f"{said}, guessed" if facts.inferred else said


def _zone(reading: Reading) -> str:
    """Return the zone of the times and who says it; dates that name none have none."""
    if reading.times.startswith("dates") and reading.time_zone == "UTC":
        return ""
    return f"{reading.time_zone} ({_ZONE_FROM[reading.zone_from]})"


def _mark(mark: str) -> str:
    return _MARKS.get(mark, repr(mark))

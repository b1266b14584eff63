"""What the command line changes in a document before it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

ALL: Literal["all"] = "all"
"""In place of a list: every symbol that there is, as far as the document's selection criteria go."""


def override(
    document: Any,
    *,
    symbol: str | None = None,
    symbols: Sequence[str] | Literal["all"] | None = None,
    timeframe: str | None = None,
    start: str | None = None,
    end: str | None = None,
    symbol_overrides: Any = None,
) -> Any:
    """Return the document with other symbols, base timeframe, span or symbol overrides; None leaves it as it is.

    `symbol` is the only one. Of several `symbols` the mode is multi_symbol, of one it is single. A timeframe that is in
    the document's list becomes the base; any other one replaces the list. What is not a mapping is left for the parser
    to refuse.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("training_data"), Mapping):
        return document
    data = dict(document["training_data"])
    if symbol is not None:
        data["symbols"] = {"mode": "single", "symbol": symbol}
    elif symbols is not None:
        data["symbols"] = _every(data.get("symbols")) if symbols == ALL else _several(symbols)
    if timeframe is not None:
        data["timeframes"] = _with_base(data.get("timeframes"), timeframe)
    if start is not None or end is not None:
        span = data.pop("date_range", None)
        if isinstance(span, Mapping):
            written = {"start_date": span.get("start"), "end_date": span.get("end")}
            data = {name: value for name, value in written.items() if value is not None} | data
        data |= {name: value for name, value in (("start_date", start), ("end_date", end)) if value is not None}
    others = {} if symbol_overrides is None else {"symbol_overrides": symbol_overrides}
    return {**document, "training_data": data, **others}


def _several(symbols: Sequence[str]) -> dict[str, Any]:
    return {"mode": "single" if len(symbols) == 1 else "multi_symbol", "list": list(symbols)}


def _every(written: Any) -> dict[str, Any]:
    criteria = written.get("selection_criteria") if isinstance(written, Mapping) else None
    return {"mode": "multi_symbol", "selection_criteria": {} if criteria is None else criteria}


def _with_base(timeframes: Any, base: str) -> Any:
    mapping = timeframes if isinstance(timeframes, Mapping) else {"mode": "multi_timeframe", "list": timeframes}
    listed = mapping.get("list") or mapping.get("timeframes")
    if isinstance(listed, list) and base in listed and len(listed) > 1:
        return {**mapping, "base_timeframe": base}
    return {"mode": "single", "timeframe": base}

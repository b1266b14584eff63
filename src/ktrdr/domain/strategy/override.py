"""What the command line changes in a document before it is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def override(
    document: Any,
    *,
    symbol: str | None = None,
    timeframe: str | None = None,
    start: str | None = None,
    end: str | None = None,
) -> Any:
    """Return the document with another symbol, base timeframe or span; None leaves it as it is.

    A timeframe that is in the document's list becomes the base; any other one replaces the list. What is not a
    mapping is left for the parser to refuse.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("training_data"), Mapping):
        return document
    data = dict(document["training_data"])
    if symbol is not None:
        data["symbols"] = {"mode": "single", "symbol": symbol}
    if timeframe is not None:
        data["timeframes"] = _with_base(data.get("timeframes"), timeframe)
    if start is not None or end is not None:
        span = data.pop("date_range", None)
        if isinstance(span, Mapping):
            written = {"start_date": span.get("start"), "end_date": span.get("end")}
            data = {name: value for name, value in written.items() if value is not None} | data
        data |= {name: value for name, value in (("start_date", start), ("end_date", end)) if value is not None}
    return {**document, "training_data": data}


def _with_base(timeframes: Any, base: str) -> Any:
    mapping = timeframes if isinstance(timeframes, Mapping) else {"mode": "multi_timeframe", "list": timeframes}
    listed = mapping.get("list") or mapping.get("timeframes")
    if isinstance(listed, list) and base in listed and len(listed) > 1:
        return {**mapping, "base_timeframe": base}
    return {"mode": "single", "timeframe": base}

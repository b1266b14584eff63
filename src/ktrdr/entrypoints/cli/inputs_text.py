"""What a strategy reads, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.entrypoints.cli.render import section


def inputs_text(indicators: Mapping[str, Any], context_data: Any) -> list[str]:
    """Return the indicators with what they read if not the bars, and the series besides the bars if there are any.

    Parameters
    ----------
    indicators, context_data
        The sections of a strategy that is written out; what is not as it should be, in a damaged one, is left out.
    """
    rows = [(name, _indicator(item)) for name, item in indicators.items() if isinstance(item, Mapping)]
    series = [
        (source.get("id"), f"{source.get('provider')}/{source.get('series')}", source.get("alignment"))
        for source in (context_data if isinstance(context_data, list) else [])
        if isinstance(source, Mapping)
    ]
    return [section("indicators", rows), *([section("context data", series)] if series else [])]


def worded(value: Any) -> str:
    """Return a value of a strategy as text."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {item}" for key, item in value.items()) + "}"
    return str(value)


def _indicator(item: Mapping[str, Any]) -> str:
    own = [f"{name} {worded(value)}" for name, value in item.items() if name not in {"type", "data_source"}]
    source = f" of {item['data_source']}" if "data_source" in item else ""
    parameters = f" ({', '.join(own)})" if own else ""
    return f"{item.get('type')}{parameters}{source}"

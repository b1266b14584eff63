"""From a strategy document of version 2 to one of version 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.errors import InvalidInput, did_you_mean, shown, unquoted

_NAMES = ("name", "type", "feature_id", "params", "parameters")


def migrate(document: Any, where: str) -> dict[str, Any]:
    """Return the document in version 3; what version 2 and 3 share stays as it is, in its order.

    The list of indicators becomes a mapping (key: ``feature_id``, else ``name``; type: ``type``, else ``name``), each
    fuzzy set names its indicator (the one of its name, else the only one of that type), and every fuzzy set becomes an
    input over all timeframes.

    Raises
    ------
    InvalidInput
        If it is not of version 2.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("indicators"), list):
        raise InvalidInput(f"{where}: is no strategy of version 2, whose indicators are a list")
    if not isinstance(document.get("fuzzy_sets"), Mapping):
        raise InvalidInput(f"{where}: fuzzy_sets must be a mapping, found {shown(document.get('fuzzy_sets'))}")
    indicators = dict(_indicator(item, index, where) for index, item in enumerate(document["indicators"]))
    if len(indicators) < len(document["indicators"]):
        raise InvalidInput(f"{where}: two indicators have one name; give each a feature_id of its own")
    sets = {
        str(name): _fuzzy_set(str(name), values, indicators, where) for name, values in document["fuzzy_sets"].items()
    }
    return {
        **document,
        "version": "3.0",
        "indicators": indicators,
        "fuzzy_sets": sets,
        "nn_inputs": [{"fuzzy_set": name, "timeframes": "all"} for name in sets],
    }


def _indicator(item: Any, index: int, where: str) -> tuple[str, dict[str, Any]]:
    if isinstance(item, str) and item:
        return item, {"type": item}
    if not isinstance(item, Mapping) or not (item.get("name") or item.get("type")):
        raise InvalidInput(f"{where}: indicators[{index}] has no name, found {shown(item)}")
    kind = item.get("type") or item["name"]
    name = item.get("feature_id") or item.get("name") or kind
    nested = item.get("params") or item.get("parameters")
    parameters = {**item, **nested} if isinstance(nested, Mapping) else item
    kept = {key: value for key, value in parameters.items() if key not in _NAMES}
    if not isinstance(name, str):
        found = f"found {shown(name)}{unquoted(name)}"
        raise InvalidInput(f"{where}: indicators[{index}]: its name must be a text, {found}")
    return name, {"type": kind, **kept}


def _fuzzy_set(name: str, values: Any, indicators: Mapping[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise InvalidInput(f"{where}: fuzzy_sets.{name} must be a mapping, found {shown(values)}")
    written = values.get("indicator", name)
    if not isinstance(written, str):
        raise InvalidInput(f"{where}: fuzzy_sets.{name}.indicator must be a text, found {shown(written)}")
    if written.partition(".")[0] not in indicators and written not in indicators:
        of_type = [key for key, item in indicators.items() if _is_type(item["type"], written)]
        if len(of_type) != 1:
            known = f"defined: {', '.join(indicators)}{did_you_mean(written, indicators)}"
            raise InvalidInput(f"{where}: fuzzy_sets.{name} lies over no indicator; {known}")
        written = of_type[0]
    return {"indicator": written, **{key: value for key, value in values.items() if key != "indicator"}}


def _is_type(value: Any, written: str) -> bool:
    return isinstance(value, str) and value.casefold() == written.casefold()

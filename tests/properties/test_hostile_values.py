"""Every key of the grammar with every kind of value in it: read or refused, never a crash."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from samples.documents import small

from ktrdr.domain.catalogue.labels import LABELS
from ktrdr.domain.errors import KtrdrError
from ktrdr.domain.strategy.reading.parse import parse, problems
from ktrdr.domain.strategy.varying.override import override
from ktrdr.domain.strategy.writing.migrate import migrate
from ktrdr.domain.strategy.writing.render import render
from ktrdr.domain.strategy.writing.schema import strategy_schema

Place = tuple[str | int, ...]

VALUES: dict[str, Any] = {
    "null": None,
    "yes": True,
    "zero": 0,
    "minus": -1,
    "past floats": 10**400,
    "past digits": 10**5000,
    "nan": float("nan"),
    "inf": float("inf"),
    "empty text": "",
    "word": "x",
    "surrogate": "\ud800",
    "all": "all",
    "empty list": [],
    "empty mapping": {},
    "lists": [["x"]],
    "list of null": [None],
    "list of mapping": [{}],
    "mapping of list": {"mode": ["x"]},
    "typed by a list": {"type": ["x"]},
    "from a mapping": {"source": {}},
    "null key": {None: 1},
    "number key": {1: 2},
    "atr of list": {"atr": ["x"]},
    "list in list": {"list": [["x"]]},
    "day": date(2020, 1, 1),
    "moment": datetime(2020, 1, 1),
    "bytes": b"x",
    "set": {"a"},
    "tuple": (1, "a"),
}
NAMES = {"indicators": "rsi_14", "fuzzy_sets": "rsi", "rsi": "oversold", "symbols": "SIM_STOCK"}
"""What stands in place of a name of the author's own, below which key."""
ALIKE = (("defaults",), ("asset_classes",), ("*",))
"""Other layers of overrides, which are read as those of a symbol are."""


def places(node: dict[str, Any], path: Place = ()) -> Iterator[Place]:
    """Every key that the schema knows."""
    yield path
    for name, child in node.get("properties", {}).items():
        yield from places(child, (*path, name))
    if isinstance(node.get("additionalProperties"), dict):
        yield from places(node["additionalProperties"], (*path, NAMES.get(str(path[-1]), "*")))
    if isinstance(node.get("items"), dict):
        yield from places(node["items"], (*path, 0))
    for form in node.get("anyOf", []):
        yield from places(form, path)
    if "$ref" in node:
        yield from places(strategy_schema()["$defs"]["overrides"], path)


PLACES = sorted({place for place in places(strategy_schema()) if place and place[1:2] not in ALIKE}, key=str)


def spoilt(document: dict[str, Any], place: Place, value: Any) -> Any:
    """The document with a value at a place, whatever has to be there for it to be."""
    first, *rest = place
    if isinstance(first, int):
        return [spoilt({}, tuple(rest), value) if rest else value]
    below = document.get(first)
    inner = spoilt(below if isinstance(below, dict) else {}, tuple(rest), value) if rest else value
    return {**document, first: inner}


def read(document: Any) -> None:
    """Read it; what is accepted is read back as it is written."""
    if not [problem for problem in problems(document) if problem.severity == "error"]:
        written = render(parse(document))
        assert render(parse(written)) == written


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_every_key_reads_or_refuses_every_kind_of_value(value: Any) -> None:
    assert len(PLACES) > 250
    for place in PLACES:
        document = spoilt(small(), place, copy.deepcopy(value))
        read(document)
        if place[0] == "training_data":
            read(override(document, symbol="A", timeframe="1h", start="2020-01-01"))
            read(override(document, symbols="all", end="2020-01-01"))


@pytest.mark.parametrize("source", LABELS)
def test_every_parameter_of_labels_reads_or_refuses_every_kind_of_value(source: str) -> None:
    for spec in LABELS[source]:
        own = {"source": source} | ({"method": spec.method} if spec.method else {})
        for name in (*own, *(spelling for item in spec.parameters for spelling in (item.name, *item.aliases))):
            for value in VALUES.values():
                document = spoilt(small(), ("training", "labels"), own | {name: value})
                read(document | {"decisions": {"output_format": spec.kind}})


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_a_document_of_version_2_is_brought_up_to_date_or_refused(value: Any) -> None:
    old = {"indicators": [{"name": "rsi", "period": 9}], "fuzzy_sets": {"rsi": {"low": [0, 1, 2]}}}
    spoils = [
        value,
        old | {"indicators": value},
        old | {"indicators": [value]},
        *(old | {"indicators": [{"name": "rsi", key: value}]} for key in ("name", "type", "feature_id", "params")),
        old | {"fuzzy_sets": value},
        old | {"fuzzy_sets": {"rsi": value}},
        old | {"fuzzy_sets": {"rsi": {"indicator": value}}},
    ]
    for document in spoils:
        try:
            migrated = migrate(document, "s.yaml")
        except KtrdrError:
            continue
        read(migrated)

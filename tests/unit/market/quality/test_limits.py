"""What may be said of the rules, and what it changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.quality import RULES, QualityLimits, findings, read_limits
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe


def doubled_once() -> Bars:
    """Return ten days, the sixth 1.6 times the fifth."""
    close = np.where(np.arange(10) >= 5, 16.0, 10.0) + 0.01 * np.arange(10)
    stamps = np.arange(10, dtype=np.int64) * NS_PER_DAY
    return Bars("X", Timeframe("1d"), stamps, close, close + 0.5, close - 0.5, close, np.ones(10))


def found(written: dict[str, Any]) -> dict[str, bool]:
    limits = read_limits(written, "quality")
    return {finding.rule: finding.refused for finding in findings(doubled_once(), None, limits)}


def test_an_action_refuses_warns_or_leaves_out() -> None:
    assert found({}) == {"big_moves": False}
    assert found({"big_moves": "refuse"}) == {"big_moves": True}
    assert found({"big_moves": {"do": "refuse"}}) == {"big_moves": True}
    assert found({"big_moves": "off"}) == {}
    assert found({"big_moves": False}) == {}, "YAML reads a bare off as False"


def test_a_limit_moves_what_is_found() -> None:
    assert found({"big_moves": {"limit": 0.7}}) == {}
    assert found({"big_moves": {"limit": 0.55, "do": "refuse"}}) == {"big_moves": True}


def test_only_errors_are_refused_unless_somebody_says_so() -> None:
    refused = {rule.id for rule in RULES.values() if rule.action == "refuse"}
    assert refused == {"incomplete", "missing_weekdays", "time_zone_shift", "swapped_columns"}
    assert all((rule.severity == "error") == (rule.id in refused) for rule in RULES.values())


def test_what_one_place_says_goes_before_another() -> None:
    strategy, settings = read_limits({"wicks": "off"}, "a"), read_limits({"wicks": "refuse", "stale": "off"}, "b")
    assert strategy.over(settings).as_dict() == {"wicks": {"do": "off"}, "stale": {"do": "off"}}


def test_limits_are_read_back_as_they_are_written() -> None:
    written = {"incomplete": {"limit": 0.1, "do": "warn"}, "stale": {"do": "off"}, "wicks": {"limit": 50.0}}
    assert read_limits(written, "x").as_dict() == written
    assert read_limits({}, "x") == QualityLimits()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"spike": "warn"}, r"quality\.spike: is no rule; .*did you mean 'spikes'"),
        ({"wicks": "ignore"}, r"quality\.wicks: must be warn, refuse, off"),
        ({"wicks": {"do": "refused"}}, r"quality\.wicks\.do: must be one of .*did you mean 'refuse'"),
        ({"wicks": {"limits": 3}}, r"quality\.wicks\.limits: is not a known key; .*did you mean 'limit'"),
        ({"wicks": {"limit": -1}}, r"quality\.wicks\.limit: must be a number of 0 or more, found -1"),
        ({"wicks": {"limit": True}}, r"quality\.wicks\.limit: must be a number"),
        ({"wicks": {"limit": float("nan")}}, r"quality\.wicks\.limit: must be a number"),
        ({"wicks": {}}, r"quality\.wicks: says nothing"),
        ({"no_volume": {"limit": 1}}, r"quality\.no_volume\.limit: .*this rule has none"),
    ],
)
def test_what_is_wrong_is_named(written: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_limits(written, "quality")

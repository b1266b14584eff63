"""Strategy and contract as a manifest holds them, so that they can be compared with what it says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ktrdr.domain.artifacts.plain_json import plain_problem
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.contract import feature_contract
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.writing.render import render


def packed_strategy(strategy: Strategy) -> dict[str, Any]:
    """Return the strategy as the manifest holds it."""
    document: dict[str, Any] = plain(render(strategy))
    return document


def packed_contract(features: Sequence[Feature], kernels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the contract of resolved features as the manifest holds it."""
    contract: list[dict[str, Any]] = plain(feature_contract(features, kernels))
    return contract


def require_packable(strategy: Strategy) -> None:
    """Refuse before a training a strategy that could not be stored after it.

    Raises
    ------
    InvalidInput
        If it holds what JSON cannot: a number that is not finite, or a mapping within itself.
    """
    try:
        problem = plain_problem(packed_strategy(strategy))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"strategy {strategy.name!r}: cannot be stored as JSON ({error})") from error
    if problem:
        raise InvalidInput(f"strategy{problem}")


def plain(values: Any) -> Any:
    """Return the values as JSON would give them back: tuples as lists, dates as texts."""
    return json.loads(json.dumps(values, default=str))

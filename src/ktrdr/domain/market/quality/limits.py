"""What somebody says of the rules: how much is let pass, and what is done about the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ktrdr.domain.errors import InvalidInput, did_you_mean, shown
from ktrdr.domain.market.quality.rule import ACTIONS, Action, Rule
from ktrdr.domain.market.quality.table import RULES
from ktrdr.domain.market.values import LARGEST

_KEYS = ("limit", "do")


@dataclass(frozen=True, slots=True)
class RuleLimit:
    """What is said of one rule; None leaves it as the table has it."""

    limit: float | None = None
    do: Action | None = None


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """What is said of the rules by their ids; those that are left out stay as the table has them."""

    rules: Mapping[str, RuleLimit] = field(default_factory=dict)

    def limit(self, rule: Rule) -> float:
        """Return how much a rule lets pass."""
        said = self.rules.get(rule.id, RuleLimit()).limit
        return rule.limit if said is None else said

    def action(self, rule: Rule) -> Action:
        """Return what is done about what a rule finds."""
        return self.rules.get(rule.id, RuleLimit()).do or rule.action

    def over(self, below: QualityLimits) -> QualityLimits:
        """Return these limits, and those of others for what these do not say."""
        return QualityLimits({**below.rules, **self.rules})

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as `read_limits` takes them."""
        return {
            name: {key: value for key, value in (("limit", said.limit), ("do", said.do)) if value is not None}
            for name, said in self.rules.items()
        }


DEFAULT_LIMITS = QualityLimits()


def limit_problems(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with written limits: the path below them, and what to say of it."""
    for name, value in values.items():
        if name not in RULES:
            yield name, f"is no rule; known: {', '.join(RULES)}{did_you_mean(name, RULES)}"
        elif isinstance(value, Mapping):
            yield from ((f"{name}.{key}".rstrip("."), text) for key, text in _problems(RULES[name], value))
        elif _action(value) not in ACTIONS:
            yield name, f"must be {', '.join(ACTIONS)}, or a mapping with limit and do; found {shown(value)}"


def read_limits(values: Mapping[str, Any], where: str) -> QualityLimits:
    """Return written limits: by rule an action (``warn``, ``refuse``, ``off``), or a mapping with limit and do.

    Raises
    ------
    InvalidInput
        If a rule or key is not known, or a value is of the wrong kind; the first of them is named.
    """
    for path, problem in limit_problems(values):
        raise InvalidInput(f"{where}.{path}: {problem}")
    said = {name: _said(value) for name, value in values.items()}
    return QualityLimits({name: limit for name, limit in said.items() if limit != RuleLimit()})


def _problems(rule: Rule, value: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    if not value:
        yield "", "says nothing; write limit, do, or both"
    for key, item in value.items():
        if item is None:
            continue
        if key not in _KEYS:
            yield shown(key).strip("'"), f"is not a known key; known: {', '.join(_KEYS)}{_nearest(key, _KEYS)}"
        elif key == "do" and _action(item) not in ACTIONS:
            allowed = f"{', '.join(ACTIONS)}{_nearest(item, ACTIONS)}"
            yield key, f"must be one of {allowed}; found {shown(item)}"
        elif key == "limit" and not rule.means:
            yield key, "is not known: this rule has none; write do: warn, refuse or off"
        elif key == "limit" and not _is_limit(item):
            yield key, f"must be a number of 0 or more, found {shown(item)}"


def _is_limit(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LARGEST


def _nearest(found: Any, known: Sequence[str]) -> str:
    return did_you_mean(found, known) if isinstance(found, str) else ""


def _said(value: Any) -> RuleLimit:
    if not isinstance(value, Mapping):
        return RuleLimit(do=_action(value))
    limit = value.get("limit")
    return RuleLimit(None if limit is None else float(limit), _action(value.get("do")))


def _action(value: Any) -> Any:
    """Return an action as it is spelled; YAML reads a bare ``off`` as False."""
    return "off" if value is False else value

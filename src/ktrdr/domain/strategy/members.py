"""A member of a model of several as the only model of its strategy, and what it reads there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.strategy.document import MemberModel, Model, Strategy
from ktrdr.domain.strategy.feature_ids import columns, context_columns, lagged, returns_columns


def of_member(strategy: Strategy, member: MemberModel) -> Strategy:
    """Return the strategy in which a member is the only model; its seed is the one that is added."""
    model = replace(strategy.model, type=member.type, architecture=member.architecture, members=())
    return replace(strategy, model=model, training={**member.training, "seed": member.seed})


def reads_returns(model: Model) -> bool:
    """Whether a model, or one of its members, reads the returns of the bars."""
    return any(MODEL_TYPES[kind].reads_returns for kind in (model.type, *(item.type for item in model.members)))


def inputs_of(strategy: Strategy, member: MemberModel) -> tuple[str, ...]:
    """Return the ids of the features that a member reads, in contract order; none where it reads all of them."""
    kind, base = MODEL_TYPES[member.type], strategy.training_data.timeframes.base
    returns = tuple(name for name, _, _ in returns_columns(base)) if kind.reads_returns else ()
    if not kind.reads_inputs:
        return returns
    if not member.inputs and (kind.reads_returns or not reads_returns(strategy.model)):
        return ()
    return (*_ids(strategy, member.inputs or _all(strategy)), *returns)


def _all(strategy: Strategy) -> tuple[str, ...]:
    return (*(entry.name for entry in strategy.nn_inputs), *(f"{kind}_context" for kind in _CONTEXTS))


_CONTEXTS = ("price", "volume", "time", "session", "symbol")


def _ids(strategy: Strategy, names: Collection[str]) -> tuple[str, ...]:
    """Return the ids of the features that some entries of ``nn_inputs``, and some contexts, give."""
    model, base = strategy.model, strategy.training_data.timeframes.base
    chosen = [entry for entry in strategy.nn_inputs if entry.name in names]
    current = [name for entry in chosen for name, _, _ in columns(entry, strategy.fuzzy_sets)]
    past = [lagged(name, lag) for lag in range(1, model.lookback_periods) for name in current]
    kinds = tuple(f"{kind}_" for kind in _CONTEXTS if f"{kind}_context" in names)
    context = [name for name, kind, _ in context_columns(model.context, base) if kind.startswith(kinds)]
    return (*current, *past, *context)

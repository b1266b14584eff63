"""A member of a model of several as the only model of its strategy."""

from __future__ import annotations

from dataclasses import replace

from ktrdr.domain.strategy.document import MemberModel, Strategy


def of_member(strategy: Strategy, member: MemberModel) -> Strategy:
    """Return the strategy in which a member is the only model; its seed is the one that is added."""
    model = replace(strategy.model, type=member.type, architecture=member.architecture, members=())
    return replace(strategy, model=model, training={**member.training, "seed": member.seed})

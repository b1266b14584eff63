"""The names of features, in contract order, from the strategy alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ktrdr.domain.strategy.document import FuzzySet, MembershipFunction, NetworkInput
from ktrdr.domain.strategy.reading import Findings

Column = tuple[str, str, MembershipFunction | None]


def columns(entry: NetworkInput, fuzzy_sets: Mapping[str, FuzzySet]) -> Iterator[Column]:
    """Yield id, timeframe and membership (None for raw) of an entry: timeframes outer, memberships inner."""
    for timeframe in entry.timeframes:
        if entry.kind == "raw_indicator":
            yield f"{timeframe}_{entry.name}_raw", timeframe, None
        else:
            for membership in fuzzy_sets[entry.name].memberships:
                yield f"{timeframe}_{entry.name}_{membership.name}", timeframe, membership


def refuse_equal_ids(entries: Sequence[NetworkInput], fuzzy_sets: Mapping[str, FuzzySet], findings: Findings) -> None:
    """Note an error for each id that two entries give; the message names both."""
    seen: dict[str, int] = {}
    for index, entry in enumerate(entries):
        for name, _, _ in columns(entry, fuzzy_sets):
            if name in seen and seen[name] != index:
                other = entries[seen[name]]
                findings.error(
                    f"nn_inputs[{index}]",
                    f"{entry.kind} {entry.name!r} gives the feature id {name!r}, as nn_inputs[{seen[name]}] "
                    f"({other.kind} {other.name!r}) does; rename one",
                )
            seen.setdefault(name, index)

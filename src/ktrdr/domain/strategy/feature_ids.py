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
    """Note an error for each entry that gives an id that another one gave; the message names both."""
    seen: dict[str, int] = {}
    for index, entry in enumerate(entries):
        if entry in entries[:index]:
            findings.error(f"nn_inputs[{index}]", f"repeats nn_inputs[{entries.index(entry)}]")
            continue
        names = [name for name, _, _ in columns(entry, fuzzy_sets)]
        taken = next((name for name in names if name in seen), None)
        if taken is not None:
            other = entries[seen[taken]]
            findings.error(
                f"nn_inputs[{index}]",
                f"{entry.kind} {entry.name!r} gives the feature id {taken!r}, as nn_inputs[{seen[taken]}] "
                f"({other.kind} {other.name!r}) does; rename one",
            )
        seen |= {name: index for name in names if name not in seen}

"""Which series a strategy reads besides the bars: published ones, and those that are made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ContextSource:
    """A series besides the bars, such as an interest rate; it counts from its publication.

    Attributes
    ----------
    id : str
        What ``data_source`` names.
    provider, name : str
        Who publishes it, and the series, symbol or report as they call it.
    alignment : str
    made_of : tuple of ContextSource
        The published series that this one is computed from; empty for one that is published itself.
    """

    id: str
    provider: str
    name: str
    alignment: Literal["forward_fill"] = "forward_fill"
    made_of: tuple[ContextSource, ...] = ()


def derived_sources(sources: Sequence[ContextSource], wanted: str) -> Iterator[ContextSource]:
    """Yield what can be made of published sources and answers to an id, in any case.

    ``cot_EUR_net_pct`` is made of the report EUR of ``cftc_cot``, ``yield_spread_A_B`` of the series A and B of
    ``fred``.
    """
    plain = wanted.casefold()
    for report in _of("cftc_cot", sources):
        if plain == f"cot_{report.name}_net_pct".casefold():
            yield _made(f"cot_{report.name}_net_pct", f"net_pct({report.name})", report)
    rates = _of("fred", sources)
    for one in rates:
        prefix = f"yield_spread_{one.name}_".casefold()
        for other in rates if plain.startswith(prefix) else ():
            if other is not one and plain == prefix + other.name.casefold():
                names = one.name, other.name
                yield _made("yield_spread_{}_{}".format(*names), "yield_spread({}, {})".format(*names), one, other)


def source_named(sources: Sequence[ContextSource], source_id: str) -> ContextSource:
    """Return the source of that id: one of those given, or the one that is made of them."""
    given = (source for source in sources if source.id == source_id)
    made = (source for source in derived_sources(sources, source_id) if source.id == source_id)
    return next(given, None) or next(made)


def _of(provider: str, sources: Sequence[ContextSource]) -> list[ContextSource]:
    """Return the sources of a provider, each series once."""
    return list({source.name: source for source in sources if source.provider == provider}.values())


def _made(source_id: str, name: str, *parts: ContextSource) -> ContextSource:
    return ContextSource(source_id, parts[0].provider, name, parts[0].alignment, parts)

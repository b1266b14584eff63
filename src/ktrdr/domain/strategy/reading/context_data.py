"""Reading ``context_data``: series besides the bars, and what an indicator's ``data_source`` means by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.errors import did_you_mean, shown, unquoted
from ktrdr.domain.market.context_source import ContextSource, derived_sources
from ktrdr.domain.strategy.reading.sections import Findings, Section

PROVIDERS = ("fred", "ib", "cftc_cot")
PROVIDER = Parameter("provider", "str", "", choices=PROVIDERS, required=True, description="who publishes the series")
ALIGNMENT = Parameter(
    "alignment",
    "str",
    "forward_fill",
    choices=("forward_fill",),
    description="a row takes the latest value published by then",
)
_NAMES = ("series", "symbol", "report")
_IDS = ("id", "name")
MOST_SOURCES = 1000


def read_context_data(parent: Section, findings: Findings) -> tuple[ContextSource, ...]:
    """Return the sources that could be read, in order; an entry that lists several series gives one for each."""
    written = parent.get("context_data")
    if written is None:
        return ()
    if not isinstance(written, list | tuple):
        findings.error("context_data", f"must be a list of {{provider, series}}, found {shown(written)}")
        return ()
    sources: list[ContextSource] = []
    for index, value in enumerate(written):
        if not isinstance(value, Mapping):
            findings.error(f"context_data[{index}]", f"must be a mapping {{provider, series}}, found {shown(value)}")
            continue
        for source in _read_entry(Section(value, f"context_data[{index}]", findings)):
            if any(source.id == other.id for other in sources):
                message = f"{source.id!r} is the id of two entries; give each an id of its own"
                findings.error(f"context_data[{index}]", message)
            else:
                sources.append(source)
            if len(sources) > MOST_SOURCES:
                findings.error("context_data", f"names more than {MOST_SOURCES} series")
                return tuple(sources)
    return tuple(sources)


def _read_entry(section: Section) -> Iterator[ContextSource]:
    findings = section.findings
    provider = section.read(PROVIDER)
    alignment = section.read(ALIGNMENT)
    given = [name for name in _NAMES if section.get(name) is not None]
    chosen = section.get(*_IDS)
    section.warn_unknown()
    if len(given) != 1:
        found = ", ".join(given) or "none"
        findings.error(section.path, f"needs exactly one of {', '.join(_NAMES)}; found {found}")
        return
    value = section.get(given[0])
    names = value if isinstance(value, list | tuple) else [value]
    wrong = [(given[0], name) for name in names or [value] if not _is_name(name)]
    if chosen is not None and not _is_name(chosen):
        wrong.append((next(name for name in _IDS if name in section), chosen))
    if wrong:
        name, found = wrong[0]
        findings.error(section.at(name), f"must be a text, found {shown(found)}{unquoted(found)}")
        return
    for name in names:
        yield ContextSource(name if chosen is None or len(names) > 1 else chosen, provider, name, alignment)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def read_data_source(section: Section, sources: Sequence[ContextSource], readable: bool) -> str | None:
    """Return the id of the source that an indicator's ``data_source`` means, None where it reads the bars.

    A source answers to its id, to its series, and to provider and series joined by ``_``, ``:`` or ``.``, a report of
    ``cftc_cot`` to ``cot_EUR_net_pos``, too; what can be made of sources, to the ids of `derived_sources`. Case counts
    only where it decides between two.

    Parameters
    ----------
    section : Section
        The indicator.
    sources : sequence of ContextSource
    readable : bool
        Whether ``context_data`` was read without an error; otherwise a missing source is not reported again.
    """
    written = section.get("data_source")
    if written is None:
        return None
    path, findings = section.at("data_source"), section.findings
    if not _is_name(written):
        findings.error(path, f"must be a text, found {shown(written)}{unquoted(written)}")
        return None
    found = [item for item in sources if written in _spellings(item)]
    found = found or [item for item in sources if written.casefold() in map(str.casefold, _spellings(item))]
    found = found or list(derived_sources(sources, written))
    found = [item for item in found if item.id == written] or found
    if len(found) == 1:
        return found[0].id
    ids = [item.id for item in sources]
    if found:
        findings.error(path, f"{written!r} may be any of {', '.join(item.id for item in found)}; write one of these")
    elif not sources and readable:
        findings.error(path, f"{written!r} is not among context_data, which is not given")
    elif readable:
        findings.error(path, f"{written!r} is not in context_data; there is: {', '.join(ids)}{_hint(written, sources)}")
    return None


def _spellings(source: ContextSource) -> tuple[str, ...]:
    older = (f"cot_{source.name}_net_pos",) if source.provider == "cftc_cot" else ()
    return (source.id, source.name, *(f"{source.provider}{mark}{source.name}" for mark in "_:."), *older)


def _hint(written: str, sources: Sequence[ContextSource]) -> str:
    return did_you_mean(written, [spelling for source in sources for spelling in _spellings(source)])

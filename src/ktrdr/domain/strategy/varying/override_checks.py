"""Whom an override may be for, and what it may not say."""

from __future__ import annotations

from collections.abc import Mapping

from ktrdr.domain.errors import InvalidInput, did_you_mean
from ktrdr.domain.market.characteristics import ASSET_CLASSES
from ktrdr.domain.market.series import same_symbol
from ktrdr.domain.market.symbol import Symbol
from ktrdr.domain.strategy.document import Strategy, SymbolOverrides
from ktrdr.domain.strategy.reading.sections import Findings, Section
from ktrdr.domain.strategy.varying.for_symbol import applied, contradictions


def is_class(name: str, section: Section, findings: Findings) -> bool:
    """Return whether this is an asset class; note where it is none."""
    if name in ASSET_CLASSES:
        return True
    allowed = f"allowed: {', '.join(ASSET_CLASSES)}{did_you_mean(name, ASSET_CLASSES)}"
    findings.error(section.path, f"asset class {name!r} is not known; {allowed}")
    return False


def is_symbol(name: str, section: Section, strategy: Strategy, findings: Findings) -> bool:
    """Return whether this can be a symbol; warn if it is none of those that the document names.

    Whom the symbols of a command line or criteria leave out, the run itself says.
    """
    try:
        Symbol(name)
    except InvalidInput as error:
        findings.error(section.path, str(error))
        return False
    choice, deployed = strategy.training_data.symbols, "deployment" in strategy.kept
    named = choice.symbols if choice.criteria is None and not deployed else ()
    known = any(same_symbol(name, other) for other in named)
    if named and not known and "training_data.symbols" not in findings.overridden:
        findings.warning(
            section.path, f"{name!r} is none of training_data.symbols{did_you_mean(name, (*named, *ASSET_CLASSES))}"
        )
    return True


def refuse_contradictions(
    overrides: SymbolOverrides,
    strategy: Strategy,
    defaults: Section,
    sections: tuple[Mapping[str, Section], Mapping[str, Section]],
    findings: Findings,
) -> None:
    """Note what no symbol could be trained with: a symbol's overrides count with those of some asset class, or none."""
    classes, symbols = sections
    start = applied(strategy, overrides.defaults)
    by_class = {name: applied(start, layer) for name, layer in overrides.asset_classes.items()}
    below = (start, *by_class.values())
    checks = [(defaults.path, [start]), *((classes[name].path, [one]) for name, one in by_class.items())]
    checks += [
        (symbols[name].path, [applied(one, layer) for one in below]) for name, layer in overrides.symbols.items()
    ]
    for path, candidates in checks:
        wrong = [next(contradictions(candidate, strategy), None) for candidate in candidates]
        if wrong[0] is not None and None not in wrong:
            findings.error(f"{path}.{wrong[0][0]}", wrong[0][1])

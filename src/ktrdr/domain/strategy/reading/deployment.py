"""Reading ``deployment``: whom a model may serve; enforced by `domain.artifacts.serving` when a model is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.errors import shown, unquoted
from ktrdr.domain.market.characteristics import ASSET_CLASSES
from ktrdr.domain.market.series import same_symbol
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.reading.sections import Findings, Section

SYMBOL_MODES = ("training_only", "universal", "group_restricted")


def read_deployment(parent: Section, findings: Findings) -> Mapping[str, Any] | None:
    """Return the section as it was written, its faults noted; None where there is none."""
    section = parent.section("deployment")
    symbols = section.section("target_symbols")
    if symbols.values:
        symbols.read(Parameter("mode", "str", "training_only", choices=SYMBOL_MODES))
        restrictions = symbols.section("restrictions")
        _names(restrictions, "asset_classes", ASSET_CLASSES, findings)
        _names(restrictions, "excluded_symbols", (), findings)
        restrictions.warn_unknown()
        symbols.warn_unknown()
    timeframes = section.section("target_timeframes")
    if timeframes.values:
        if timeframes.get("mode") is not None:
            findings.warning(timeframes.at("mode"), "has no effect: `supported` says which timeframes may be served")
        _names(timeframes, "supported", (), findings)
        timeframes.warn_unknown()
    section.warn_unknown()
    return section.values or None


def warn_shut_out(strategy: Strategy, findings: Findings) -> None:
    """Warn where the deployment shuts out more than its author may think."""
    _warn_symbols(strategy, findings)
    timeframes = strategy.kept.get("deployment", {}).get("target_timeframes") or {}
    supported, base = timeframes.get("supported"), strategy.training_data.timeframes.base
    if supported and base not in supported:
        path = "deployment.target_timeframes.supported"
        findings.warning(path, f"leaves out {base}, the base timeframe: the model may not serve at all")


def _warn_symbols(strategy: Strategy, findings: Findings) -> None:
    rules = strategy.kept.get("deployment", {}).get("target_symbols") or {}
    mode, restrictions = rules.get("mode", "training_only"), rules.get("restrictions") or {}
    path, classes = "deployment.target_symbols.restrictions", restrictions.get("asset_classes")
    if classes and mode == "training_only":
        findings.warning(f"{path}.asset_classes", "has no effect with mode: training_only")
    if mode == "group_restricted" and not classes:
        findings.warning(f"{path}.asset_classes", "is not given: no symbol but those of training may be served")
    excluded = restrictions.get("excluded_symbols") or ()
    for symbol in strategy.training_data.symbols.symbols:
        if any(same_symbol(symbol, name) for name in excluded):
            findings.warning(f"{path}.excluded_symbols", f"names {symbol}, which the model is trained on")


def _names(section: Section, name: str, allowed: tuple[str, ...], findings: Findings) -> None:
    written = section.get(name)
    if written is None:
        return
    if not isinstance(written, list) or not all(isinstance(item, str) for item in written):
        wrong = (
            next((item for item in written if not isinstance(item, str)), None) if isinstance(written, list) else None
        )
        findings.error(section.at(name), f"must be a list of texts, found {shown(written)}{unquoted(wrong)}")
        return
    unknown = [item for item in written if allowed and item not in allowed]
    if unknown:
        findings.error(section.at(name), f"{unknown[0]!r} is not known; allowed: {', '.join(allowed)}")

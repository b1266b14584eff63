"""The quality of every series that a run reads: judged, refused by the limits, and kept with the model."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.quality.finding import Finding
from ktrdr.domain.market.quality.judge import findings, symbol_findings
from ktrdr.domain.market.quality.limits import QualityLimits


def quality_of(series: Collection[Bars], facts: SymbolCharacteristics, limits: QualityLimits) -> tuple[Finding, ...]:
    """Return what the rules find in the series of one symbol, each alone and all together."""
    alone = [finding for bars in series for finding in findings(bars, facts, limits)]
    return (*alone, *symbol_findings(tuple(series), limits))


def require_accepted(found: Sequence[Finding], reason: str | None) -> None:
    """Refuse findings that the limits refuse, unless somebody accepts them for a reason.

    Raises
    ------
    InvalidBars
        With every finding that is refused.
    """
    refused = [finding for finding in found if finding.refused]
    if not refused or reason:
        return
    said = "; ".join(f"{finding.said}; {finding.advice}" for finding in refused)
    rules = ", ".join(dict.fromkeys(finding.rule for finding in refused))
    raise InvalidBars(
        f"the limits of data quality refuse these bars ({rules}): {said}. To train all the same, say why with "
        f"--accept-quality REASON, or say quality: {{{refused[0].rule}: warn}} in the strategy or in ktrdr.toml"
    )


def quality_document(found: Sequence[Finding], reason: str | None) -> dict[str, Any]:
    """Return what a manifest keeps: the verdict, the reason where it was refused and accepted, and every finding."""
    verdict = verdict_of(found)
    accepted = {"accepted": reason} if verdict == "refused" else {}
    rows = [_kept(finding) for finding in found]
    return {"verdict": verdict, **accepted, "findings": rows}


def verdict_of(found: Iterable[Finding]) -> str:
    """Return ``refused``, or the worst that was found: ``errors``, ``warnings``, ``notes`` or ``clean``."""
    every = list(found)
    if any(finding.refused for finding in every):
        return "refused"
    worst = {finding.severity for finding in every}
    return next((word for severity, word in _WORDS.items() if severity in worst), "clean")


_WORDS: Mapping[str, str] = {"error": "errors", "warning": "warnings", "info": "notes"}


def _kept(finding: Finding) -> dict[str, Any]:
    names = ("series", "rule", "severity", "count", "of", "sentence", "refused")
    return {name: getattr(finding, name) for name in names}

"""What became of a job: a model, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ktrdr.domain.artifacts.artifact import StoredModel
from ktrdr.domain.training.plan import TrainingJob

_OF_SOME = ("episodes", "by_step", "by_symbol", "by_symbol_fold", "few_rows")
"""What only some reports have."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """One published model, and what it is worth.

    Attributes
    ----------
    stored : StoredModel
    report : dict
        Content of ``metrics.json``: metrics, baselines, verdict, diagnosis, seeds, class shares.
    importance : dict
        Content of ``feature_importance.json``.
    notes : tuple of str
        What should be said aloud.
    rows : mapping of str to int
        Rows of the parts ``train``, ``validation``, ``test``.
    kept : bool
        Whether it was there already, trained by the same strategy on the same bars.
    warnings : tuple of str
        What should be said louder.
    """

    stored: StoredModel
    report: dict[str, Any]
    importance: dict[str, Any]
    notes: tuple[str, ...]
    rows: Mapping[str, int]
    kept: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Text that refers to the version."""
        return self.stored.reference

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {
            "path": self.stored.location,
            "reference": self.stored.reference,
            "version": self.stored.number,
            "symbol": self.stored.key.symbol,
            "kept": self.kept,
            "rows": dict(self.rows),
            **{name: self.report[name] for name in ("metrics", "baselines", "verdict")},
            **{name: self.report[name] for name in _OF_SOME if name in self.report},
        }


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job without a model: its symbols, the family of the error (``error`` for a bug), and its message."""

    symbols: tuple[str, ...]
    family: str
    reason: str

    @property
    def name(self) -> str:
        """The symbols as text."""
        return ", ".join(self.symbols)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {"symbols": list(self.symbols), "family": self.family, "reason": self.reason}


JobOutcome = TrainedModel | FailedJob


def lost_job(job: TrainingJob, reason: str) -> FailedJob:
    """Return the outcome of a job whose process is gone."""
    return FailedJob(job.symbols, "unavailable", reason)


def rows_of(split: Mapping[str, Any]) -> dict[str, int]:
    """Return the rows of the parts, as a manifest's ``split`` has them."""
    return {name: int(part["rows"]) for name, part in split["parts"].items()}

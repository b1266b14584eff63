"""What each member of an ensemble is fitted to: its own columns, its own symbol's rows, or some of the rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.errors import TrainingFailed
from ktrdr.domain.training.model import FitTask, Rows
from ktrdr.domain.training.scaling import Scaler, TargetScaler, fit_target_scaler
from ktrdr.domain.training.settings import Member
from ktrdr.domain.training.weights import class_weights


@dataclass(slots=True, eq=False)
class MemberTasks:
    """Makes the tasks of the members out of the task of the whole; columns are copied once for all that read them.

    Attributes
    ----------
    task : FitTask
        Of the whole.
    """

    task: FitTask
    _copies: dict[Any, Float32s] = field(default_factory=dict)

    def of(self, member: Member, train: Int64s | None = None) -> tuple[FitTask, TargetScaler | None]:
        """Return the task of a member, on all train rows or on some, by their numbers, and how its targets are scaled.

        Raises
        ------
        TrainingFailed
            If it has no train or no validation rows.
        """
        whole = self.task
        ids = member.inputs or whole.feature_ids
        place = {name: number for number, name in enumerate(whole.feature_ids)}
        columns = tuple(place[name] for name in ids)
        parts = [
            self._cut(_of_symbol(rows, whole.symbols, member, name), columns)
            for rows, name in ((taken(whole.train, train), "train"), (whole.validation, "validation"))
        ]
        scale = target_scale(parts[0], member, whole)
        parts = parts if scale is None else [_standardised(rows, scale) for rows in parts]
        settings = replace(member.settings, seed=whole.settings.seed + member.settings.seed)
        task = replace(
            whole,
            train=parts[0],
            validation=parts[1],
            feature_ids=ids,
            model=member.model,
            settings=settings,
            class_weights=_class_weights(parts[0], member, whole),
            scaler=_scaler(whole.scaler, columns),
        )
        return task, scale

    def _cut(self, rows: Rows, columns: tuple[int, ...]) -> Rows:
        """Return rows of some columns; rows that shared one matrix share its copy, too."""
        if columns == tuple(range(rows.inputs.shape[1])):
            return rows
        key = (id(rows.inputs), columns)
        if key not in self._copies:
            self._copies[key] = rows.inputs.take(columns, axis=1)
        return replace(rows, inputs=self._copies[key])


def taken(rows: Rows, chosen: Int64s | None) -> Rows:
    """Return some samples, in their order; the matrix stays."""
    if chosen is None:
        return rows
    ends = np.arange(len(rows.targets), dtype=np.int64) if rows.ends is None else rows.ends

    def of(values: Any) -> Any:
        return None if values is None else values[chosen]

    return Rows(
        rows.inputs,
        rows.targets[chosen],
        ends[chosen],
        of(rows.weights),
        of(rows.groups),
        of(rows.known_at),
        of(rows.label_end),
        of(rows.symbols),
    )


def _of_symbol(rows: Rows, symbols: tuple[str, ...], member: Member, part: str) -> Rows:
    """Return the samples of a member's symbol."""
    if not member.symbol:
        return rows
    number = symbols.index(member.symbol) if member.symbol in symbols else -1
    chosen = np.flatnonzero(rows.symbols == number) if rows.symbols is not None else np.arange(0)
    if not len(chosen):
        raise TrainingFailed(f"is fitted to {member.symbol}, which has no {part} rows here")
    return taken(rows, chosen)


def target_scale(rows: Rows, member: Member, whole: FitTask) -> TargetScaler | None:
    """Return what standardises the targets for a member that needs it, where those of the whole are not."""
    if whole.target.is_classification or whole.model.standardised or not member.model.standardised:
        return None
    return fit_target_scaler(rows.targets.astype(np.float64), _shares(rows))


def _shares(rows: Rows) -> Floats | None:
    return None if rows.weights is None else rows.weights.astype(np.float64)


def _standardised(rows: Rows, scale: TargetScaler) -> Rows:
    return replace(rows, targets=scale.transform(rows.targets.astype(np.float64)).astype(np.float32))


def _class_weights(rows: Rows, member: Member, whole: FitTask) -> Floats | None:
    if member.settings.class_weights != "balanced" or not whole.target.is_classification:
        return None
    counted = rows.targets if rows.weights is None else rows.targets[rows.weights > 0]
    return class_weights(counted.astype(np.int64), len(whole.target.classes))


def _scaler(scaler: Scaler | None, columns: tuple[int, ...]) -> Scaler | None:
    return None if scaler is None else Scaler(scaler.centre[list(columns)], scaler.scale[list(columns)])

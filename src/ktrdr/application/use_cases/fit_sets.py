"""Fit sets: a document whose memberships follow the values of the train part."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.preparing.pool import prepare
from ktrdr.application.preparing.raw_values import raw_values, used_on
from ktrdr.application.preparing.selection import with_selected_symbols
from ktrdr.domain.catalogue.memberships import MEMBERSHIPS
from ktrdr.domain.errors import InvalidInput, did_you_mean
from ktrdr.domain.features.quantile_fit import fit_to_quantiles
from ktrdr.domain.market.bars import iso
from ktrdr.domain.training.plan import plan_one_symbol
from ktrdr.domain.training.request import TrainingRequest


@dataclass(frozen=True, slots=True)
class Change:
    """New parameters of one membership."""

    fuzzy_set: str
    membership: str
    type: str
    before: tuple[float, ...]
    after: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FittedSets:
    """A proposal.

    Attributes
    ----------
    document : dict
        The document as it was written, with new parameters only.
    changes : tuple of Change
    kept : mapping of set to reason
        Sets that were asked for and stay as they are.
    rows : int
        Train rows that were looked at.
    until : str
        Moment up to which anything was looked at (ISO 8601, UTC).
    notes : tuple of str
    """

    document: dict[str, Any]
    changes: tuple[Change, ...]
    kept: Mapping[str, str]
    rows: int
    until: str
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``, the document left out."""
        return {
            "changes": [
                {"set": item.fuzzy_set, "membership": item.membership, "type": item.type}
                | {"before": list(item.before), "after": list(item.after)}
                for item in self.changes
            ],
            "kept": dict(self.kept),
            "rows": self.rows,
            "until": self.until,
        }


class FitSets:
    """Proposes parameters from quantiles of the train rows; validation and test rows are never looked at."""

    def __init__(self, data: DataRepository, features: FeatureEngineer) -> None:
        self._data = data
        self._features = features

    def execute(self, request: TrainingRequest, document: Mapping[str, Any], wanted: Sequence[str] = ()) -> FittedSets:
        """Return the document with fitted sets.

        Parameters
        ----------
        request : TrainingRequest
            Of the strategy that the document describes.
        document : mapping
            What the strategy's file holds.
        wanted : sequence of str
            Ids of the sets to fit; none means all.

        Raises
        ------
        InvalidInput
            If there is no such set, or as training would.
        DataNotFound
            As training would.
        """
        job = plan_one_symbol(with_selected_symbols(self._data, request))
        strategy = job.strategy
        _require_known(wanted, strategy.fuzzy_sets)
        prepared = prepare(PoolSources(self._data, self._features), job)
        train, market = prepared.pool.matrix_of(job.symbol).take(prepared.split.train), prepared.market
        changes, kept = [], {}
        for name in dict.fromkeys(wanted or strategy.fuzzy_sets):
            fuzzy_set, timeframes = strategy.fuzzy_sets[name], used_on(strategy, name)
            values = [
                raw_values(self._features, strategy, fuzzy_set.reference, timeframe, market)[train.base_rows]
                for timeframe in timeframes or (strategy.training_data.timeframes.base,)
            ]
            fitted = fit_to_quantiles(fuzzy_set.memberships, np.concatenate(values).astype(np.float64))
            if fitted is None:
                kept[name] = f"{fuzzy_set.reference.text} takes fewer than two values on the train rows"
                continue
            changes += [
                Change(name, item.name, item.type, item.parameters, after)
                for item, after in zip(fuzzy_set.memberships, fitted, strict=True)
            ]
        moment = iso(int(train.known_at[-1]))
        return FittedSets(_changed(document, changes), tuple(changes), kept, len(train), moment, prepared.notes)


def _require_known(wanted: Sequence[str], known: Collection[str]) -> None:
    if not known:
        raise InvalidInput("the strategy has no fuzzy sets: there is nothing to fit")
    for name in wanted:
        if name not in known:
            raise InvalidInput(
                f"there is no fuzzy set {name!r}; there is {', '.join(known)}{did_you_mean(name, known)}"
            )


def _changed(document: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """Return a document with new parameters; what is not changed is shared with the given one."""
    after = {(change.fuzzy_set, change.membership): change for change in changes}
    sets = {
        name: {
            key: _written(after[str(name), str(key)], value) if (str(name), str(key)) in after else value
            for key, value in written.items()
        }
        for name, written in document["fuzzy_sets"].items()
    }
    return {**document, "fuzzy_sets": sets}


def _written(change: Change, before: Any) -> Any:
    """Return a membership in the form in which it was written."""
    numbers = [float(number) for number in change.after]
    if not isinstance(before, Mapping):
        return numbers
    parameters = before["parameters"]
    if isinstance(parameters, Mapping):
        return {**before, "parameters": dict(zip(MEMBERSHIPS[change.type].parameters, numbers, strict=True))}
    return {**before, "parameters": numbers}

"""The rows of a stored model's training, found again: those that its weights, its choice and its verdict rest on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ktrdr.application.preparing.gathering import GatheredPool, PoolSources, gather_pool
from ktrdr.application.preparing.pool import in_hours
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.opened import OpenedModel
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.market.bars import from_iso
from ktrdr.domain.splits.parted import Parted
from ktrdr.domain.splits.temporal import CutAt
from ktrdr.domain.training.pool.pool import Pool


@dataclass(frozen=True, slots=True, eq=False)
class Retraced:
    """Pool and parts as training had them, and sentences that say where they are not."""

    pool: Pool
    split: Parted
    notes: tuple[str, ...]


def retraced(sources: PoolSources, opened: OpenedModel) -> Retraced:
    """Return the rows of a model's training, gathered anew, and cut and purged where training did.

    Raises
    ------
    DataNotFound, CorruptArtifact
    InvalidInput
        If its features can no longer be computed as in training, or the bars of its parts are gone.
    """
    opened.require_same_features(sources.engineer.kernels(opened.features))
    manifest, strategy = opened.manifest, opened.strategy
    gathered = gather_pool(sources, strategy, _pooled(manifest))
    pool = gathered.pool
    if manifest.symbol is None:
        pool, _ = in_hours(gathered, strategy, sources.calendar)
    split = _parted(manifest, pool)
    return Retraced(pool, split, (*_changed_bars(manifest, gathered), *_changed_rows(manifest, split)))


def _pooled(manifest: Manifest) -> list[str]:
    """Return the symbols that had a part in the split: those with rows to learn from, and those that had too few."""
    everyone, held_out = manifest.split.get("symbols"), manifest.split.get("held_out")
    if not isinstance(everyone, dict) or not isinstance(held_out, list):
        return manifest.training_symbols
    return [symbol for symbol in everyone if symbol not in held_out]


def _parted(manifest: Manifest, pool: Pool) -> Parted:
    """Return the parts of the training: the rows that there were, cut and purged where they were."""
    name, split = manifest.model_name, manifest.split
    try:
        parts, judged_until = split["parts"], from_iso(split["judged_until"])
        first, last = from_iso(parts["train"]["first"]), from_iso(parts["test"]["last"])
        (one, other), embargo = map(from_iso, split["cuts"]), split["embargo_bars"]
        splitter = CutAt((one, other), embargo, name)
        _rows_then(manifest)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CorruptArtifact(f"{name}: split does not say when its parts begin and end") from error
    there = (pool.known_at >= first) & (pool.known_at <= last) & (pool.label_end <= judged_until)
    try:
        (parted,) = splitter(replace(pool, label_end=np.where(there, pool.label_end, NO_LABEL)).spans)
    except InvalidInput as error:
        symbols = ", ".join(pool.symbols)
        raise InvalidInput(f"{symbols}: the bars that {name} was trained and judged on are not there") from error
    return parted


def _rows_then(manifest: Manifest) -> dict[str, Any]:
    """Return how many rows each part had in training."""
    return {name: part["rows"] for name, part in manifest.split["parts"].items()}


def _changed_rows(manifest: Manifest, split: Parted) -> tuple[str, ...]:
    """Say which parts have other rows than in training."""
    then = _rows_then(manifest)
    return tuple(
        f"{name}: {len(part.rows)} rows, in training {then.get(name)}; the rules describe the model on these"
        for name, part in split.parts.items()
        if then.get(name) != len(part.rows)
    )


def _changed_bars(manifest: Manifest, gathered: GatheredPool) -> tuple[str, ...]:
    """Say which series are not those that the model was trained on."""
    trained = {(str(entry.get("symbol")), str(entry.get("timeframe"))): entry.get("sha256") for entry in manifest.data}
    loaded = dict.fromkeys(item for member in gathered.members.values() for item in member.loaded)
    return tuple(
        f"{item.symbol} {item.timeframe}: these are not the bars of the training; the rules describe the model on these"
        for item in loaded
        if trained.get((item.symbol, item.timeframe)) != item.sha256
    )

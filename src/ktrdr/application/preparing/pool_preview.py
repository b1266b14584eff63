"""What a pooled job would train on."""

from __future__ import annotations

import numpy as np

from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.preparing.pool import prepare_pool
from ktrdr.application.preparing.preview import Preview, series_read
from ktrdr.application.preparing.rows import require_no_warnings
from ktrdr.domain.labels.labelset import class_shares
from ktrdr.domain.training.plan import TrainingJob


def preview_pool(job: TrainingJob, sources: PoolSources) -> Preview:
    """Prepare a pooled job and report on it.

    Raises
    ------
    InvalidInput, DataNotFound
        As training would.
    """
    strategy, request = job.strategy, job.request
    prepared = prepare_pool(sources, strategy, job.symbols, request.hold_out, request.leave_out)
    require_no_warnings(prepared.warnings, request.strict)
    pool, split, members = prepared.pool, prepared.split, prepared.members.values()
    loaded = dict.fromkeys(item for member in members for item in member.loaded)
    counts = {f"{name}_rows": sum(getattr(one, name) for one in members) for name in ("unlabelled", "windowless")}
    shares = {}
    if pool.target.is_classification:
        for symbol in split.seen:
            labels = pool.labels_of(split.own(pool, symbol, "train")).astype(np.int64)
            shares[symbol] = class_shares(labels, pool.target.classes)
    return Preview(
        strategy,
        tuple(feature.id for feature in prepared.features),
        series_read(loaded),
        {"usable_rows": len(pool), **counts, "unsettled_rows": sum(one.unsettled for one in members)},
        split.report(),
        prepared.notes,
        prepared.warnings,
        shares=shares,
    )

"""The contract between a model and its features: which values it was trained on, as data and as one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.context import CONTEXT_REVISION
from ktrdr.domain.features.feature import Feature, Source
from ktrdr.domain.features.learnable import input_ids
from ktrdr.domain.features.prices import SESSION_REVISION

ALIGNMENT = "latest_known"
"""Each row takes the latest bar of the feature's timeframe that is known by the row's known-at time."""

FORWARD_FILL = "forward_fill"
"""Each bar of that timeframe takes the latest publication of a context series that is known by its known-at time."""

Contract = Sequence[Mapping[str, Any]]


def feature_contract(features: Sequence[Feature], kernels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return, per feature in order, everything that decides its values; plain JSON types.

    Parameters
    ----------
    features : sequence of Feature
    kernels : mapping of indicator type to kernel and library version
        As `FeatureEngineer.kernels` gives them.
    """
    columns = input_ids(features)
    return [_entry(feature, kernels) | _learned(feature, columns) for feature in features]


def _learned(feature: Feature, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return which set is tuned from its written parameters, and the input column: its indicator less the offset."""
    if not feature.learnable:
        return {}
    column = {"column": columns[feature.id], "offset": feature.offset}
    return {"learnable": {"membership": list(feature.learnable)} | column}


def _entry(feature: Feature, kernels: Mapping[str, str]) -> dict[str, Any]:
    source, membership = feature.source, feature.membership
    entry: dict[str, Any] = {"id": feature.id, "kind": feature.kind}
    if source is None:
        entry |= {"context": dict(feature.context), "kernel": CONTEXT_REVISION}
    else:
        entry |= _computation(source) | {"kernel": kernels[source.indicator]} | _sessions(source)
    if membership is not None:
        entry["membership"] = {"type": membership.type, "parameters": list(membership.parameters)}
    return entry | {"normalization": feature.normalization, "lag": feature.lag}


def _computation(source: Source) -> dict[str, Any]:
    beside = {"data_source": {"series": source.data_source, "alignment": FORWARD_FILL}} if source.data_source else {}
    return beside | {
        "timeframe": source.timeframe,
        "alignment": ALIGNMENT,
        "indicator": source.indicator,
        "parameters": dict(source.parameters),
        "inputs": list(INDICATORS[source.indicator].columns(source.parameters)),
        "output": source.output,
    }


def _sessions(source: Source) -> dict[str, Any]:
    """Return what decides where an indicator begins anew, if it does."""
    return {"session": SESSION_REVISION} if source.by_session else {}


def contract_hash(contract: Contract) -> str:
    """Return the SHA-256 of a contract in canonical JSON, 64 hex digits; the order of features counts, of keys not."""
    text = json.dumps(contract, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def compare(expected: Contract, found: Contract) -> str | None:
    """Return a sentence that names the first feature and field in which two contracts differ; None if they agree."""
    for place, (old, new) in enumerate(zip(expected, found, strict=False), start=1):
        for field in dict.fromkeys([*old, *new]):
            before, after = old.get(field), new.get(field)
            if contract_hash([{field: before}]) != contract_hash([{field: after}]):
                return f"feature {place} ({old.get('id')!r}): {field} was {before!r}, now {after!r}"
    if len(expected) != len(found):
        longer, verb = (expected, "is missing") if len(expected) > len(found) else (found, "was not there")
        ids = f"{len(expected)} features expected, {len(found)} found"
        return f"{ids}; {longer[min(len(expected), len(found))].get('id')!r} {verb}"
    return None

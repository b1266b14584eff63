"""The manifest: everything about a model except its weights (model metadata v3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from ktrdr.domain.artifacts.key import ModelKey
from ktrdr.domain.errors import CorruptArtifact

SCHEMA_VERSION = 3
_JSON_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "int": (int,),
    "list[str]": (list,),
    "list[dict[str, Any]]": (list,),
    "dict[str, Any]": (dict,),
    "dict[str, str]": (dict,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Metadata of one model version; plain JSON values only.

    Moments are ISO 8601 in UTC. `fitted_until`, `selected_until` and `judged_until` are the latest label ends of the
    train, validation and test rows: what the weights, the choice of epoch, and the verdict have seen.
    `created_at`, `version`, `checksums` and `manifest_sha256` are filled by `sealed`.
    """

    model_name: str
    strategy_name: str
    strategy_version: str
    symbol: str | None
    timeframe: str | None
    model: dict[str, Any]
    strategy: dict[str, Any]
    indicators: dict[str, Any]
    fuzzy_sets: dict[str, Any]
    nn_inputs: list[dict[str, Any]]
    resolved_features: list[str]
    feature_contract: list[dict[str, Any]]
    contract_hash: str
    target: dict[str, Any]
    inference: dict[str, Any]
    training_symbols: list[str]
    training_timeframes: list[str]
    training_metrics: dict[str, Any]
    settings: dict[str, Any]
    seed: int
    data: list[dict[str, Any]]
    split: dict[str, Any]
    fitted_until: str
    selected_until: str
    judged_until: str
    libraries: dict[str, str]
    schema_version: int = SCHEMA_VERSION
    created_at: str = ""
    version: int = 0
    checksums: dict[str, str] = field(default_factory=dict)
    manifest_sha256: str = ""

    @property
    def key(self) -> ModelKey:
        """The model's key."""
        return ModelKey(self.strategy_name, self.symbol, self.timeframe)

    def sealed(self, version: int, created_at: str, blobs: Mapping[str, bytes]) -> Manifest:
        """Return the manifest as it is published: numbered, dated, with checksums of the blobs and of itself."""
        checksums = {name: hashlib.sha256(blobs[name]).hexdigest() for name in sorted(blobs)}
        numbered = replace(self, version=version, created_at=created_at, checksums=checksums)
        return replace(numbered, manifest_sha256=numbered.digest())

    def digest(self) -> str:
        """Return the SHA-256 over all fields but `manifest_sha256`, in canonical JSON."""
        values = asdict(self)
        del values["manifest_sha256"]
        return hashlib.sha256(canonical_json(values)).hexdigest()

    def to_json(self) -> bytes:
        """Return the content of ``metadata.json``."""
        return json.dumps(asdict(self), indent=2, allow_nan=False).encode() + b"\n"

    @classmethod
    def from_json(cls, text: bytes, where: str) -> Manifest:
        """Read ``metadata.json`` and verify its own SHA-256.

        Raises
        ------
        CorruptArtifact
            If the text is not JSON, is of another schema, or is not what was sealed.
        """
        try:
            values = json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise CorruptArtifact(f"{where}: not valid JSON ({error})") from error
        if not isinstance(values, dict):
            raise CorruptArtifact(f"{where}: must be a JSON object, found {type(values).__name__}")
        if values.get("schema_version") != SCHEMA_VERSION:
            found = values.get("schema_version")
            raise CorruptArtifact(f"{where}: schema_version is {found!r}, this program reads {SCHEMA_VERSION}")
        _check_fields(values, where)
        manifest = cls(**values)
        if manifest.digest() != manifest.manifest_sha256:
            raise CorruptArtifact(f"{where}: does not match its own manifest_sha256; it was changed after publishing")
        return manifest


def canonical_json(values: Any) -> bytes:
    """Return JSON with sorted keys and no white space: equal values, equal bytes."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not allowed")


def _check_fields(values: Mapping[str, Any], where: str) -> None:
    known = {item.name: str(item.type) for item in fields(Manifest)}
    missing, unknown = sorted(known.keys() - values.keys()), sorted(values.keys() - known.keys())
    if missing or unknown:
        raise CorruptArtifact(f"{where}: missing fields {missing}, unknown fields {unknown}")
    for name, kind in known.items():
        if not isinstance(values[name], _JSON_KINDS[kind]) or isinstance(values[name], bool):
            raise CorruptArtifact(f"{where}: {name} must be {kind}, found {type(values[name]).__name__}")

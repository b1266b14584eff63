"""The manifest: everything about a model except its weights (model metadata v3)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ktrdr.domain.artifacts.field_kinds import KINDS, check_moment
from ktrdr.domain.artifacts.key import ModelKey
from ktrdr.domain.artifacts.plain_json import MAX_BYTES, canonical_json, plain_problem, pretty_json, read_json
from ktrdr.domain.errors import CorruptArtifact, InvalidInput

METADATA = "metadata.json"
SCHEMA_VERSION = 3
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Metadata of one model version; plain JSON values only.

    Moments are ISO 8601 in UTC. `fitted_until`, `selected_until` and `judged_until` are the latest label ends of the
    train, validation and test rows: what the weights, the choice of epoch, and the verdict have seen.
    `created_at`, `version`, `checksums` and `manifest_sha256` are filled by `sealed`. What cannot be read back is
    refused here, before it can be stored. A field that is None where it may be is absent from ``metadata.json``: older
    manifests do not have it. `settled_history` says per timeframe how many bars a prediction needs, and
    `input_columns` what the matrix carries: the resolved features, but for learnable fuzzy sets their indicators. Of
    such a set `fuzzy_sets` has the tuned parameters, and `strategy` the written ones. `symbols` has the
    `SymbolProfile` of each training symbol up to `fitted_until`. `quality` has the verdict on all series that were
    read, every finding, and why findings were accepted that the limits refuse. `symbol` and `timeframe` are None for
    a universal model.

    Raises
    ------
    InvalidInput
        If a field is not of its type or not plain JSON (no tuples, NaN or NumPy scalars), a moment or a checksum is
        not spelled as it must be, a feature id is repeated, no training symbol is named, a profile is none or of
        another symbol, or strategy, symbol and timeframe make no `ModelKey`.
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
    data_origins: dict[str, str]
    split: dict[str, Any]
    fitted_until: str
    selected_until: str
    judged_until: str
    libraries: dict[str, str]
    settled_history: dict[str, int] | None = None
    input_columns: list[str] | None = None
    symbols: dict[str, dict[str, Any]] | None = None
    quality: dict[str, Any] | None = None
    schema_version: int = SCHEMA_VERSION
    created_at: str = ""
    version: int = 0
    checksums: dict[str, str] = field(default_factory=dict)
    manifest_sha256: str = ""

    @property
    def key(self) -> ModelKey:
        """The model's key."""
        return ModelKey(self.strategy_name, self.symbol, self.timeframe)

    @property
    def base_timeframe(self) -> str | None:
        """The timeframe of the rows; for a universal model that of its strategy, None where that does not say."""
        return base_timeframe(self.timeframe, self.strategy)

    def __post_init__(self) -> None:
        values = self.as_dict()
        check_kinds(values)
        problem = plain_problem(values)
        if problem:
            raise InvalidInput(problem.lstrip("."))
        _check_checksums(self.checksums)
        published = ("created_at",) if self.version else ()
        for name in ("fitted_until", "selected_until", "judged_until", *published):
            check_moment(name, values[name])
        for name in ("resolved_features", "input_columns"):
            ids = values.get(name) or []
            if len(set(ids)) < len(ids):
                raise InvalidInput(f"{name}: an id is repeated")
        if not self.training_symbols:
            raise InvalidInput("training_symbols: must name at least one")
        _check_profiles(self.symbols or {}, self.training_symbols)
        ModelKey(self.strategy_name, self.symbol, self.timeframe)

    def sealed(self, version: int, created_at: str, blobs: Mapping[str, bytes]) -> Manifest:
        """Return the manifest as it is published: numbered, dated, with checksums of the blobs and of itself.

        Raises
        ------
        InvalidInput
            If a blob's name is no plain file name, or the manifest is larger than what is read back.
        """
        checksums = {name: hashlib.sha256(blobs[name]).hexdigest() for name in sorted(blobs)}
        numbered = replace(self, version=version, created_at=created_at, checksums=checksums)
        sealed = replace(numbered, manifest_sha256=numbered.digest())
        if len(sealed.to_json()) > MAX_BYTES:
            raise InvalidInput(f"{METADATA} of {self.key.reference(None)}: larger than {MAX_BYTES:,} bytes")
        return sealed

    def digest(self) -> str:
        """Return the SHA-256 over all fields but `manifest_sha256`, in canonical JSON."""
        return digest(self.as_dict())

    def to_json(self) -> bytes:
        """Return the content of ``metadata.json``."""
        return pretty_json(self.as_dict())

    @classmethod
    def from_json(cls, text: bytes, where: str, *, published: bool = True) -> Manifest:
        """Read ``metadata.json`` as it was published: to the byte, and matching its own SHA-256.

        Without `published` it may also be that of a model that was kept because it could not be published: version 0.

        Raises
        ------
        CorruptArtifact
            If the text is not JSON, is of another schema, or is not what was sealed.
        """
        values = read_json(text, where)
        check_names(values, where)
        try:
            manifest = cls(**values)
        except InvalidInput as error:
            raise CorruptArtifact(f"{where}: {error}") from error
        if manifest.version < published:
            raise CorruptArtifact(f"{where}: version is {manifest.version}, it was never published")
        if manifest.digest() != manifest.manifest_sha256 or manifest.to_json() != text:
            raise CorruptArtifact(f"{where}: does not match its own manifest_sha256; it was changed after publishing")
        return manifest

    def as_dict(self) -> dict[str, Any]:
        """Return the fields in the order of ``metadata.json``, absent ones left out; values are the manifest's own."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in values.items() if value is not None or name not in _MAY_BE_ABSENT}


def base_timeframe(timeframe: str | None, strategy: Mapping[str, Any]) -> str | None:
    """Return the timeframe of a model's rows: its own, else that of its strategy; None where that does not say."""
    if timeframe is not None:
        return timeframe
    base: Any = strategy
    for name in ("training_data", "timeframes", "base_timeframe"):
        base = base.get(name) if isinstance(base, dict) else None
    return base if isinstance(base, str) else None


_MAY_BE_ABSENT = frozenset({"settled_history", "input_columns", "symbols", "quality"})


def digest(values: Mapping[str, Any]) -> str:
    """Return the SHA-256 over all fields but ``manifest_sha256``, in canonical JSON."""
    sealed = {name: value for name, value in values.items() if name != "manifest_sha256"}
    return hashlib.sha256(canonical_json(sealed)).hexdigest()


def check_names(values: Any, where: str) -> None:
    """Check that the fields are those of the schema.

    Raises
    ------
    CorruptArtifact
        If they are not, or these are no fields.
    """
    if not isinstance(values, dict):
        raise CorruptArtifact(f"{where}: must be a JSON object, found {type(values).__name__}")
    if values.get("schema_version") != SCHEMA_VERSION:
        found = ascii(values.get("schema_version"))[:40]
        raise CorruptArtifact(f"{where}: schema_version is {found}, this program reads {SCHEMA_VERSION}")
    known = {item.name for item in fields(Manifest)}
    missing, unknown = sorted(known - _MAY_BE_ABSENT - values.keys()), sorted(values.keys() - known)
    if missing or unknown:
        raise CorruptArtifact(f"{where}: missing fields {missing}, unknown fields {ascii(unknown)[:200]}")


def check_kinds(values: Mapping[str, Any]) -> None:
    """Check the type of each field, but not deep within it.

    Raises
    ------
    InvalidInput
        If one is of another type.
    """
    for item in fields(Manifest):
        kind, value = str(item.type), values.get(item.name)
        if not KINDS[kind](value):
            raise InvalidInput(f"{item.name} must be {kind}, found {type(value).__name__}")


def _check_checksums(checksums: Mapping[str, str]) -> None:
    for name, checksum in checksums.items():
        if not _FILE_NAME.fullmatch(name) or name.lower() == METADATA:
            raise InvalidInput(f"checksums: {name[:80]!r} cannot be the name of a file beside {METADATA}")
        if not _SHA256.fullmatch(checksum):
            raise InvalidInput(f"checksums.{name}: {checksum[:80]!r} is not a SHA-256 in hexadecimal")


def _check_profiles(profiles: Mapping[str, Mapping[str, Any]], trained: list[str]) -> None:
    from ktrdr.domain.market.profile import SymbolProfile  # pandas, which a list of models has no use for

    for symbol, profile in profiles.items():
        if symbol not in trained:
            raise InvalidInput(f"symbols: {ascii(symbol)[:80]} is none of the training_symbols")
        try:
            SymbolProfile.from_dict(profile)
        except InvalidInput as error:
            raise InvalidInput(f"symbols: {ascii(symbol)[:80]} {error}") from error

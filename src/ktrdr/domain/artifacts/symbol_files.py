"""What a universal model keeps of each symbol, as two files: ``symbols.json`` and ``symbol_configs.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.plain_json import plain_problem, pretty_json
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.profile import SymbolProfile

SYMBOLS = "symbols.json"
SYMBOL_CONFIGS = "symbol_configs.json"
PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class PooledSymbol:
    """One symbol of a pool.

    Attributes
    ----------
    characteristics : mapping
        The fields of `SymbolCharacteristics` but the symbol, as plain values.
    profile : SymbolProfile or None
        Up to the train end; None for a symbol without a bar before it.
    rows : mapping of part to int
        Its rows in ``train``, ``validation`` and ``test``; none in train for a symbol that the model has not seen.
    origins : mapping of timeframe to str
        Where its bars came from, as `Manifest.data_origins` has it; obeyed at prediction.
    """

    characteristics: Mapping[str, Any]
    profile: SymbolProfile | None
    rows: Mapping[str, int]
    origins: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        facts: SymbolCharacteristics,
        profile: SymbolProfile | None,
        rows: Mapping[str, int],
        origins: Mapping[str, str],
    ) -> PooledSymbol:
        """Return what to keep of a symbol."""
        plain = json.loads(json.dumps(asdict(facts)))
        del plain["symbol"]
        return cls(plain, profile, dict(rows), dict(origins))

    @property
    def asset_class(self) -> str:
        """What it was in training."""
        return str(self.characteristics.get("asset_class"))

    @property
    def seen(self) -> bool:
        """Whether the model was fitted on rows of it."""
        return self.rows["train"] > 0


def symbols_json(symbols: Mapping[str, PooledSymbol]) -> bytes:
    """Return the content of ``symbols.json``, symbols in alphabetical order.

    Raises
    ------
    InvalidInput
        If the rows of a symbol are not three counts, or its characteristics are not plain JSON.
    """
    document = {
        symbol: {
            "characteristics": dict(one.characteristics),
            "profile": None if one.profile is None else one.profile.as_dict(),
            "rows": dict(one.rows),
            "origins": dict(one.origins),
        }
        for symbol, one in sorted(symbols.items())
    }
    for symbol, values in document.items():
        _read_symbol(values, f"{SYMBOLS}: {ascii(symbol)[:80]}")
    return _written(document, SYMBOLS)


def read_symbols(artifact: Artifact) -> dict[str, PooledSymbol]:
    """Return the symbols of a universal model; empty where there is no such file.

    Raises
    ------
    CorruptArtifact
        If the file is not what a training writes.
    """
    try:
        return {
            symbol: _read_symbol(values, f"{SYMBOLS}: {ascii(symbol)[:80]}")
            for symbol, values in artifact.document(SYMBOLS).items()
        }
    except InvalidInput as error:
        raise CorruptArtifact(str(error)) from error


def symbol_configs_json(configs: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Return the content of ``symbol_configs.json``: per symbol, in alphabetical order, what differs for it.

    Raises
    ------
    InvalidInput
        If a config is not plain JSON.
    """
    return _written({symbol: dict(config) for symbol, config in sorted(configs.items())}, SYMBOL_CONFIGS)


def read_symbol_configs(artifact: Artifact) -> dict[str, dict[str, Any]]:
    """Return what differs per symbol; empty where there is no such file.

    Raises
    ------
    CorruptArtifact
        If the file does not hold one mapping per symbol.
    """
    configs = artifact.document(SYMBOL_CONFIGS)
    for symbol, config in configs.items():
        if not isinstance(config, dict):
            raise CorruptArtifact(
                f"{SYMBOL_CONFIGS}: {ascii(symbol)[:80]} must be a mapping, found {type(config).__name__}"
            )
    return configs


def symbol_problems(artifact: Artifact) -> Iterator[str]:
    """Yield what is wrong with the two files, by themselves and beside the manifest."""
    manifest = artifact.manifest
    if manifest.symbol is None:
        yield from (
            f"universal, but without {name}" for name in (SYMBOLS, SYMBOL_CONFIGS) if name not in artifact.blobs
        )
    try:
        symbols = read_symbols(artifact)
        configs = read_symbol_configs(artifact)
    except CorruptArtifact as error:
        yield str(error)
        return
    kept = SYMBOLS in artifact.blobs
    if kept and {name for name, one in symbols.items() if one.seen} != set(manifest.training_symbols):
        yield f"{SYMBOLS} has train rows of other symbols than the training_symbols"
    profiles = {name: one.profile.as_dict() for name, one in symbols.items() if one.seen and one.profile}
    if kept and profiles != (manifest.symbols or {}):
        yield f"{SYMBOLS} has other profiles than the manifest"
    strange = sorted(configs.keys() - symbols.keys())
    if strange:
        yield f"{SYMBOL_CONFIGS} names symbols that {SYMBOLS} does not: {', '.join(map(ascii, strange))[:200]}"


def _read_symbol(values: Any, where: str) -> PooledSymbol:
    if not isinstance(values, dict) or values.keys() != {"characteristics", "profile", "rows", "origins"}:
        raise InvalidInput(f"{where} must hold characteristics, profile, rows and origins")
    facts, profile, rows, origins = (values[name] for name in ("characteristics", "profile", "rows", "origins"))
    if not isinstance(facts, dict) or not isinstance(profile, dict | None):
        raise InvalidInput(f"{where} must have a mapping of characteristics and one of a profile, or none")
    if not isinstance(rows, dict) or rows.keys() != set(PARTS) or not all(map(_is_count, rows.values())):
        raise InvalidInput(f"{where} must count its rows of {', '.join(PARTS)}")
    if not isinstance(origins, dict) or not all(isinstance(origin, str) for origin in origins.values()):
        raise InvalidInput(f"{where} must say of each timeframe where its bars came from")
    try:
        return PooledSymbol(facts, None if profile is None else SymbolProfile.from_dict(profile), rows, origins)
    except InvalidInput as error:
        raise InvalidInput(f"{where}: its profile {error}") from error


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _written(document: dict[str, Any], name: str) -> bytes:
    problem = plain_problem(document)
    if problem:
        raise InvalidInput(f"{name}{problem}")
    return pretty_json(document)

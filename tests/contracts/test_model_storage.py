"""Every sentence of the ModelStorage port, over every adapter."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from samples.models import artifact
from samples.universals import universal

from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.storage.filesystem import FileSystemStorage
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.domain.artifacts.key import ModelKey
from ktrdr.domain.artifacts.symbol_files import read_symbols
from ktrdr.domain.errors import InvalidInput, ModelNotFound


def _pointer_file_storage(root: Path, monkeypatch: pytest.MonkeyPatch) -> FileSystemStorage:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("links are not to be had here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    return FileSystemStorage(root)


ADAPTERS: dict[str, Callable[[Path, pytest.MonkeyPatch], ModelStorage]] = {
    "memory": lambda root, patch: MemoryStorage(),
    "filesystem": lambda root, patch: FileSystemStorage(root / "models"),
    "filesystem without links": lambda root, patch: _pointer_file_storage(root / "models", patch),
}


@pytest.fixture(params=ADAPTERS.values(), ids=ADAPTERS.keys())
def storage(request: pytest.FixtureRequest, fast_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelStorage:
    return request.param(fast_path, monkeypatch)


def test_empty_storage_has_no_versions(storage: ModelStorage) -> None:
    assert storage.versions() == ()
    with pytest.raises(ModelNotFound, match="no models yet"):
        storage.load("demo/AAPL_1d_latest")


def test_publish_numbers_from_one_and_moves_latest(storage: ModelStorage) -> None:
    first, second = storage.publish(artifact(b"one")), storage.publish(artifact(b"two"))
    assert [(v.key, v.number, v.is_latest) for v in (first, second)] == [
        (ModelKey("demo", "AAPL", "1d"), 1, True),
        (ModelKey("demo", "AAPL", "1d"), 2, True),
    ]
    assert [(v.reference, v.is_latest) for v in storage.versions()] == [
        ("demo/AAPL_1d_v1", False),
        ("demo/AAPL_1d_v2", True),
    ]
    assert storage.load("demo/AAPL_1d_latest").blobs["model.safetensors"] == b"two"
    assert storage.load("demo/AAPL_1d_v1").blobs["model.safetensors"] == b"one"


def test_stored_manifest_is_sealed(storage: ModelStorage) -> None:
    given = artifact(b"one")
    before = datetime.now(UTC) - timedelta(seconds=1)
    storage.publish(given)
    loaded = storage.load("demo/AAPL_1d_v1")
    assert loaded.blobs == given.blobs
    assert loaded.manifest.version == 1
    assert before <= datetime.fromisoformat(loaded.manifest.created_at) <= datetime.now(UTC)
    assert loaded.manifest.checksums == {k: hashlib.sha256(v).hexdigest() for k, v in given.blobs.items()}
    assert len(loaded.manifest.manifest_sha256) == 64
    assert loaded.manifest == given.manifest.sealed(1, loaded.manifest.created_at, given.blobs)


def test_published_version_never_changes(storage: ModelStorage) -> None:
    given = artifact(b"one")
    storage.publish(given)
    loaded = storage.load("demo/AAPL_1d_v1")
    for blobs in (given.blobs, loaded.blobs):
        blobs["model.safetensors"] = b"changed"  # type: ignore[index]
    given.manifest.strategy["name"] = loaded.manifest.strategy["name"] = "changed"
    again = storage.load("demo/AAPL_1d_v1")
    assert again.blobs["model.safetensors"] == b"one"
    assert again.manifest.strategy["name"] == "demo"


def test_number_is_never_reused_after_delete(storage: ModelStorage) -> None:
    for _ in range(3):
        storage.publish(artifact())
    for reference in ("demo/AAPL_1d_v3", "demo/AAPL_1d_v1", "demo/AAPL_1d_v2"):
        assert storage.delete(reference).reference == reference
    assert storage.versions() == ()
    assert storage.publish(artifact()).number == 4


def test_delete_of_latest_leaves_no_latest_until_the_next_publish(storage: ModelStorage) -> None:
    storage.publish(artifact(b"one"))
    storage.publish(artifact(b"two"))
    assert storage.delete("demo/AAPL_1d_latest").number == 2
    assert [(v.number, v.is_latest) for v in storage.versions()] == [(1, False)]
    with pytest.raises(ModelNotFound, match="AAPL_1d_v1"):
        storage.load("demo/AAPL_1d_latest")
    with pytest.raises(ModelNotFound):
        storage.delete("demo/AAPL_1d_latest")
    storage.publish(artifact(b"three"))
    assert storage.load("demo/AAPL_1d_latest").blobs["model.safetensors"] == b"three"


def test_delete_of_an_old_version_keeps_latest(storage: ModelStorage) -> None:
    storage.publish(artifact(b"one"))
    storage.publish(artifact(b"two"))
    deleted = storage.delete("demo/AAPL_1d_v1")
    assert (deleted.number, deleted.is_latest) == (1, False)
    assert storage.load("demo/AAPL_1d_latest").blobs["model.safetensors"] == b"two"


@pytest.mark.parametrize(
    "reference",
    [
        *("demo/AAPL_1d_v9", "demo/MSFT_1d_v1", "other/AAPL_1d_v1", "demo/AAPL_1d", "demo", "", "demo/AAPL_1d_v0"),
        *("demo/AAPL_1d_v01", "demo/\0_1d_v1", "\ud800/x_v1", "../../x/y_v1", "demo/.staging-AAPL_1d_v1"),
        *("a" * 5000, "demo/AAPL_1d_v" + "9" * 5000),
    ],
)
def test_what_is_not_there_is_not_found(storage: ModelStorage, reference: str) -> None:
    storage.publish(artifact())
    there = "there are demo/AAPL_1d_v1" if "/" in reference or reference == "demo" else "there are models of demo"
    for act in (storage.load, storage.delete):
        with pytest.raises(ModelNotFound, match=f"; {there}(;|$)"):
            act(reference)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("demo/APPL_1d_latest", "demo/AAPL_1d_latest"),
        ("demo/APPL_1d_v1", "demo/AAPL_1d_v1"),
        ("dmeo", "demo"),
        ("AAPL_1d_v1", "demo/AAPL_1d_v1"),
    ],
)
def test_not_found_names_the_nearest(storage: ModelStorage, asked: str, meant: str) -> None:
    storage.publish(artifact())
    with pytest.raises(ModelNotFound, match=f"; did you mean '{meant}'"):
        storage.load(asked)


@pytest.mark.parametrize("name", ["up/down", "up%2Fdown"])
def test_a_strategy_is_no_model_but_has_some(storage: ModelStorage, name: str) -> None:
    for symbol in ("AAPL", "AAPL", "MSFT"):
        storage.publish(artifact(strategy_name="up/down", symbol=symbol))
    models = "up%2Fdown/AAPL_1d_v2, up%2Fdown/MSFT_1d_v1, up%2Fdown/AAPL_1d_v1"
    for act in (storage.load, storage.delete):
        with pytest.raises(
            ModelNotFound, match=f"^'{name}' is a strategy: name one of its models; there are {models}$"
        ):
            act(name)


def test_versions_are_sorted_by_strategy_key_and_number(storage: ModelStorage) -> None:
    keys = [("b", "X", "1d"), ("a", "Z", "1h"), ("a", None, None), ("a", "Z", "1d"), ("a", "^GSPC", "1d")]
    for strategy, symbol, timeframe in keys * 2:
        storage.publish(artifact(strategy_name=strategy, symbol=symbol, timeframe=timeframe))
    for _ in range(10):
        storage.publish(artifact(strategy_name="a", symbol="Z", timeframe="1h"))
    expected = [f"a/{stem}_v{n}" for stem in ("Z_1d",) for n in (1, 2)]
    expected += [f"a/Z_1h_v{n}" for n in range(1, 13)]
    expected += [f"a/{stem}_v{n}" for stem in ("^GSPC_1d", "universal") for n in (1, 2)] + ["b/X_1d_v1", "b/X_1d_v2"]
    assert [version.reference for version in storage.versions()] == expected


def test_a_universal_model_lies_beside_those_of_symbols(storage: ModelStorage) -> None:
    for payload in (b"one", b"two"):
        storage.publish(universal(payload))
        for symbol in ("AAPL", "MSFT"):
            storage.publish(artifact(payload, symbol=symbol))
    assert [(version.reference, version.key.symbol, version.is_latest) for version in storage.versions()] == [
        (f"demo/{stem}_v{number}", symbol, number == 2)
        for stem, symbol in (("AAPL_1d", "AAPL"), ("MSFT_1d", "MSFT"), ("universal", None))
        for number in (1, 2)
    ]
    for reference in ("demo/universal_latest", "demo/universal_v2"):
        loaded = storage.load(reference)
        assert (loaded.manifest.key, loaded.manifest.base_timeframe) == (ModelKey("demo"), "1d")
        assert (loaded.manifest.symbol, loaded.manifest.timeframe) == (None, None)
        assert loaded.blobs == universal(b"two").blobs
        assert read_symbols(loaded)["MSFT"].rows == {"train": 700, "validation": 150, "test": 150}
        assert loaded.manifest.symbols == universal().manifest.symbols
    storage.delete("demo/universal_latest")
    assert storage.load("demo/AAPL_1d_latest").manifest.version == 2
    with pytest.raises(ModelNotFound, match="universal_v1"):
        storage.load("demo/universal_latest")
    assert storage.publish(universal()).number == 3


@pytest.mark.parametrize("symbol", ["^GSPC", "BRK.B", "../x", "BTC/USDT", ".", "..", "A_B", "con", "%2F", "universal"])
def test_any_symbol_and_strategy_is_kept_apart_and_found_again(storage: ModelStorage, symbol: str) -> None:
    stored = storage.publish(artifact(symbol.encode(), strategy_name=f"../{symbol} ü", symbol=symbol))
    storage.publish(artifact(b"other", strategy_name="demo", symbol="Z"))
    loaded = storage.load(stored.reference)
    assert loaded.manifest.key == stored.key == ModelKey(f"../{symbol} ü", symbol, "1d")
    assert loaded.blobs["model.safetensors"] == symbol.encode()
    assert stored in storage.versions()


def test_threads_never_get_the_same_number(storage: ModelStorage) -> None:
    with ThreadPoolExecutor(4) as pool:
        stored = list(pool.map(lambda n: storage.publish(artifact(b"%d" % n)), range(24)))
    assert sorted(version.number for version in stored) == list(range(1, 25))
    for n, version in enumerate(stored):
        assert storage.load(version.reference).blobs["model.safetensors"] == b"%d" % n
    assert storage.load("demo/AAPL_1d_latest").manifest.version == 24


@pytest.mark.parametrize("name", ["metadata.json", "METADATA.json", "../x", "a/b", ".hidden", "", "x" * 101, "ü"])
def test_blob_that_cannot_be_a_file_beside_the_manifest_is_refused(storage: ModelStorage, name: str) -> None:
    bad = artifact()
    bad.blobs[name] = b"x"  # type: ignore[index]
    with pytest.raises(InvalidInput, match="cannot be the name of a file"):
        storage.publish(bad)
    assert storage.versions() == ()
    storage.publish(artifact())
    assert len(storage.versions()) == 1

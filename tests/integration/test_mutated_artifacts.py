"""A thousand damaged and forged artifacts: no code runs, nothing hangs, every error is of the right family."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import random
import shutil
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from patience import CEILING
from samples.fits import artifact_of, mlp, task

from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.adapters.storage.filesystem import FileSystemStorage
from ktrdr.domain.errors import CorruptArtifact, ModelNotFound

Files = dict[str, bytes]
REFERENCE = "demo/AAPL_1d_v1"
FORBIDDEN_EVENTS = ("pickle.find_class", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect")
_watched: list[str] | None = None


def _hook(event: str, _: object) -> None:
    if _watched is not None and event in FORBIDDEN_EVENTS:
        _watched.append(event)


sys.addaudithook(_hook)


class Bomb:
    """Pickled, it creates a file when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return (Path.touch, (self.marker,))


class Bench:
    """One published model, its files, and a place where they are damaged."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.storage = FileSystemStorage(root)
        self.trainer = TorchTrainer("cpu")
        self.folder = root / REFERENCE
        for seed in (1, 2, 3):
            given = task(n=80, model=mlp(hidden_layers=[4 * seed]), epochs=1, seed=seed)
            self.storage.publish(artifact_of(self.trainer.fit(given), given))
        self.files, self.second, self.third = (
            {path.name: path.read_bytes() for path in (root / f"demo/AAPL_1d_v{n}").iterdir()} for n in (1, 2, 3)
        )
        self.marker = root.parent / "marker"
        self.inputs = np.zeros((2, 4), np.float32)

    def write(self, files: Files) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        for name, content in files.items():
            (self.folder / name).write_bytes(content)

    def use(self) -> str:
        """Load, restore and predict; return how that ended."""
        global _watched
        _watched, refusal = [], ""
        try:
            with _never_hangs():
                self.trainer.restore(self.storage.load(REFERENCE)).predict(self.inputs)
        except (CorruptArtifact, ModelNotFound) as error:
            refusal = f"{type(error).__name__}: {error}"
        events, _watched = _watched, None
        assert events == []
        assert not self.marker.exists()
        assert "\n" not in refusal
        assert len(refusal) < 2000
        return refusal.partition(":")[0] or "used"


@contextmanager
def _never_hangs() -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise AssertionError("it hangs")

    old = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(int(CEILING))
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        yield Bench(Path(folder) / "models")


def forged(files: Files, **fields: Any) -> Files:
    """The files with matching checksums, as a forger would write them: no check of ours is asked."""
    values = json.loads(files["metadata.json"]) | fields
    if "checksums" not in fields:
        blobs = {name: content for name, content in files.items() if name != "metadata.json"}
        values["checksums"] = {name: hashlib.sha256(blobs[name]).hexdigest() for name in sorted(blobs)}
    values.pop("manifest_sha256", None)
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"))
    values["manifest_sha256"] = hashlib.sha256(canonical.encode()).hexdigest()
    return files | {"metadata.json": json.dumps(values, indent=2).encode() + b"\n"}


def test_the_forger_is_good_enough(bench: Bench) -> None:
    bench.write(forged(bench.files))
    assert bench.files == forged(bench.files)
    assert bench.use() == "used"


def test_flipped_bytes(bench: Bench) -> None:
    rng = random.Random(1)
    for _ in range(350):
        name = rng.choice(sorted(bench.files))
        content = bytearray(bench.files[name])
        for _ in range(rng.choice([1, 1, 1, 2, 20])):
            content[rng.randrange(len(content))] = rng.randrange(256)
        if content != bench.files[name]:
            bench.write(bench.files | {name: bytes(content)})
            assert bench.use() == "CorruptArtifact", name


def test_truncated_and_grown_files(bench: Bench) -> None:
    rng = random.Random(2)
    for _ in range(150):
        name = rng.choice(sorted(bench.files))
        content = bench.files[name]
        place = rng.randrange(len(content))
        grown = content[:place] + rng.randbytes(rng.randint(1, 50)) + content[place:]
        bench.write(bench.files | {name: rng.choice([content[:place], content[place + 1 :], grown])})
        assert bench.use() == "CorruptArtifact", name


def test_files_swapped_between_artifacts(bench: Bench) -> None:
    names = sorted(bench.files)
    for other in (bench.second, bench.third):
        for chosen in range(1, 2 ** len(names)):
            mixed = {name: other[name] if chosen >> i & 1 else bench.files[name] for i, name in enumerate(names)}
            if mixed != bench.files:
                bench.write(mixed)
                assert bench.use() == "CorruptArtifact", chosen
    for one in names:
        for other_name in names:
            if one != other_name:
                bench.write(bench.files | {one: bench.files[other_name]})
                assert bench.use() == "CorruptArtifact", (one, other_name)


def test_what_is_no_plain_file(bench: Bench) -> None:
    outside = bench.root.parent / "outside"
    makers: list[Callable[[Path], object]] = [
        lambda path: path.mkdir(),
        lambda path: (path.mkdir(), (path / "x").write_text("x")),
        lambda path: os.mkfifo(path),
        lambda path: path.symlink_to(outside),
        lambda path: path.symlink_to(path.name),
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to("/nowhere"),
        lambda path: path.symlink_to("../AAPL_1d_v2/" + path.name),
        lambda path: (path.touch(), os.truncate(path, 2**42)),
        lambda path: path.touch(),
        lambda path: None,
    ]
    for name, content in bench.files.items():
        outside.write_bytes(content)
        for make in makers:
            bench.write(bench.files)
            (bench.folder / name).unlink()
            make(bench.folder / name)
            assert bench.use() == "CorruptArtifact", name
    bench.write(bench.files)
    shutil.move(bench.folder, outside.with_name("moved"))
    assert bench.use() == "ModelNotFound"
    bench.folder.symlink_to(outside.with_name("moved"))
    assert bench.use() == "CorruptArtifact"
    bench.folder.unlink()


def test_pickles_under_our_names(bench: Bench) -> None:
    torch = pytest.importorskip("torch")
    bomb = Bomb(bench.marker)
    buffer, old_format = io.BytesIO(), io.BytesIO()
    torch.save(bomb, buffer)
    torch.save(bomb, old_format, _use_new_zipfile_serialization=False)
    payloads = [pickle.dumps(bomb, protocol) for protocol in range(6)] + [buffer.getvalue(), old_format.getvalue()]
    for payload in payloads:
        for name in (*bench.files, "model.pt", "model.pkl", "scaler.joblib"):
            bench.write(bench.files | {name: payload})
            assert bench.use() == "CorruptArtifact", name
            if name != "metadata.json":
                bench.write(forged(bench.files | {name: payload}))
                assert bench.use() == (
                    "used" if name.startswith(("metrics", "model.p", "scaler")) else "CorruptArtifact"
                ), name
    pickle.loads(payloads[0])
    assert bench.marker.exists()
    bench.marker.unlink()


def _safetensors(header: bytes, data: bytes = b"\0" * 64, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def _hostile_weights(good: bytes) -> Iterator[bytes]:
    size = struct.unpack("<Q", good[:8])[0]
    header, data = json.loads(good[8 : 8 + size]), good[8 + size :]
    name = next(key for key in header if key != "__metadata__")
    for length in (2**64 - 1, 2**63, 2**62, 2**40, 100_000_001, len(good), size + 1, size - 1, 1, 0):
        yield _safetensors(json.dumps(header).encode(), data, length)
    for text in (
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b"[" * 50_000,
        b'{"a":' * 50_000,
        b"\xff" * 99,
        b"\x80\x04N.",
        b"{}" * 9,
    ):
        yield _safetensors(text, data)
    for value in (None, [], "x", 3, {}, {"dtype": "F32"}, [1] * 1000):
        yield _safetensors(json.dumps(header | {name: value}).encode(), data)
    for field, values in {
        "dtype": ["F64", "I64", "BOOL", "F99", "", None, "object", 7],
        "shape": [[], [0], [-1], [2**63], [2**32, 2**32], [2**20] * 9, [1] * 10_000, "4", None, [1.5], [[4]], [4, 1]],
        "data_offsets": [[0, 0], [0, 2**63], [-4, 4], [8, 0], [0], [0, 1, 2], None, [10**30, 10**30 + 16], [4, 20]],
    }.items():
        for value in values:
            yield _safetensors(json.dumps(header | {name: header[name] | {field: value}}).encode(), data)
    yield _safetensors(json.dumps(dict.fromkeys(header, header[name])).encode(), data)
    yield _safetensors(json.dumps(header | {f"extra{i}": header[name] for i in range(500)}).encode(), data)
    yield _safetensors(json.dumps({key: value for key, value in header.items() if key != name}).encode(), data)
    for value in (np.nan, np.inf, -np.inf):
        yield good[:-4] + struct.pack("<f", value)
    yield from (good[:-1], good + b"\0", good * 2, b"", b"\0" * 8, b"PK\x03\x04" + good, data)


def test_forged_weights(bench: Bench) -> None:
    weights = list(_hostile_weights(bench.files["model.safetensors"]))
    weights += [bench.second["model.safetensors"], bench.third["model.safetensors"]]
    for number, content in enumerate(weights):
        bench.write(forged(bench.files | {"model.safetensors": content}))
        assert bench.use() == "CorruptArtifact", number


def test_forged_weights_with_flipped_bytes(bench: Bench) -> None:
    rng = random.Random(3)
    good = bench.files["model.safetensors"]
    outcomes = []
    for _ in range(100):
        content = bytearray(good)
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        bench.write(forged(bench.files | {"model.safetensors": bytes(content)}))
        outcomes.append(bench.use())
    assert set(outcomes) == {"used", "CorruptArtifact"}


JUNK: list[Any] = [
    *(
        None,
        True,
        -1,
        0,
        10**18,
        10**30,
        1e300,
        float("nan"),
        float("inf"),
        "",
        "x",
        "\ud800",
        "../../x",
        "a\nb",
        "é" * 999,
    ),
    *([], {}, [[]], [None], [1, "a"], {"": None}, {"a": {"b": [{}]}}, "__import__('os').system('x')", [0] * 5000),
    json.loads("[" * 300 + "]" * 300),
]
MODEL_PATHS = [
    *(("model", "type"), ("model", "architecture"), ("model", "input_features"), ("target", "kind")),
    *(("target", "classes"), ("target", "actions"), ("target", "unit"), ("model", "architecture", "hidden_layers")),
    *(
        ("model", "architecture", "activation"),
        ("model", "architecture", "dropout"),
        ("model", "architecture", "batch_norm"),
    ),
]


def _with(values: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    first, *rest = path
    return values | {first: _with(values[first], tuple(rest), value) if rest else value}


def test_forged_manifest_fields(bench: Bench) -> None:
    good = json.loads(bench.files["metadata.json"])
    fields = [(name,) for name in good if name not in ("manifest_sha256", "checksums")]
    for path in [*fields, *MODEL_PATHS]:
        for junk in JUNK:
            bench.write(forged(bench.files, **_with(good, path, junk)))
            assert bench.use() in {"used", "CorruptArtifact"}, (path, junk)


@pytest.mark.parametrize(
    "layers", [[2**31], [10**9, 10**9], [2**62], [1] * 100_000, [0], [-3], [2.5], ["4"], [True], 4, "4", [[4]], None]
)
def test_forged_architecture_allocates_nothing(bench: Bench, layers: Any) -> None:
    good = json.loads(bench.files["metadata.json"])
    changed = _with(good, ("model", "architecture", "hidden_layers"), layers)
    bench.write(forged(bench.files, **changed))
    assert bench.use() == "CorruptArtifact"


def test_forged_names_and_checksums(bench: Bench) -> None:
    for name in (
        "../../../etc/passwd",
        "/etc/passwd",
        "a/b",
        "..",
        ".",
        "",
        "metadata.json",
        "x\0",
        "CON/x",
        "\ud800",
        "é",
    ):
        bench.write(forged(bench.files, checksums={name: "0" * 64}))
        assert bench.use() == "CorruptArtifact", name
    for junk in JUNK:
        bench.write(forged(bench.files, checksums={"model.safetensors": junk}))
        assert bench.use() == "CorruptArtifact", junk


@pytest.mark.parametrize("name", ["history.json", "metadata.json"])
def test_forged_json(bench: Bench, name: str) -> None:
    texts = [
        b"",
        b"null",
        b"[]",
        b"3",
        b'"x"',
        b"{",
        b"NaN",
        b"[" * 100_000,
        b'{"epochs":' * 9000,
        b"\xff\xfe{}",
        b"9" * 9000,
    ]
    texts += [json.dumps(junk).encode() for junk in JUNK if junk != {}]
    texts += [json.dumps({"epochs": junk, "best_epoch": 1, "ended_by": "all_epochs"}).encode() for junk in JUNK if junk]
    texts += [json.dumps({"epochs": [junk], "best_epoch": 1, "ended_by": "all_epochs"}).encode() for junk in JUNK]
    texts += [json.dumps({"epochs": [], "best_epoch": junk, "ended_by": junk}).encode() for junk in JUNK]
    for text in texts:
        bench.write(bench.files | {name: text} if name == "metadata.json" else forged(bench.files | {name: text}))
        assert bench.use() == "CorruptArtifact", text[:80]

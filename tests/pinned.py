"""What a training gave when it was pinned, and how a training of today is held against it.

Bytes of weights depend on the machine's arithmetic, so hashes stand under its `machine()`; on a machine that has none
of its own, only what is the same everywhere to `TOLERANCE` is compared. How to pin anew: ``tests/golden/README.md``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ktrdr.domain.artifacts.artifact import METRICS, Artifact

PINNED = Path(__file__).parent / "golden/pinned"
PINS_ANEW = bool(os.environ.get("PIN"))
TOLERANCE = 1e-4
VOLATILE = ("created_at", "checksums", "manifest_sha256", "quality")
"""Fields that are taken out of a manifest: the time, and what follows from it; the blobs are hashed themselves.

What the rules find in the bars is no work of a training, and grows with the rules; it has tests of its own.
"""
VOLATILE_LIBRARIES = (
    *("python", "ktrdr", "numpy", "pandas", "TA-Lib", "torch"),
    *("torch device", "torch cpu capability", "torch threads"),
)
"""Entries of ``libraries`` whose values are taken out of manifest and report; their names stay."""
_REPORT, _GONE = "report.html", "(of the machine)"


@dataclass(frozen=True, slots=True)
class Pin:
    """One training as it can be compared.

    Attributes
    ----------
    document : dict
        The manifest without volatile fields, the figures of ``metrics.json`` and what was said aloud.
    hashes : dict of blob name to str
        SHA-256; of the report without versions of libraries.
    """

    document: dict[str, Any]
    hashes: dict[str, str]


def pin_of(artifact: Artifact, said: tuple[str, ...]) -> Pin:
    """Return what is pinned of an artifact and of the notes and warnings of its training."""
    manifest = {name: value for name, value in artifact.manifest.as_dict().items() if name not in VOLATILE}
    manifest["libraries"] = {
        name: _GONE if name in VOLATILE_LIBRARIES else text for name, text in manifest["libraries"].items()
    }
    metrics = artifact.document(METRICS)
    figures = {name: value for name, value in metrics.items() if name in {"metrics", "class_shares", "rows"}}
    document = {"manifest": manifest, "metrics": figures, "metrics_keys": list(metrics), "said": list(said)}
    plain: dict[str, Any] = json.loads(json.dumps(document))
    hashes = {name: hashlib.sha256(_lasting(name, artifact.blobs[name])).hexdigest() for name in sorted(artifact.blobs)}
    return Pin(plain, hashes)


def _lasting(name: str, content: bytes) -> bytes:
    """Return a blob without the versions of libraries, and the page without what the rules find in the bars."""
    if name != _REPORT:
        return content
    content = re.sub(rb'<section id="quality">.*?</section>\n\n', b"", content, flags=re.DOTALL)
    names = "|".join(map(re.escape, VOLATILE_LIBRARIES))
    return re.sub(rf"<dt>({names})</dt><dd>[^<]*</dd>".encode(), rb"<dt>\1</dt><dd></dd>", content)


def machine() -> str:
    """Return what decides the bytes of weights: torch, its instruction set, and what arithmetic gives here."""
    rng = np.random.default_rng(0)
    left, right = (torch.from_numpy(rng.normal(size=size).astype(np.float32)) for size in ((64, 24), (24, 40)))
    product = left @ right
    wide = rng.normal(size=4096)
    results = (product, torch.tanh(product), torch.softmax(product, 1), torch.log_softmax(product, 0).sum(1))
    bytes_ = [result.numpy().tobytes() for result in results]
    bytes_ += [function(np.abs(wide)).tobytes() for function in (np.exp, np.log, np.tanh, np.cumsum, np.std)]
    probe = hashlib.sha256(b"".join(bytes_)).hexdigest()[:8]
    return f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, arithmetic {probe}"


def differences(pinned: Any, found: Any, where: str = "", tolerance: float = 0.0) -> Iterator[str]:
    """Yield where two JSON documents differ: in keys and their order, lengths, values, numbers beyond a tolerance."""
    if isinstance(pinned, dict) and isinstance(found, dict):
        if list(pinned) != list(found):
            yield f"{where or 'document'}: keys were {list(pinned)}, are {list(found)}"
        for key in [key for key in pinned if key in found]:
            yield from differences(pinned[key], found[key], f"{where}.{key}".lstrip("."), tolerance)
    elif isinstance(pinned, list) and isinstance(found, list) and len(pinned) == len(found):
        for place, (old, new) in enumerate(zip(pinned, found, strict=True)):
            yield from differences(old, new, f"{where}.{place}", tolerance)
    elif not _same(pinned, found, tolerance):
        yield f"{where}: was {pinned!r}, is {found!r}"


def _same(pinned: Any, found: Any, tolerance: float) -> bool:
    if isinstance(pinned, float) and isinstance(found, float) and tolerance:
        return abs(pinned - found) <= tolerance * max(abs(pinned), abs(found), tolerance)
    return type(pinned) is type(found) and bool(pinned == found)


def read_pin(name: str) -> dict[str, Any]:
    """Return the file of a pin: ``machines`` with hashes by machine, and ``document``."""
    path = PINNED / f"{name}.json"
    empty: dict[str, Any] = {"machines": {}, "document": {}}
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else empty


def write_pin(name: str, pin: Pin) -> None:
    """Pin anew.

    Hashes of another machine stay only where this one has had none: then its hashes are added and the document stays.
    """
    stored = read_pin(name)
    others = {} if machine() in stored["machines"] else stored["machines"]
    document = stored["document"] if others else pin.document
    content = {"machines": dict(sorted({**others, machine(): pin.hashes}.items())), "document": document}
    PINNED.mkdir(exist_ok=True)
    (PINNED / f"{name}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

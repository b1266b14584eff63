"""Reading ``reference.json``, which nobody vouches for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.reference import LOSSES, PROMISED, REFERENCE, SCHEMA, SKETCHED, Promise, Reference
from ktrdr.domain.artifacts.sketch import Sketch, is_count, is_number
from ktrdr.domain.errors import CorruptArtifact

_MOST_COLUMNS = 10_000
_KEYS = ("schema", "rows", "inputs", "outputs", "losses", "loss", "promise")


def read_reference(artifact: Artifact) -> Reference | None:
    """Return the reference of a model; None for one that was published before there were any.

    Raises
    ------
    CorruptArtifact
        If the file is not what a training writes.
    """
    if REFERENCE not in artifact.blobs:
        return None
    values = artifact.document(REFERENCE)
    if values.keys() != set(_KEYS) or type(values["schema"]) is not int or values["schema"] != SCHEMA:
        raise CorruptArtifact(f"{REFERENCE}: must have schema {SCHEMA} and hold {', '.join(_KEYS[1:])}")
    rows = values["rows"]
    if not isinstance(rows, dict) or rows.keys() != set(SKETCHED) or not all(map(is_count, rows.values())):
        raise CorruptArtifact(f"{REFERENCE}: rows must count {' and '.join(SKETCHED)}")
    if not isinstance(values["loss"], str) or values["loss"] not in LOSSES:
        raise CorruptArtifact(f"{REFERENCE}: loss must be one of {', '.join(sorted(LOSSES))}")
    return Reference(
        rows,
        _read_sketches(values["inputs"], rows, "inputs"),
        _read_sketches(values["outputs"], rows, "outputs"),
        Sketch.read(values["losses"], rows, f"{REFERENCE}: losses"),
        values["loss"],
        _read_promises(values["promise"], rows["validation"]),
    )


def reference_problems(artifact: Artifact) -> Iterator[str]:
    """Yield what is wrong with the file, by itself and beside the manifest."""
    try:
        found = read_reference(artifact)
    except CorruptArtifact as error:
        yield str(error)
        return
    if found is None:
        return
    manifest = artifact.manifest
    if list(found.inputs) != (manifest.input_columns or manifest.resolved_features):
        yield f"{REFERENCE} has other inputs than the model, or another order"
    if list(found.outputs) != (manifest.target.get("classes") or ["prediction"]):
        yield f"{REFERENCE} has other outputs than the target"
    parts = manifest.split.get("parts")
    counted = parts if isinstance(parts, dict) else {}
    for part, rows in found.rows.items():
        said = counted.get(part)
        if isinstance(said, dict) and said.get("rows") != rows:
            yield f"{REFERENCE} counts {rows} rows of {part}, the manifest {said.get('rows')!r:.40}"


def _read_sketches(values: Any, parts: Mapping[str, int], what: str) -> dict[str, Sketch]:
    if not isinstance(values, dict) or not 0 < len(values) <= _MOST_COLUMNS:
        raise CorruptArtifact(f"{REFERENCE}: {what} must be one to {_MOST_COLUMNS:,} columns")
    return {name: Sketch.read(one, parts, f"{REFERENCE}: {what}: {ascii(name)[:80]}") for name, one in values.items()}


def _read_promises(values: Any, validation_rows: int) -> dict[str, Promise]:
    if not isinstance(values, dict) or values.keys() != set(PROMISED):
        raise CorruptArtifact(f"{REFERENCE}: promise must be of {' and '.join(PROMISED)}")
    read = {part: _read_promise(values[part], f"{REFERENCE}: promise of {part}") for part in PROMISED}
    if read["validation"].rows != validation_rows:
        raise CorruptArtifact(f"{REFERENCE}: promise of validation is of other rows than were counted")
    return read


def _read_promise(values: Any, where: str) -> Promise:
    if not isinstance(values, dict) or values.keys() != set(Promise.__slots__):
        raise CorruptArtifact(f"{where}: must hold {', '.join(Promise.__slots__)}")
    rows, loss, error, blocks, days = (values[name] for name in Promise.__slots__)
    if not (is_count(rows) and is_count(blocks) and rows and blocks):
        raise CorruptArtifact(f"{where}: rows and blocks must be counts above 0")
    if not all(is_number(number) and number >= 0 for number in (loss, days, 0.0 if error is None else error)):
        raise CorruptArtifact(f"{where}: loss, error and block_days must be finite numbers, not below 0")
    return Promise(rows, float(loss), None if error is None else float(error), blocks, float(days))

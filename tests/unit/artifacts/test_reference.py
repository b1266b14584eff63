"""What is kept of inputs, outputs and losses: by value, small, and never believed unread."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from samples.models import manifest

from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.reference import REFERENCE, Reference, RowLosses, Seen, reference_of
from ktrdr.domain.artifacts.reference_reading import read_reference, reference_problems
from ktrdr.domain.artifacts.sketch import LEVELS, MOST_ROWS, Sketch
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.evaluation.significance import mean_difference
from ktrdr.domain.market.timeframe import NS_PER_DAY

NAMES = ("down", "up")


def losses(rows: int, seed: int = 0) -> RowLosses:
    step = NS_PER_DAY if rows < MOST_ROWS else NS_PER_DAY // 1440
    moments = np.arange(rows) * step
    return RowLosses(np.random.default_rng(seed).exponential(0.7, rows), moments, moments + 5 * step)


def seen(rows: int, columns: int, spread: float = 1.0) -> Seen:
    rng = np.random.default_rng(rows)
    up = rng.random(rows)
    inputs = (spread * rng.standard_normal((rows, columns))).astype(np.float32)
    return Seen(rows, inputs, np.stack((1 - up, up), axis=1), losses(rows, rows))


def made(columns: int = 2, train: int = 700, validation: int = 150) -> Reference:
    ids = tuple(f"1d_some_indicator_of_length_{place}" for place in range(columns))
    parts = {"train": seen(train, columns), "validation": seen(validation, columns, 2.0)}
    return reference_of(parts, losses(140, 140), ids, NAMES, "log_loss", np.random.default_rng(0))


def stored(reference: Reference | dict[str, Any], **changes: Any) -> Artifact:
    text = reference.as_bytes() if isinstance(reference, Reference) else json.dumps(reference).encode()
    return Artifact(manifest(**changes), {REFERENCE: text})


def slow_counts(values: np.ndarray, edges: tuple[float, ...]) -> list[int]:
    """How many values lie in each bin, one by one."""
    bounds = [-np.inf, *np.array(edges, np.float32), np.inf]
    finite = [value for value in values.astype(np.float32) if np.isfinite(value)]
    return [sum(low < value <= high for value in finite) for low, high in pairwise(bounds)]


@pytest.mark.filterwarnings("error")
@given(arrays(np.float32, st.integers(1, 80), elements=st.floats(width=32)), st.integers(0, 3))
def test_a_sketch_counts_every_value_between_the_same_edges(values, kind):
    values = (values, np.round(values), np.sign(values), np.zeros_like(values))[kind]
    others = np.append(values[::-1] * np.float32(0.5), np.float32([np.nan, 3.0]))
    sketch = Sketch.of({"train": values, "validation": others})
    for name, part in (("train", values), ("validation", others)):
        counted = sketch.parts[name]
        assert list(counted.counts) == slow_counts(part, sketch.edges)
        assert counted.nonfinite == (~np.isfinite(part)).sum()
        assert counted.rows == len(part)
        assert counted == sketch.counted(part)
    read = Sketch.read(json.loads(json.dumps(sketch.as_dict())), {"train": len(values), "validation": len(others)}, "x")
    assert read == sketch


def test_edges_are_quantiles_of_the_first_part():
    values = np.random.default_rng(0).standard_normal(5000)
    sketch = Sketch.of({"train": values, "validation": values + 1})
    assert np.array(sketch.edges) == pytest.approx(np.quantile(values, LEVELS, method="inverted_cdf"), rel=1e-6)
    train, validation = (sketch.parts[name] for name in ("train", "validation"))
    assert train.shares() == pytest.approx(np.diff([0.0, *LEVELS, 1.0]), abs=1e-3)
    assert (train.mean, train.std) == pytest.approx((values.mean(), values.std()), rel=1e-6)
    assert (train.low, train.high) == pytest.approx((values.min(), values.max()), rel=1e-6)
    assert validation.shares()[-1] > 0.05


def test_what_never_happened_is_counted_apart_on_both_sides():
    """A constant, and degrees that are mostly 0."""
    constant = Sketch.of({"train": np.full(50, 0.1)})
    assert constant.counted(np.array([0.0999, 0.1, 0.1001])).counts == (1, 1, 1)
    degrees = Sketch.of({"train": np.append(np.zeros(60), np.linspace(0.1, 1, 40))})
    found = degrees.counted(np.array([-0.1, 0.0, 0.5, 1.0, 1.1]))
    assert (found.counts[0], found.counts[1], sum(found.counts)) == (1, 1, 5)


def test_without_a_finite_value_there_is_nothing_but_their_number():
    sketch = Sketch.of({"train": np.array([np.nan, np.inf, 1e300])})
    assert sketch.edges == ()
    assert sketch.parts["train"].counts == (0,)
    assert (sketch.parts["train"].nonfinite, sketch.parts["train"].mean) == (3, None)
    assert sketch.parts["train"].shares().tolist() == [0.0]
    assert Sketch.read(sketch.as_dict(), {"train": 3}, "x") == sketch


def test_of_very_many_rows_evenly_spaced_ones_are_counted():
    values = np.arange(3 * MOST_ROWS, dtype=np.float64)
    part = Sketch.of({"train": values}).parts["train"]
    assert part.rows == MOST_ROWS
    assert (part.low, part.high) == (0.0, float(np.float32(values[-1])))
    assert part.mean == pytest.approx(values.mean(), rel=1e-4)


def test_a_promise_is_the_mean_loss_with_the_error_of_the_verdicts_blocks():
    found, rng = made(), np.random.default_rng(0)
    for part, seed, rows in (("validation", 150, 150), ("test", 140, 140)):
        one = losses(rows, seed)
        expected = mean_difference(one.values, one.known_at, 5 * NS_PER_DAY, rng)
        promise = found.promise[part]
        assert (promise.rows, promise.loss) == (rows, one.values.mean())
        assert promise.error == expected.error
        assert promise.error == pytest.approx(0.7 / np.sqrt(rows), rel=0.5)
        assert (promise.blocks, promise.block_days) == (expected.blocks, pytest.approx(5.0))


def numbers(rows: int) -> Seen:
    return Seen(rows, np.zeros((rows, 1), np.float32), np.zeros(rows), losses(rows))


def test_few_blocks_promise_no_error():
    parts = {"train": numbers(5), "validation": numbers(30)}
    found = reference_of(parts, losses(30), ("x",), ("prediction",), "mse", np.random.default_rng(0))
    assert found.promise["test"].error is None
    assert list(found.outputs) == ["prediction"]
    assert read_reference(stored(found)) == found


def test_evenly_spaced_rows_stand_for_very_many():
    whole = numbers(2 * MOST_ROWS)
    few = Seen(2 * MOST_ROWS, whole.inputs[:MOST_ROWS], whole.outputs[:MOST_ROWS], losses(MOST_ROWS))
    found = reference_of(
        {"train": few, "validation": whole}, losses(30), ("x",), ("prediction",), "mse", np.random.default_rng(0)
    )
    assert found.rows == {"train": 2 * MOST_ROWS, "validation": 2 * MOST_ROWS}
    assert found.promise["validation"].rows == 2 * MOST_ROWS
    assert read_reference(stored(found)) == found


def test_what_is_written_is_read_back():
    found = made()
    assert read_reference(stored(found)) == found
    assert found.as_bytes() == made().as_bytes()
    assert set(found.outputs["up"].parts) == set(found.losses.parts) == {"train", "validation"}
    assert found.losses.edges == Sketch.of({"validation": losses(150, 150).values}).edges
    assert found.losses.parts["train"].rows == 700


@pytest.mark.parametrize("unit", [1.0, 1e-7, 1e9])
def test_seventy_five_columns_stay_small(unit):
    rng, found = np.random.default_rng(0), made(75, 500, 150)
    columns = {
        part: (unit * rng.standard_normal((rows, 75))).astype(np.float32)
        for part, rows in (("train", 50_000), ("validation", 10_000))
    }
    wide = {name: Sketch.of({part: rows[:, place] for part, rows in columns.items()})
            for place, name in enumerate(found.inputs)}  # fmt: skip
    assert len(replace(found, inputs=wide).as_bytes()) <= 64 * 1024


def test_an_older_model_has_none():
    assert read_reference(Artifact(manifest(), {})) is None
    assert list(reference_problems(Artifact(manifest(), {}))) == []


def test_problems_beside_the_manifest():
    found = made()
    fitting = {
        "resolved_features": list(found.inputs),
        "split": {"parts": {"train": {"rows": 700}, "validation": {"rows": 150}}},
    }
    assert list(reference_problems(stored(found, **fitting))) == []
    backwards = fitting | {"resolved_features": list(found.inputs)[::-1]}
    assert list(reference_problems(stored(found, **backwards))) == [
        "reference.json has other inputs than the model, or another order"
    ]
    fewer = fitting | {"split": {"parts": {"train": {"rows": 699}}}}
    assert list(reference_problems(stored(found, **fewer))) == [
        "reference.json counts 700 rows of train, the manifest 699"
    ]
    numbers = fitting | {"target": manifest().target | {"classes": []}}
    assert list(reference_problems(stored(found, **numbers))) == ["reference.json has other outputs than the target"]
    (problem,) = reference_problems(Artifact(manifest(), {REFERENCE: b"{}"}))
    assert problem.startswith("reference.json: must have")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parts": {"train": numbers(5)}}, "parts must be train and validation, found train"),
        ({"parts": {"train": numbers(5), "test": numbers(4)}}, "found train, test"),
        ({"ids": ("x", "y")}, r"inputs of train must have the shape \(5, 2\), found \(5, 1\)"),
        ({"names": ("a", "b")}, r"outputs of train must have the shape \(5, 2\), found \(5, 1\)"),
        ({"validation": replace(numbers(4), rows=5)}, r"inputs of validation must have the shape \(5, 1\)"),
        ({"validation": replace(numbers(4), losses=losses(3))}, r"losses of validation must have the shape \(4, 1\)"),
        ({"validation": numbers(0)}, "validation has no losses"),
        ({"test": losses(0)}, "test has no losses"),
        ({"loss": "acuracy"}, "is not one of"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    parts = {"train": numbers(5), "validation": change.pop("validation", numbers(4))}
    whole = {"parts": parts, "test": losses(5), "ids": ("x",), "names": ("prediction",), "loss": "mse"}
    with pytest.raises(InvalidInput, match=message):
        reference_of(**whole | change, rng=np.random.default_rng(0))


def places(values: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    inside = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    return [path, *(place for key, one in inside for place in places(one, (*path, key)))]


SMALL = made(1, 40, 20).as_dict()
PLACES = [place for place in places(SMALL) if place]
STRANGE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=3),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=30),
    st.dictionaries(st.sampled_from(["train", "validation", "edges", "counts", "x"]), st.integers(), max_size=3),
)  # fmt: skip


@given(st.sampled_from(PLACES), STRANGE)
def test_a_spoiled_document_is_refused_or_harmless(place, value):
    spoiled = copy.deepcopy(SMALL)
    inside: Any = spoiled
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    with suppress(CorruptArtifact):
        found = read_reference(stored(spoiled))
        assert json.loads(found.as_bytes()) == json.loads(json.dumps(spoiled))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("schema",), True), (("schema",), 2), (("loss",), []), (("loss",), "sharpe"), (("rows", "train"), -1),
        (("rows", "train"), 41), (("inputs",), {}), (("outputs",), []), (("promise", "test", "rows"), 0),
        (("promise", "test", "loss"), -1.0), (("promise", "test", "error"), -1e-9),
        (("promise", "validation", "rows"), 19),
        (("losses", "edges"), [1.0, 1.0 + 1e-12]), (("losses", "edges"), [1e39]), (("losses", "edges"), [0.0] * 99),
        (("losses", "validation", "counts", 0), True), (("losses", "validation", "nonfinite"), 1),
        (("losses", "validation", "std"), -1.0), (("losses", "validation", "low"), 1e9),
        (("losses", "validation", "mean"), None), (("losses", "validation", "mean"), 10**400),
    ],
)  # fmt: skip
def test_each_lie_is_found(place, value):
    spoiled = copy.deepcopy(SMALL)
    inside: Any = spoiled
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    with pytest.raises(CorruptArtifact, match=r"^reference\.json"):
        read_reference(stored(spoiled))


def test_a_reference_is_frozen():
    with pytest.raises(AttributeError):
        made().loss = "mse"
    assert replace(made(), loss="brier") != made()

"""Scaling and class weights against scikit-learn."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.class_weight import compute_class_weight

from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.training.scaling import Scaler, TargetScaler
from ktrdr.domain.training.weights import class_weights

TRAIN = (np.random.default_rng(0).normal(size=(301, 5)) * [1, 100, 1e-4, 1e6, 3] + [0, 50, 0, -1e5, 7]).astype(
    np.float32
)
LATER = (np.random.default_rng(1).normal(size=(40, 5)) * 10).astype(np.float32)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(
    ("name", "oracle"), [("minmax", MinMaxScaler()), ("zscore", StandardScaler()), ("robust", RobustScaler())]
)
def test_scaler_is_scikit_learn_s(name: str, oracle: object, order: str) -> None:
    train = np.asarray(TRAIN, order=order)
    expected = oracle.fit(TRAIN.astype(np.float64)).transform(LATER.astype(np.float64))
    np.testing.assert_allclose(Scaler.fit(train, [name] * 5).transform(LATER), expected, rtol=2e-6, atol=1e-7)


def test_every_feature_has_its_own_scaling() -> None:
    scaler = Scaler.fit(TRAIN, ["none", "minmax", "zscore", "robust", "none"])
    inputs = scaler.transform(TRAIN)
    assert np.array_equal(inputs[:, [0, 4]], TRAIN[:, [0, 4]])
    assert (inputs[:, 1].min(), inputs[:, 1].max()) == (0, 1)
    assert inputs[:, 2].mean() == pytest.approx(0, abs=1e-6)
    assert inputs[:, 2].std() == pytest.approx(1, abs=1e-6)
    assert np.median(inputs[:, 3]) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", ["minmax", "zscore", "robust"])
@pytest.mark.parametrize("value", [0.0, 0.1, -3e5])
def test_constant_column_is_centred_and_keeps_its_unit(name: str, value: float) -> None:
    column = np.full((1001, 1), value, dtype=np.float32)
    scaler = Scaler.fit(column, [name])
    assert np.array_equal(scaler.transform(column), np.zeros((1001, 1), dtype=np.float32))
    assert scaler.transform(column + np.float32(2))[0, 0] == pytest.approx(2, rel=1e-6)


def test_column_without_spread_between_its_quartiles_keeps_its_unit() -> None:
    column = np.array([[0], [1], [1], [1], [1], [1], [9]], dtype=np.float32)
    assert Scaler.fit(column, ["robust"]).transform(column).ravel().tolist() == [-1, 0, 0, 0, 0, 0, 8]


def test_nothing_to_scale_costs_no_copy_and_memory_order_is_kept() -> None:
    values = np.asfortranarray(TRAIN)
    assert Scaler.fit(values, ["none"] * 5).transform(values) is values
    scaled = Scaler.fit(values, ["zscore"] * 5).transform(values)
    assert scaled.flags.f_contiguous
    assert scaled.dtype == np.float32
    assert not np.shares_memory(scaled, values)


def test_row_alone_is_scaled_to_the_same_bits() -> None:
    scaler = Scaler.fit(TRAIN, ["zscore", "minmax", "robust", "zscore", "none"])
    assert np.array_equal(np.concatenate([scaler.transform(row[None]) for row in LATER]), scaler.transform(LATER))


def test_stored_scalers_come_back_to_the_bit() -> None:
    scaler = Scaler.fit(TRAIN, ["zscore", "minmax", "robust", "zscore", "none"])
    back = Scaler.from_dict(json.loads(json.dumps(scaler.as_dict())))
    assert back.transform(LATER).tobytes() == scaler.transform(LATER).tobytes()
    target = TargetScaler.fit(TRAIN[:, 3].astype(np.float64))
    assert TargetScaler.from_dict(json.loads(json.dumps(target.as_dict()))) == target


@pytest.mark.parametrize(
    "values",
    [
        {},
        [],
        None,
        {"centre": [0.0], "scale": [0.0]},
        {"centre": [0.0], "scale": [-1.0]},
        {"centre": [0.0], "scale": [1.0, 1.0]},
        {"centre": ["0"], "scale": [1.0]},
        {"centre": [True], "scale": [1.0]},
        {"centre": [10**400], "scale": [1.0]},
        {"centre": [[0.0]], "scale": [1.0]},
        {"centre": [float("nan")], "scale": [1.0]},
    ],
    ids=str,
)
def test_odd_scaler_is_refused(values: object) -> None:
    with pytest.raises(CorruptArtifact):
        Scaler.from_dict(values)


@pytest.mark.parametrize(
    "values", [{}, None, {"mean": 0.0}, {"mean": 0.0, "std": 0.0}, {"mean": "0", "std": 1.0}], ids=str
)
def test_odd_target_scaler_is_refused(values: object) -> None:
    with pytest.raises(CorruptArtifact):
        TargetScaler.from_dict(values)


def test_what_cannot_be_fitted_or_scaled_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'zscor' is not known.*did you mean 'zscore'"):  # noqa: RUF043
        Scaler.fit(TRAIN, ["zscor"] * 5)
    with pytest.raises(InvalidInput, match="5 features for 4"):
        Scaler.fit(TRAIN, ["none"] * 4)
    with pytest.raises(InvalidInput, match="0 rows"):
        Scaler.fit(TRAIN[:0], ["none"] * 5)
    with pytest.raises(InvalidInput, match="fitted on 5 features"):
        Scaler.fit(TRAIN, ["none"] * 5).transform(LATER[:, :4])
    with pytest.raises(InvalidInput, match="no train rows"):
        TargetScaler.fit(np.array([]))


def test_target_scaler_is_scikit_learn_s_and_inverts() -> None:
    targets = TRAIN[:, 1].astype(np.float64)
    scaler = TargetScaler.fit(targets)
    np.testing.assert_allclose(scaler.transform(targets), StandardScaler().fit_transform(targets[:, None])[:, 0])
    np.testing.assert_allclose(scaler.inverse(scaler.transform(targets)), targets, rtol=1e-14)
    constant = TargetScaler.fit(np.full(1001, 0.1))
    assert constant.transform(np.array([0.1])).tolist() == [0]


def test_class_weights_are_scikit_learn_s() -> None:
    labels = np.random.default_rng(0).choice(4, 500, p=[0.6, 0.3, 0.09, 0.01])
    expected = compute_class_weight("balanced", classes=np.arange(4), y=labels)
    np.testing.assert_allclose(class_weights(labels, 4), expected)


def test_class_that_is_missing_weighs_one_and_does_not_count() -> None:
    labels = np.array([0, 0, 0, 2])
    assert class_weights(labels, 4).tolist() == [4 / (2 * 3), 1.0, 4 / (2 * 1), 1.0]

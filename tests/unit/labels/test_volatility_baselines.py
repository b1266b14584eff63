"""What volatilities are compared with: by hand, and from the past alone."""

from __future__ import annotations

import numpy as np
import pytest
from samples.features import random_bars, with_columns

from ktrdr.domain.evaluation.naive import number_baseline
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.labels.labelset import LabelSet
from ktrdr.domain.labels.volatility import naive_volatilities

BARS = random_bars(300, timeframe="1d")
RETURNS = np.diff(np.log(BARS.close), prepend=np.nan)


def labelled(window: int = 6) -> LabelSet:
    return label(BARS, "volatility", {"window": window})


def test_the_known_part_is_the_root_of_the_mean_of_the_mean_squares_of_targets_that_are_not_over() -> None:
    for window in (2, 6, 30):
        found = {one.name: one for one in labelled(window).naive}["known_part"].values
        assert np.isnan(found[: window - 1]).all()
        for t in (window - 1, 100, 299):
            begun = [t - j for j in range(1, window)]
            parts = [np.mean(np.square(RETURNS[start + 1 : t + 1])) for start in begun]
            assert found[t] == pytest.approx(np.sqrt(np.mean(parts)))


def test_the_known_part_by_hand() -> None:
    returns = np.array([np.nan, 3.0, 1.0])
    (known,) = (one.values for one in naive_volatilities(returns, 3) if one.name == "known_part")
    assert known[2] == pytest.approx(np.sqrt((1.0 + (1.0 + 9.0) / 2) / 2))


def test_ewma_forgets_by_094_a_bar() -> None:
    found = {one.name: one for one in labelled().naive}["ewma"].values
    weights = 0.94 ** np.arange(299)
    expected = np.sqrt(np.square(RETURNS[1:])[::-1] @ weights / weights.sum())
    assert found[299] == pytest.approx(expected)
    assert np.isnan(found[:22]).all()
    assert np.isfinite(found[22:]).all()


def test_har_is_weighed_by_least_squares_on_train_rows() -> None:
    labels = labelled()
    har = {one.name: one for one in labels.naive}["har"]
    train, test = np.arange(30, 200), np.arange(210, 290)
    moves = np.abs(RETURNS)
    means = np.array([[moves[max(t + 1 - span, 0) : t + 1].mean() for span in (1, 5, 22)] for t in range(300)])
    np.testing.assert_allclose(har.values[30:], means[30:])
    design = np.column_stack((np.ones(300), means))
    weights, *_ = np.linalg.lstsq(design[train], labels.values[train].astype(np.float64), rcond=None)
    found = number_baseline(har, labels.values.astype(np.float64), train, test).outputs
    np.testing.assert_allclose(found, design[test] @ weights)


def test_baselines_of_volatility_use_no_later_bar() -> None:
    later = with_columns(BARS, **{
        name: np.concatenate((getattr(BARS, name)[:200], 3.0 * getattr(BARS, name)[200:]))
        for name in ("open", "high", "low", "close")
    })  # fmt: skip
    for one, other in zip(labelled().naive, label(later, "volatility", {"window": 6}).naive, strict=True):
        assert one.values[:200].tobytes() == other.values[:200].tobytes()
    for one, other in zip(
        labelled().naive, label(BARS.take(slice(0, 150)), "volatility", {"window": 6}).naive, strict=True
    ):
        assert one.values[:150].tobytes() == other.values.tobytes()

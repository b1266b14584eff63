"""Starts compared on few rows: figures by hand, and what is said in words."""

import numpy as np
import pytest

from ktrdr.domain.evaluation.few_rows import StartLosses, few_rows_table
from ktrdr.domain.market.timeframe import NS_PER_DAY


def losses_of(symbol, gap, n=400, seed=0):
    rng = np.random.default_rng(seed)
    learned = rng.uniform(0.9, 1.1, n)
    others = {name: learned + shift + rng.normal(0, 0.05, n) for name, shift in gap.items()}
    return StartLosses(symbol, 200, np.arange(n, dtype=np.int64) * NS_PER_DAY, learned, others)


def table(*losses, missing=None):
    return few_rows_table(losses, missing or {}, "log_loss", 5 * NS_PER_DAY, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("gap", "said", "last"),
    [
        ({"pooled": 0.1, "random": 0.2}, ["is better than", "is better than"], None),
        (
            {"pooled": 0.0, "random": 0.2},
            ["is not distinguishable from", "is better than"],
            "Learning to learn does not help here beyond what plain pooling gives.",
        ),
        (
            {"pooled": -0.1, "random": 0.0},
            ["is worse than", "is not distinguishable from"],
            "Learning to learn does not help here.",
        ),
    ],
)
def test_it_is_said_in_words_whether_it_helps(gap, said, last):
    found = table(losses_of("A", gap), losses_of("B", gap, seed=1))
    for sentence, words in zip(found["sentences"], said, strict=False):
        assert words in sentence
        assert "mean over 2 symbols never seen" in sentence
    assert found["sentences"][2:] == ([] if last is None else [last])


def test_differences_are_means_of_the_rows_and_then_of_the_symbols():
    one, two = losses_of("A", {"pooled": 0.1, "random": 0.3}), losses_of("B", {"pooled": -0.3, "random": 0.1}, 100, 1)
    found = table(one, two, missing={"C": "it has no test rows"})
    assert found["missing"] == {"C": "it has no test rows"}
    for row, losses in zip(found["symbols"], (one, two), strict=True):
        assert (row["symbol"], row["rows"], row["test_rows"]) == (losses.symbol, 200, len(losses.times))
        for name in ("pooled", "random"):
            assert row[name]["loss"] == pytest.approx(losses.others[name].mean())
            assert row[name]["difference"] == pytest.approx((losses.learned - losses.others[name]).mean())
            low, high = row[name]["interval"]
            assert low < row[name]["difference"] < high
    for name in ("pooled", "random"):
        mean = np.mean([row[name]["difference"] for row in found["symbols"]])
        assert found["all"][name]["difference"] == pytest.approx(mean)
    assert found["all"]["pooled"]["lower_loss"] == 1
    assert found["all"]["random"]["lower_loss"] == 2


def test_without_a_symbol_to_compare_nothing_is_said():
    assert table(missing={"C": "why"}) == {
        "metric": "log_loss", "symbols": [], "all": {}, "missing": {"C": "why"}, "sentences": []
    }  # fmt: skip


def test_too_little_data_has_no_interval():
    found = table(losses_of("A", {"pooled": 0.1, "random": 0.1}, n=9))
    assert found["all"]["pooled"]["interval"] is None
    assert "on so little data" in found["sentences"][0]

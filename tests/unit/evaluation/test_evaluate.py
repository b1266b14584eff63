import json

import numpy as np
import pytest
from samples.evaluations import NUMBERS, dataset, judged, probabilities

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.evaluation.baselines import baselines
from ktrdr.domain.evaluation.losses import log_losses
from ktrdr.domain.market.timeframe import NS_PER_DAY

TRAIN, TEST = np.arange(300), np.arange(310, 500)


@pytest.fixture
def classes():
    rng = np.random.default_rng(4)
    return dataset(rng.choice(3, 500, p=[0.3, 0.5, 0.2]), np.arange(500) + 5)


@pytest.fixture
def numbers():
    return dataset(np.random.default_rng(0).normal(0, 0.02, 500), np.arange(500) + 5, NUMBERS)


def one_hot(labels, share):
    return share * np.eye(3)[labels] + (1 - share) / 3


def rng():
    return np.random.default_rng(0)


def test_a_model_that_knows_is_better(classes):
    found = judged(classes, TRAIN, TEST, one_hot(classes.labels[TEST], 0.5), rng()).verdict

    assert found.outcome == "better"
    assert found.interval[1] < 0
    assert found.sentence.startswith("Better than the train class shares: log loss 0.4")
    assert found.blocks == 38
    assert found.block_days == pytest.approx(5.0)


def test_a_model_that_is_sure_of_the_wrong_is_worse(classes):
    found = judged(classes, TRAIN, TEST, one_hot((classes.labels[TEST] + 1) % 3, 0.5), rng()).verdict

    assert found.outcome == "worse"
    assert found.sentence.startswith("Worse than the train class shares")


def test_the_class_shares_themselves_are_not_distinguishable_from_themselves(classes):
    shares = baselines(classes, TRAIN, TEST)[0]

    found = judged(classes, TRAIN, TEST, shares.outputs, rng()).verdict

    assert found.outcome == "not_distinguishable"
    assert found.sentence.startswith("Not distinguishable from the train class shares")
    assert found.difference == 0.0


def test_few_blocks_are_too_few_to_judge(classes):
    test = np.arange(460, 500)

    found = judged(classes, TRAIN, test, one_hot(classes.labels[test], 0.9), rng()).verdict

    assert (found.outcome, found.interval, found.blocks) == ("too_little_data", None, 8)
    assert found.sentence.startswith("Too few independent blocks (8) to judge: log loss")


def test_the_rival_is_the_hardest_baseline():
    """Labels that come in long runs: the last known one says more than the shares."""
    rows = dataset(np.arange(500) // 50 % 3, np.arange(500) + 1)
    outputs = probabilities(rng(), len(TEST))

    found = judged(rows, TRAIN, TEST, outputs, rng())

    assert found.verdict.baseline == "last_known_label"
    assert found.baselines["last_known_label"]["log_loss"] < found.baselines["class_shares"]["log_loss"]
    expected = log_losses(rows.labels[TEST], outputs).mean() - found.baselines["last_known_label"]["log_loss"]
    assert found.verdict.difference == pytest.approx(expected)


def test_accuracy_as_primary_is_compared_as_error_rate(classes):
    outputs = probabilities(rng(), len(TEST))

    found = judged(classes, TRAIN, TEST, outputs, rng(), primary="accuracy")

    best = max(baseline["accuracy"] for baseline in found.baselines.values())
    assert found.primary == "accuracy"
    assert found.verdict.metric == "error_rate"
    assert found.verdict.difference == pytest.approx(best - found.metrics["accuracy"])


def test_regression_is_judged_by_squared_error(numbers):
    found = judged(numbers, TRAIN, TEST, 0.5 * numbers.labels[TEST], rng())

    assert found.verdict.outcome == "better"
    assert found.verdict.baseline in ("zero", "train_mean")
    assert found.calibration == []
    assert found.metrics["r2"] == pytest.approx(0.75, abs=0.02)
    assert found.baselines["zero"] == {
        "mse": pytest.approx(np.mean(numbers.labels[TEST] ** 2)),
        "mae": pytest.approx(np.mean(np.abs(numbers.labels[TEST]))),
        "directional_accuracy": None,
    }


@pytest.mark.parametrize("primary", ["log_loss", "accuracy", "brier"])
def test_as_dict_is_plain_json_also_where_classes_are_missing(classes, primary):
    rows = dataset(np.where(classes.labels == 2, 1, classes.labels), classes.label_end // NS_PER_DAY)

    values = judged(rows, TRAIN, TEST, one_hot(rows.labels[TEST], 0.4), rng(), primary).as_dict()

    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["metrics"]["per_class"]["sell"]["recall"] is None
    assert values["baselines"]["majority"]["log_loss"] is None
    assert values["rows"] == len(TEST)
    assert values["primary"] in values["metrics"]


def test_regression_as_dict_is_plain_json(numbers):
    values = judged(numbers, TRAIN, TEST, np.zeros(len(TEST)), rng()).as_dict()

    assert json.loads(json.dumps(values, allow_nan=False)) == values


def test_equal_seeds_give_equal_verdicts(classes):
    outputs = probabilities(rng(), len(TEST))

    assert judged(classes, TRAIN, TEST, outputs, rng()) == judged(classes, TRAIN, TEST, outputs, rng())


@pytest.mark.parametrize(
    ("train", "outputs", "primary", "message"),
    [
        (TRAIN, np.ones((190, 2)) / 2, None, r"shape \(190, 3\), found \(190, 2\)"),
        (TRAIN, np.full((190, 3), np.nan), None, "finite"),
        (TRAIN, np.ones((190, 3)) / 3, "acuracy", "did you mean 'accuracy'"),
        (TRAIN, np.ones((190, 3)) / 3, "mse", "for classification"),
    ],
)
def test_what_does_not_fit_is_refused(classes, train, outputs, primary, message):
    with pytest.raises(InvalidInput, match=message):
        judged(classes, train, TEST, outputs, rng(), primary)

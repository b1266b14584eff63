import pytest

from ktrdr.domain.evaluation.significance import Difference
from ktrdr.domain.evaluation.verdict import outcome, sentence
from ktrdr.domain.market.timeframe import NS_PER_DAY


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((-0.2, -0.01), "better"),
        ((-0.2, 0.01), "not_distinguishable"),
        ((-0.2, 0.0), "not_distinguishable"),
        ((0.0, 0.2), "not_distinguishable"),
        ((0.01, 0.2), "worse"),
        (None, "too_little_data"),
    ],
)
def test_outcome(interval, expected):
    assert outcome(Difference(0.0, interval, 30, NS_PER_DAY)) == expected


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        (
            Difference(-0.05, (-0.09, -0.01), 34, 28 * NS_PER_DAY),
            (
                "Better than the train class shares: log loss 0.95 against 1, a difference of -0.05 "
                "(95 % interval -0.09 to -0.01, 34 blocks of 28 days)."
            ),
        ),
        (
            Difference(-0.05, (-0.09, 0.02), 34, NS_PER_DAY // 4),
            (
                "Not distinguishable from the train class shares: log loss 0.95 against 1, a difference of -0.05 "
                "(95 % interval -0.09 to +0.02, 34 blocks of 6 hours)."
            ),
        ),
        (
            Difference(-0.05, None, 6, 28 * NS_PER_DAY),
            (
                "Too few independent blocks (6) to judge: log loss 0.95 against 1 for the train class shares; "
                "a verdict takes at least 10 blocks of 28 days."
            ),
        ),
    ],
)
def test_sentence(difference, expected):
    assert sentence(difference, "log loss", "the train class shares", 0.95, 1.0) == expected

"""Episodes: counted against a plain loop, and what a verdict says of them."""

from types import SimpleNamespace

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.evaluations import dataset, judged, probabilities
from samples.pools import clock, pool_of

from ktrdr.domain.catalogue.labels import LABELS
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.evaluation.episodes import episodes_of, note, too_few
from ktrdr.domain.splits.temporal import TemporalHoldout
from ktrdr.domain.strategy.document import Labels

REGIMES = Labels("market_regime", {})


@settings(max_examples=examples(50))
@given(st.integers(20, 70), st.integers(20, 70), st.integers(0, 4))
def test_episodes_are_what_the_loop_counts(one, two, span):
    pool = pool_of({"A": clock(one), "B": clock(two, start=3)}, span)
    try:
        (split,) = TemporalHoldout((0.4, 0.3, 0.3))(pool.spans)
    except InvalidInput:
        return
    for part, counts in episodes_of(REGIMES, pool, split).items():
        expected = dict.fromkeys(pool.target.classes, 0)
        for symbol in pool.symbols:
            before = None
            for row in range(len(pool))[pool.rows_of(symbol)]:
                if row not in split.parts[part].rows:
                    continue
                name = pool.target.classes[pool.labels[row]]
                expected[name] += name != before
                before = name
        assert counts == expected


def test_only_classes_that_last_have_episodes():
    lasting = {spec.key for specs in LABELS.values() for spec in specs if spec.lasts}
    assert lasting == {"zigzag.segments", "regime", "market_regime"}
    assert episodes_of(Labels("direction", {}), SimpleNamespace(), SimpleNamespace()) == {}


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ({"bull": 3, "bear": 9}, ""),
        (
            {"bull": 3, "bear": 9, "sideways": 2, "high_volatility": 0},
            "No verdict on classes with fewer than 3 episodes in the test rows: sideways (2), high_volatility (0).",
        ),
        (
            {"bull": 3, "bear": 2},
            (
                "No verdict on classes with fewer than 3 episodes in the test rows: bear (2). Fewer than two classes "
                "remain: as a whole this rests on too few episodes to be relied on."
            ),
        ),
    ],
)
def test_a_verdict_names_the_classes_that_it_is_not_on(test, said):
    assert note({"train": {}, "test": test}) == said
    assert too_few(test) == tuple(name for name, count in test.items() if count < 3)
    assert note({}) == ""


def test_what_is_noted_stands_at_the_end_of_what_is_said_with_and_without_a_suspicion():
    rng = np.random.default_rng(0)
    rows = dataset(rng.integers(0, 3, 300), np.arange(300) + 2)
    plain = judged(rows, np.arange(150), np.arange(150, 300), probabilities(rng, 150), rng)
    noted = plain.noted("But.").verdict
    assert noted.sentence == f"{plain.verdict.sentence} But."
    assert noted.outcome == plain.verdict.outcome
    assert plain.noted("") == plain

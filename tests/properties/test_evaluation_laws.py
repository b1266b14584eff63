import numpy as np
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.domain.evaluation.baselines import baselines, last_known_rows
from ktrdr.domain.evaluation.outcomes import Outcomes
from ktrdr.domain.labels.labelset import Target

CLASSES = Target("classification", ("buy", "hold", "sell"), ("buy", "hold", "sell"))
NUMBERS = Target("regression", unit="fraction")


@st.composite
def labelled_rows(draw):
    """Rows at uneven times, with spans of any length, so that label ends come in any order."""
    steps = draw(st.lists(st.integers(0, 5), min_size=4, max_size=40))
    known_at = np.cumsum(steps).astype(np.int64)
    spans = draw(st.lists(st.integers(1, 30), min_size=len(steps), max_size=len(steps)))
    target = draw(st.sampled_from([CLASSES, NUMBERS]))
    numbers = draw(st.lists(st.integers(0, 2), min_size=len(steps), max_size=len(steps)))
    labels = np.array(numbers, dtype=np.int64 if target is CLASSES else np.float64)
    ends = known_at + np.array(spans, dtype=np.int64)
    return Outcomes(labels, known_at, ends, target)


@given(labelled_rows())
def test_the_last_known_row_equals_a_loop(rows):
    known_at = rows.known_at

    found = last_known_rows(rows.label_end, known_at)

    for t, row in enumerate(found):
        ended = [s for s in range(len(rows)) if rows.label_end[s] <= known_at[t]]
        assert row == max(ended, default=-1)


@settings(max_examples=examples(200))
@given(labelled_rows(), st.data())
def test_no_baseline_uses_a_label_whose_span_has_not_ended(rows, data):
    t = data.draw(st.integers(1, len(rows) - 1))
    now = rows.known_at[t]
    train = np.flatnonzero(rows.label_end <= now)
    if not len(train):
        return
    changed = np.where(rows.label_end > now, 2 - rows.labels, rows.labels).astype(rows.labels.dtype)
    other = Outcomes(changed, rows.known_at, rows.label_end, rows.target)

    for one, two in zip(baselines(rows, train, np.array([t])), baselines(other, train, np.array([t])), strict=True):
        np.testing.assert_array_equal(one.outputs, two.outputs)
        np.testing.assert_array_equal(one.choices, two.choices)

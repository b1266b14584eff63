"""Law 4: parts are disjoint and ordered, no earlier label reaches into a later part, and the embargo is kept."""

import numpy as np
from effort import examples
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from samples.splits import temporal_split

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.splits.temporal import MINIMUM_ROWS


@st.composite
def labelled_rows(draw):
    """Return (rows' bars, label-end bars, bars' known-at moments): gaps, equal moments and spans of any length."""
    n_bars = draw(st.integers(60, 220))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    steps = generator.choice([0, 1, 1, 1, 50], n_bars)
    moments = 10**18 + np.cumsum(steps).astype(np.int64) * 10**9
    longest = draw(st.sampled_from([0, 1, 5, 30]))
    bars = np.flatnonzero(generator.random(n_bars) < draw(st.sampled_from([0.5, 1.0])))
    ends = bars + generator.integers(0, longest + 1, len(bars))
    known = ends < n_bars
    return bars[known], ends[known], moments


SHARES = st.sampled_from([(0.7, 0.15, 0.15), (0.5, 0.25, 0.25), (0.34, 0.33, 0.33), (0.2, 0.3, 0.5)])


def attempt(bars, ends, moments, shares, embargo_bars):
    try:
        return temporal_split(moments[bars], moments[ends], moments, shares, embargo_bars)
    except InvalidInput:
        return None


@settings(max_examples=examples(300))
@given(labelled_rows(), SHARES, st.sampled_from([0, 1, 7]))
def test_no_earlier_row_has_seen_anything_of_a_later_part(rows, shares, embargo_bars):
    bars, ends, moments = rows
    split = attempt(*rows, shares, embargo_bars)
    assume(split is not None)
    parts = [split.train, split.validation, split.test]
    for earlier, later in ((0, 1), (0, 2), (1, 2)):
        first = min(moments[bars[row]] for row in parts[later])
        first_bar = min(bar for bar in range(len(moments)) if moments[bar] == first)
        free_from = moments[max(first_bar - embargo_bars, 0)]
        for row in parts[earlier]:
            seen = [moments[bar] for bar in range(bars[row], ends[row] + 1)]
            assert max(seen) < free_from <= first


@settings(max_examples=examples(200))
@given(labelled_rows(), SHARES, st.sampled_from([0, 1, 7]))
def test_every_row_is_in_one_part_or_purged_for_a_reason(rows, shares, embargo_bars):
    bars, ends, moments = rows
    split = attempt(*rows, shares, embargo_bars)
    assume(split is not None)
    parts = [split.train, split.validation, split.test]
    everything = np.concatenate(parts)
    assert (np.diff(everything) > 0).all()
    assert everything.dtype == np.int64
    assert split.cuts[0] < split.cuts[1]
    assert min(map(len, parts)) >= MINIMUM_ROWS
    for row in set(range(len(bars))) - set(everything.tolist()):
        moment = moments[bars[row]]
        assert moment < split.cuts[1], "a test row was lost"
        cut = split.cuts[0] if moment < split.cuts[0] else split.cuts[1]
        first_bar = int(np.searchsorted(moments, cut))
        assert moments[ends[row]] >= moments[max(first_bar - embargo_bars, 0)], "purged without a reason"
    purged = split.parts["train"].purged + split.parts["validation"].purged
    assert purged + len(everything) == len(bars)
    moments_of = [max(moments[ends[row]] for row in part) for part in parts]
    assert [split.fitted_until, split.selected_until, split.judged_until] == moments_of
    assert moments_of == sorted(moments_of)


@given(labelled_rows(), SHARES)
def test_parts_have_their_shares_before_the_purge(rows, shares):
    bars, _, moments = rows
    moments = moments + np.arange(len(moments))  # a symbol has no two bars at one moment
    split = attempt(bars, bars, moments, shares, 0)
    assume(split is not None)
    cut_rows = [round(len(bars) * shares[0]), round(len(bars) * (shares[0] + shares[1]))]
    assert list(split.cuts) == [moments[bars[row]] for row in cut_rows]
    assert split.validation[0] <= cut_rows[0]
    assert split.test[0] <= cut_rows[1]


@given(labelled_rows(), SHARES, st.sampled_from([0, 7]), st.integers(1, 100))
def test_later_bars_that_no_row_uses_change_nothing(rows, shares, embargo_bars, more):
    bars, ends, moments = rows
    split = attempt(*rows, shares, embargo_bars)
    longer = np.append(moments, moments[-1] + np.arange(1, more + 1) * 10**9)
    again = attempt(bars, ends, longer, shares, embargo_bars)
    assert (split is None) == (again is None)
    assert split is None or split.report() == again.report()

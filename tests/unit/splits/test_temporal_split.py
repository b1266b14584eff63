import json
import re
from dataclasses import replace

import numpy as np
import pytest
from samples.splits import temporal_split

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.splits.parted import Part
from ktrdr.domain.splits.temporal import MINIMUM_ROWS

HOUR = 3600 * 10**9
SHARES = (0.6, 0.2, 0.2)


def clock(n, start=0):
    return (np.arange(n, dtype=np.int64) + 1 + start) * HOUR


def split_of(n, span, shares=SHARES, embargo_bars=0):
    """Hourly rows, one per base bar, whose labels end `span` bars later; labels need later bars than the rows have."""
    return temporal_split(clock(n), clock(n, span), clock(n + span), shares, embargo_bars)


def test_parts_by_share_and_purge_by_span():
    split = split_of(100, span=5)
    # Validation begins at row 60, test at row 80. Row 55 ends at the moment of row 60: it is out, row 54 is in.
    assert split.train.tolist() == list(range(55))
    assert split.validation.tolist() == list(range(60, 75))
    assert split.test.tolist() == list(range(80, 100))
    assert split.cuts == (61 * HOUR, 81 * HOUR)


def test_the_embargo_keeps_base_bars_free_before_each_cut():
    split = split_of(100, span=5, embargo_bars=3)
    assert split.train.tolist() == list(range(52))
    assert split.validation.tolist() == list(range(60, 72))
    assert split.test.tolist() == list(range(80, 100))


def test_the_embargo_counts_base_bars_not_rows():
    known_at = clock(200)[::2]  # every second bar has a row
    split = temporal_split(known_at, known_at, clock(200), SHARES, embargo_bars=4)
    assert split.train[-1] == 57  # row 60 is bar 120; bars 116 to 119 and their rows 58 and 59 stay free
    assert known_at[split.train[-1]] < clock(200)[116]


def test_rows_known_at_the_same_moment_stay_together():
    known_at = clock(100)
    known_at[58:62] = known_at[58]
    split = temporal_split(known_at, known_at, clock(100), SHARES)
    assert split.train[-1] == 57
    assert split.validation[0] == 58


def test_the_report_names_rows_dates_purge_and_the_three_moments():
    report = split_of(100, span=5, embargo_bars=1).report()
    assert json.loads(json.dumps(report)) == {
        "parts": {
            "train": {"rows": 54, "first": "1970-01-01T01:00:00Z", "last": "1970-01-03T06:00:00Z"},
            "validation": {"rows": 14, "first": "1970-01-03T13:00:00Z", "last": "1970-01-04T02:00:00Z"},
            "test": {"rows": 20, "first": "1970-01-04T09:00:00Z", "last": "1970-01-05T04:00:00Z"},
        },
        "purged": {"train": 6, "validation": 6},
        "embargo_bars": 1,
        "cuts": ["1970-01-03T13:00:00Z", "1970-01-04T09:00:00Z"],
        "fitted_until": "1970-01-03T11:00:00Z",
        "selected_until": "1970-01-04T07:00:00Z",
        "judged_until": "1970-01-05T09:00:00Z",
    }


@pytest.mark.parametrize("n", [0, 1, 2, 3, 40, 60, 144])
def test_too_few_rows_say_how_many_there_are_how_many_were_purged_and_how_many_are_needed(n):
    with pytest.raises(InvalidInput) as caught:
        split_of(n, span=20)
    assert re.fullmatch(
        rf"split: {n} labelled rows are too few for {MINIMUM_ROWS} in each part; label spans and embargo take "
        r"\d+ of train, \d+ of validation; about \d+ rows are needed",
        str(caught.value),
    )


@pytest.mark.parametrize(("span", "embargo_bars"), [(20, 0), (20, 10), (0, 0)])
def test_the_number_that_is_needed_is_enough_and_not_far_too_many(span, embargo_bars):
    with pytest.raises(InvalidInput) as caught:
        split_of(30, span, embargo_bars=embargo_bars)
    needed = int(re.search(r"about (\d+)", str(caught.value))[1])
    assert split_of(needed, span, embargo_bars=embargo_bars)
    with pytest.raises(InvalidInput):
        split_of(int(needed * 0.9), span, embargo_bars=embargo_bars)


@pytest.mark.parametrize("shares", [(0.5, 0.3, 0.3), (1.0, 0.0, 0.0), (1.2, -0.1, -0.1)])
def test_shares_must_be_positive_and_sum_to_one(shares):
    with pytest.raises(InvalidInput, match=r"shares must be above 0 and sum to 1; found \("):
        split_of(100, 5, shares)


def test_a_negative_embargo_is_refused():
    with pytest.raises(InvalidInput, match="embargo_bars must be 0 or more; found -1"):
        split_of(100, 5, embargo_bars=-1)


def test_a_split_checks_itself():
    split = split_of(100, 5)
    parts = dict(split.parts)
    with pytest.raises(InvalidInput, match="overlap"):
        replace(split, parts={**parts, "validation": parts["test"]})
    with pytest.raises(InvalidInput, match="none of them empty"):
        replace(split, parts={**parts, "test": Part(np.empty(0, dtype=np.int64), 0, 0, 0)})

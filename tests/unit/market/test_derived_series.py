"""Series made of published ones, against plain loops over what was known at each moment."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.context_source import ContextSource, derived_sources, source_named
from ktrdr.domain.market.derived_series import derive

DAY = pd.Timedelta(1, "D")
START = pd.Timestamp("2022-01-07T20:30", tz="UTC")
SOURCES = (
    ContextSource("us", "fred", "DGS2"),
    ContextSource("de_2y", "fred", "IRLTLT01DEM156N"),
    ContextSource("EUR", "cftc_cot", "EUR"),
    ContextSource("DXY", "ib", "DXY"),
)
PERCENTAGE = source_named(SOURCES, "cot_EUR_net_pct")
SPREAD = source_named(SOURCES, "yield_spread_DGS2_IRLTLT01DEM156N")


def weekly(values: list[float], days: list[int] | None = None) -> ContextSeries:
    known = [START + 7 * week * DAY for week in range(len(values))] if days is None else [START + n * DAY for n in days]
    return ContextSeries.from_frame(pd.DataFrame({"known_at": known, "value": values}), "cftc_cot", "EUR", source="f")


def test_each_older_id_means_what_it_is_made_of() -> None:
    assert PERCENTAGE.made_of == (SOURCES[2],)
    assert SPREAD.made_of == SOURCES[:2]
    other_way = source_named(SOURCES, "yield_spread_IRLTLT01DEM156N_DGS2")
    assert other_way.made_of == (SOURCES[1], SOURCES[0])
    assert source_named(SOURCES, "us") is SOURCES[0]
    assert [item.id for item in derived_sources(SOURCES, "COT_eur_NET_pct")] == ["cot_EUR_net_pct"]
    for unknown in ("cot_GBP_net_pct", "cot_DXY_net_pct", "yield_spread_DGS2_DGS2", "yield_spread_DGS2_DXY", "x"):
        assert list(derived_sources(SOURCES, unknown)) == []


def test_names_with_underscores_may_be_meant_in_two_ways() -> None:
    rates = tuple(ContextSource(name, "fred", name) for name in ("A", "A_B", "B_C", "C"))
    found = derived_sources(rates, "yield_spread_A_B_C")
    assert {tuple(part.name for part in item.made_of) for item in found} == {("A", "B_C"), ("A_B", "C")}


@settings(max_examples=examples(50))
@given(st.lists(st.integers(-4, 4), min_size=52, max_size=90))
def test_the_percentage_is_the_share_of_the_other_51_that_lie_below(values: list[int]) -> None:
    made = derive(PERCENTAGE, [weekly([float(value) for value in values])])
    expected = [
        100 * sum(other < values[week] for other in values[week - 51 : week]) / 51 for week in range(51, len(values))
    ]
    assert made.columns["close"].tolist() == pytest.approx(expected)
    assert made.known_at[0] == (START + 51 * 7 * DAY).value
    assert len(made) == len(values) - 51


def test_the_highest_of_a_year_is_100_percent_and_the_lowest_0() -> None:
    made = derive(PERCENTAGE, [weekly([*range(52), -1.0])])
    assert made.columns["close"].tolist() == [100.0, 0.0]
    assert (made.key, made.source) == ("cftc_cot/net_pct(EUR)", "f")


def test_fewer_weeks_than_a_year_are_refused_with_both_numbers() -> None:
    with pytest.raises(InvalidBars, match="f: cot_EUR_net_pct needs 52 values; there are 51"):
        derive(PERCENTAGE, [weekly([1.0] * 51)])


REVISED = st.lists(st.tuples(st.integers(0, 70), st.integers(0, 12), st.integers(-3, 3)), max_size=60)


@settings(max_examples=examples(50))
@given(REVISED)
def test_revisions_count_from_their_own_publication(revisions: list[tuple[int, int, int]]) -> None:
    """By a loop over all moments of publication: what each week was known to be then."""
    rows = {(week, week): float(week * 7 % 11) for week in range(71)}
    rows |= {(min(week + later, 82), week): float(value) for week, later, value in revisions if later}
    ordered = sorted(rows)
    frame = pd.DataFrame(
        {
            "known_at": [START + 7 * known * DAY for known, _ in ordered],
            "observation": [START + (7 * week - 3) * DAY for _, week in ordered],
            "value": [rows[pair] for pair in ordered],
        }
    )
    made = derive(PERCENTAGE, [ContextSeries.from_frame(frame, "cftc_cot", "EUR")])
    expected = {}
    for moment in range(51, 83):
        if not any(known == moment for known, _ in ordered):
            continue
        seen = {week: rows[known, week] for known, week in ordered if known <= moment}
        *others, newest = [seen[week] for week in sorted(seen)[-52:]]
        expected[(START + 7 * moment * DAY).value] = 100 * np.mean([other < newest for other in others])
    assert made.known_at.tolist() == list(expected)
    assert made.columns["close"].tolist() == pytest.approx(list(expected.values()))


MOMENTS = st.lists(st.integers(0, 60), min_size=1, max_size=25, unique=True).map(sorted)


@given(MOMENTS, MOMENTS)
def test_a_spread_takes_the_two_as_they_are_known(ours: list[int], theirs: list[int]) -> None:
    one, other = weekly([day**2 for day in ours], ours), weekly([-3 * day for day in theirs], theirs)
    made = derive(SPREAD, [one, other])
    expected = {}
    for day in sorted({*ours, *theirs}):
        known = [[moment for moment in days if moment <= day] for days in (ours, theirs)]
        if all(known):
            expected[(START + day * DAY).value] = known[0][-1] ** 2 + 3 * known[1][-1]
    assert made.known_at.tolist() == list(expected)
    assert made.columns["close"].tolist() == list(expected.values())


@given(MOMENTS, MOMENTS, st.integers(0, 60))
def test_what_is_published_later_changes_nothing(ours: list[int], theirs: list[int], now: int) -> None:
    known = [[moment for moment in days if moment <= now] for days in (ours, theirs)]
    if not all(known):
        return
    whole = derive(SPREAD, [weekly([float(day) for day in days], days) for days in (ours, theirs)])
    then = derive(SPREAD, [weekly([float(day) for day in days], days) for days in known])
    rows = len(then)
    assert whole.known_at[:rows].tolist() == then.known_at.tolist()
    assert whole.columns["close"][:rows].tolist() == then.columns["close"].tolist()
    assert all(whole.known_at[rows:] > (START + now * DAY).value)

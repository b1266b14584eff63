"""Faults planted at random places in good bars: one way of planting for each rule of data quality."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.clocks import wall_time
from ktrdr.domain.market.quality.table import RULES
from ktrdr.domain.market.sessions import known_at
from ktrdr.domain.market.timeframe import NS_PER_DAY, NS_PER_MINUTE

HOUR = 60 * NS_PER_MINUTE
Rng = np.random.Generator
PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Case:
    """Bars, what is known of their symbol, and how many bars a day or week of them has."""

    bars: Bars
    facts: SymbolCharacteristics

    @property
    def intraday(self) -> bool:
        return self.bars.timeframe.intraday

    @property
    def closes(self) -> bool:
        """Whether the market is ever closed."""
        return not (self.bars.sessions is not None and self.bars.sessions.continuous)

    @property
    def session(self) -> np.ndarray:
        assert self.bars.sessions is not None
        return self.bars.sessions.locate(self.bars.stamps, self.bars.timeframe)


Plant = Callable[[Rng, Case], Case]


def with_columns(case: Case, **columns: np.ndarray) -> Case:
    """Return the bars with other columns."""
    return replace(case, bars=replace(case.bars, **columns))


def with_stamps(case: Case, stamps: np.ndarray, rows: np.ndarray | None = None) -> Case:
    """Return some bars at other stamps, in order, each stamp once."""
    bars = case.bars if rows is None else case.bars.take(rows)
    order = np.argsort(stamps, kind="stable")
    keep = order[np.diff(stamps[order], prepend=np.iinfo(np.int64).min) > 0]
    values = {name: getattr(bars, name)[keep] for name in (*PRICES, "volume")}
    moved = stamps[keep]
    known = known_at(moved, bars.timeframe, bars.sessions)
    return replace(case, bars=replace(bars, stamps=moved, known_at=known, **values))


def places(rng: Rng, case: Case, most: int = 5) -> np.ndarray:
    """Return one to a few inner rows, apart from each other."""
    count = int(rng.integers(1, most + 1))
    rows = rng.choice(np.arange(20, len(case.bars) - 20), size=count * 4, replace=False)
    kept: list[int] = []
    for row in rows:
        if all(abs(row - other) > 15 for other in kept) and len(kept) < count:
            kept.append(int(row))
    return np.array(sorted(kept))


def scaled(case: Case, rows: np.ndarray, factor: float, volume: float = 1.0) -> Case:
    """Return the bars with prices (and volume) of some rows multiplied."""
    columns = {}
    for name in PRICES:
        columns[name] = getattr(case.bars, name).copy()
        columns[name][rows] *= factor
    columns["volume"] = case.bars.volume.copy()
    columns["volume"][rows] *= volume
    return with_columns(case, **columns)


def without(case: Case, gone: np.ndarray) -> Case:
    kept = np.ones(len(case.bars), bool)
    kept[gone] = False
    return replace(case, bars=case.bars.take(kept))


# --- completeness -----------------------------------------------------------------------------------------------------


def incomplete(rng: Rng, case: Case) -> Case:
    size = int(len(case.bars) * rng.uniform(0.07, 0.3))
    inner = np.arange(1, len(case.bars) - 1)
    inside = inner[(case.session[inner] != case.session[0]) & (case.session[inner] != case.session[-1])]
    if rng.random() < 0.5:
        start = int(rng.integers(0, len(inside) - size)) if len(inside) > size else 0
        return without(case, inside[start : start + size])
    return without(case, rng.choice(inside, size=min(size, len(inside)), replace=False))


def missing_sessions(rng: Rng, case: Case) -> Case:
    quiet = {(12, 25), (1, 1)}
    days = np.unique(case.session[case.session >= 0])[1:-1]
    dates = case.bars.sessions.dates[days].astype("datetime64[ns]").astype("datetime64[D]").tolist()
    chosen = [day for day, date in zip(days, dates, strict=True) if (date.month, date.day) not in quiet]
    gone = rng.choice(chosen, size=int(rng.integers(1, 4)), replace=False)
    return without(case, np.flatnonzero(np.isin(case.session, gone)))


def missing_bars(rng: Rng, case: Case) -> Case:
    session = case.session
    inner = np.flatnonzero((session[1:-1] == session[:-2]) & (session[1:-1] == session[2:]) & (session[1:-1] >= 0)) + 1
    return without(case, rng.choice(inner, size=int(rng.integers(1, 8)), replace=False))


def missing_weekdays(rng: Rng, case: Case) -> Case:
    dates = case.bars.sessions.dates[np.maximum(case.session, 0)]
    weekday = (dates // NS_PER_DAY + 3) % 7
    day = rng.choice(np.unique(weekday[case.session >= 0]))
    return without(case, np.flatnonzero((weekday == day) & (case.session >= 0)))


def repeated_sessions(rng: Rng, case: Case) -> Case:
    session = case.session
    days, counts, moves = sessions_of(case)
    place = int(rng.choice(alike(case)))
    far = np.flatnonzero((counts[:place] == counts[place]) & moves[:place])
    other = int(rng.choice(far)) if case.bars.volume.any() and rng.random() < 0.5 else place - 1
    before, now = (np.flatnonzero(session == days[at]) for at in (other, place))
    columns = {name: getattr(case.bars, name).copy() for name in (*PRICES, "volume")}
    for values in columns.values():
        values[now] = values[before]
    return with_columns(case, **columns)


def sessions_of(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the sessions that have bars, how many each has, and whether any of them moves."""
    inside = case.session >= 0
    days, counts = np.unique(case.session[inside], return_counts=True)
    return days, counts, np.bincount(case.session[inside], weights=(case.bars.high - case.bars.low)[inside])[days] > 0


def alike(case: Case) -> np.ndarray:
    """Return the places of sessions that have as many bars as the one right before."""
    days, counts, moves = sessions_of(case)
    return np.flatnonzero((counts[1:] == counts[:-1]) & (np.diff(days) == 1) & moves[:-1]) + 1


def closed_days(rng: Rng, case: Case) -> Case:
    sessions = case.bars.sessions
    days = np.arange(case.bars.stamps[0] // NS_PER_DAY, case.bars.stamps[-1] // NS_PER_DAY) * NS_PER_DAY
    free = days[~np.isin(days, sessions.dates) & ((days // NS_PER_DAY + 3) % 7 == 5)]  # Saturdays
    chosen = rng.choice(free, size=min(int(rng.integers(1, 4)), len(free)), replace=False)
    if case.intraday:
        chosen = chosen + 14 * HOUR
    return with_more(case, np.sort(chosen))


def outside_hours(rng: Rng, case: Case) -> Case:
    sessions = case.bars.sessions
    ends = sessions.closes[:-1][sessions.opens[1:] - sessions.closes[:-1] > 8 * HOUR]
    ends = ends[(ends > case.bars.stamps[0]) & (ends < case.bars.stamps[-1])]
    return with_more(case, np.sort(rng.choice(ends, size=min(int(rng.integers(1, 6)), len(ends)), replace=False)))


def with_more(case: Case, stamps: np.ndarray) -> Case:
    """Return the bars with copies of their neighbours at further stamps."""
    rows = np.maximum(np.searchsorted(case.bars.stamps, stamps) - 1, 0)
    bars = case.bars
    more = {name: np.concatenate((getattr(bars, name), getattr(bars, name)[rows])) for name in (*PRICES, "volume")}
    every = np.concatenate((bars.stamps, stamps))
    order = np.argsort(every, kind="stable")
    order = order[np.diff(every[order], prepend=np.iinfo(np.int64).min) > 0]
    columns = {name: values[order] for name, values in more.items()}
    known = known_at(every[order], bars.timeframe, bars.sessions)
    return replace(case, bars=replace(bars, stamps=every[order], known_at=known, **columns))


# --- clocks and steps -------------------------------------------------------------------------------------------------


def time_zone_shift(rng: Rng, case: Case) -> Case:
    hours = float(rng.choice([-9, -8, -5, -4, -3, 3, 4, 5, 5.5, 7, 8, 9]))
    return with_stamps(case, case.bars.stamps + int(hours * HOUR))


def daylight_saving(rng: Rng, case: Case) -> Case:
    zone = str(rng.choice(["America/New_York", "Europe/London"]))
    stamps = case.bars.stamps
    ahead = wall_time(stamps, zone) - stamps
    summer = ahead > ahead.min()
    shift = HOUR if rng.random() < 0.5 else -HOUR
    return with_stamps(case, stamps + np.where(summer, shift, 0))


def shifted_stretch(rng: Rng, case: Case) -> Case:
    days = np.unique(case.session[case.session >= 0])
    weeks = case.bars.sessions.opens[days] // (7 * NS_PER_DAY) if case.facts.asset_class == "forex" else days
    names = np.unique(weeks)
    size = max(int(len(names) * rng.uniform(0.05, 0.3)), 2)
    start = int(rng.integers(1, len(names) - size))
    chosen = days[np.isin(weeks, names[start : start + size])]
    hours = float(rng.choice([-6, -5, -4, -3, -2, 2, 3, 4, 5, 6]))
    return with_stamps(case, case.bars.stamps + np.isin(case.session, chosen) * int(hours * HOUR))


def misnamed_timeframe(rng: Rng, case: Case) -> Case:
    return replace(case, bars=case.bars.take(slice(int(rng.integers(0, 3)), None, int(rng.integers(2, 7)))))


def uneven_steps(rng: Rng, case: Case) -> Case:
    session, stamps = case.session, case.bars.stamps.copy()
    inner = np.flatnonzero((session[2:] == session[:-2]) & (session[2:] >= 0)) + 2
    rows = rng.choice(inner, size=int(rng.integers(1, 8)), replace=False)
    stamps[rows] += (case.bars.timeframe.ns * rng.uniform(0.2, 0.8, len(rows))).astype(np.int64)
    return with_stamps(case, stamps)


# --- prices -----------------------------------------------------------------------------------------------------------


def worthless(rng: Rng, case: Case) -> Case:
    low = case.bars.low.copy()
    low[places(rng, case)] = rng.choice([0.0, -1.0, -37.63])
    return with_columns(case, low=low)


def body_outside(rng: Rng, case: Case) -> Case:
    rows, side = places(rng, case), rng.random() < 0.5
    values = getattr(case.bars, "open" if rng.random() < 0.5 else "close").copy()
    bound = case.bars.high if side else case.bars.low
    values[rows] = bound[rows] * (1 + (1 if side else -1) * rng.uniform(0.0005, 0.05))
    name = "open" if np.array_equal(values, case.bars.open) else "close"
    return with_columns(case, **{name: values})


def swapped_columns(rng: Rng, case: Case) -> Case:
    bars = case.bars
    orders = [("close", "high", "low", "open"), ("low", "high", "open", "close"), ("close", "high", "open", "low")]
    orders += [("open", "high", "close", "low"), ("low", "high", "close", "open"), ("high", "open", "low", "close")]
    orders += [("close", "open", "low", "high"), ("open", "close", "low", "high"), ("high", "close", "low", "open")]
    order = orders[int(rng.integers(len(orders)))]
    return with_columns(case, **{name: getattr(bars, other) for name, other in zip(PRICES, order, strict=True)})


def closes_only(rng: Rng, case: Case) -> Case:
    rows = rng.random(len(case.bars)) < rng.uniform(0.6, 1.0)
    close = case.bars.close
    return with_columns(case, **{name: np.where(rows, close, getattr(case.bars, name)) for name in PRICES})


def big_moves(rng: Rng, case: Case) -> Case:
    factor = float(rng.uniform(1.55, 5))
    factor = factor if rng.random() < 0.5 else 1 / factor
    return scaled(case, np.arange(len(case.bars)) >= int(places(rng, case, 1)[0]), factor)


def splits(rng: Rng, case: Case) -> Case:
    ratio = float(rng.choice([1.5, 2.0, 3.0, 4.0, 10.0, 1 / 2, 1 / 5, 1 / 10]))
    return scaled(case, np.arange(len(case.bars)) >= split_place(rng, case), 1 / ratio, ratio)


def split_place(rng: Rng, case: Case) -> int:
    """Return a bar at which a split can come: the first of a session."""
    row = int(places(rng, case, 1)[0])
    if not case.intraday:
        return row
    starts = np.flatnonzero(np.diff(case.session, prepend=-2) != 0)
    return int(starts[max(np.searchsorted(starts, row), 1) - 1]) or int(starts[1])


def spikes(rng: Rng, case: Case) -> Case:
    factor = float(rng.choice([rng.uniform(1.25, 2.0), rng.uniform(0.4, 0.8), 10.0, 0.1, 100.0, 0.01]))
    return scaled(case, places(rng, case, 3), factor)


def wicks(rng: Rng, case: Case) -> Case:
    rows, size = places(rng, case, 3), rng.uniform(0.35, 0.95)
    if rng.random() < 0.5:
        low = case.bars.low.copy()
        low[rows] = np.minimum(case.bars.open, case.bars.close)[rows] * (1 - size)
        return with_columns(case, low=low)
    high = case.bars.high.copy()
    high[rows] = np.maximum(case.bars.open, case.bars.close)[rows] * (1 + 2 * size)
    return with_columns(case, high=high)


def stale(rng: Rng, case: Case) -> Case:
    row, size = int(places(rng, case, 1)[0]), int(rng.integers(8, 20))
    columns = {name: getattr(case.bars, name).copy() for name in (*PRICES, "volume")}
    for values in columns.values():
        values[row : row + size] = values[row]
    return with_columns(case, **columns)


def coarse_grid(rng: Rng, case: Case) -> Case:
    bars = case.bars
    span = float(np.median((bars.high - bars.low)[bars.high > bars.low]))
    step = next(step for step in steps_from(span * 0.7))
    return with_columns(case, **{name: np.maximum(np.round(getattr(bars, name) / step), 1) * step for name in PRICES})


def steps_from(least: float) -> list[float]:
    power = 10.0 ** np.floor(np.log10(least))
    return [step for step in (power * part for part in (1, 2, 2.5, 5, 10)) if step >= least]


def decimals_change(rng: Rng, case: Case) -> Case:
    """Round half of the bars at most, so that six steps or fewer span a usual bar, and others are left as they are."""
    bars, most = case.bars, len(case.bars) // 2
    size = int(rng.integers(min(150, most - 1), most))
    start = int(rng.integers(0, len(bars) - size))
    rows = slice(start, start + size)
    decimals = int(np.floor(-np.log10(float(np.median((bars.high - bars.low)[rows])) / 6)))
    while np.array_equal(np.round(bars.close[rows], decimals), bars.close[rows]):
        decimals -= 1
    columns = {name: getattr(bars, name).copy() for name in PRICES}
    for values in columns.values():
        values[rows] = np.maximum(np.round(values[rows], decimals), 10.0**-decimals)
    return with_columns(case, **columns)


# --- volume and kind --------------------------------------------------------------------------------------------------


def zero_volume(rng: Rng, case: Case) -> Case:
    volume = case.bars.volume.copy()
    volume[places(rng, case)] = 0
    return with_columns(case, volume=volume)


def no_volume(rng: Rng, case: Case) -> Case:
    return with_columns(case, volume=np.zeros(len(case.bars)))


def volume_units(rng: Rng, case: Case) -> Case:
    days = np.unique(case.session[case.session >= 0])
    start = int(rng.integers(12, len(days) - 24))
    end = len(days) if rng.random() < 0.5 else int(rng.integers(start + 12, len(days) - 11))
    factor = float(rng.choice([100.0, 1000.0, 0.01, 0.001]))
    rows = (case.session >= days[start]) & (case.session <= days[end - 1])
    return with_columns(case, volume=np.where(rows, case.bars.volume * factor, case.bars.volume))


def volatility_as_stock(rng: Rng, case: Case) -> Case:
    facts = replace(case.facts, symbol="FEAR", asset_class=str(rng.choice(["stock", "etf"])))
    return Case(replace(case.bars, symbol="FEAR"), facts)


PLANTS: Mapping[str, Plant] = {name: value for name, value in globals().items() if name in RULES and callable(value)}
"""How a fault is planted, by the rule that shall find it."""
_MOSTLY_FLAT = 0.05


def suits(rule: str, case: Case) -> bool:
    """Return whether a fault can be planted into these bars."""
    bars, enough = case.bars, len(np.unique(case.session[case.session >= 0]))
    volume, sized = bars.volume.any(), bool((bars.volume > 0).all())
    needs: dict[str, Any] = {
        "missing_sessions": enough >= 6,
        "missing_weekdays": enough >= 70,
        "missing_bars": case.intraday and bars.timeframe.ns <= HOUR,
        "closed_days": case.closes and enough >= 8,
        "outside_hours": case.intraday and case.closes and enough >= 8,
        "time_zone_shift": clocked(case) and enough >= 8,
        "daylight_saving": clocked(case) and both_seasons(case),
        "shifted_stretch": clocked(case) and enough >= (60 if case.facts.asset_class == "forex" else 20),
        "uneven_steps": case.intraday and bars.timeframe.ns <= HOUR,
        "repeated_sessions": enough >= 8 and len(alike(case)) > 0,
        "splits": case.facts.asset_class in {"stock", "etf"} and (not case.intraday or enough >= 6),
        "zero_volume": sized,
        "no_volume": volume,
        "volume_units": sized and enough >= 60,
        "volatility_as_stock": False,
    }
    return bool(needs.get(rule, True)) and len(bars) >= 300


def clocked(case: Case) -> bool:
    return case.intraday and case.closes and case.bars.timeframe.ns <= HOUR


def both_seasons(case: Case) -> bool:
    stamps = case.bars.stamps
    ahead = wall_time(stamps, "America/New_York") - stamps
    share = float((ahead > ahead.min()).mean())
    return 0.15 < share < 0.85 and len(np.unique(case.session)) > (250 if case.facts.asset_class == "forex" else 60)

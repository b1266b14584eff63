"""Made-up bars: a seeded random walk through changing regimes, with the habits of real markets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars
from ktrdr.domain.market.characteristics import AssetClass
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.smoothing import exponential_mean
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

_LAST_DAY = int(np.datetime64("2024-12-31", "ns").astype(np.int64))
_LONGEST_STEP = 30
_TICKS_PER_BAR = 4

# One value per regime: trending up, trending down, ranging, volatile. Drift and reversal are in units of the usual move
# of a minute, volatility is a factor on it.
_DRIFT = np.array([0.014, -0.014, 0.0, 0.0])
_VOLATILITY = np.array([0.9, 1.15, 0.7, 1.8])
_REVERSAL = np.array([0.4, 0.4, 1.5, 0.8])
_REGIME_SESSIONS = 2.0
_REVERSAL_MINUTES, _CLUSTER_MINUTES = 20.0, 400.0
_CLUSTERING = 0.35


@dataclass(frozen=True, slots=True)
class Market:
    """What a made-up market looks like.

    Attributes
    ----------
    asset_class, calendar, time_zone
        As in `SymbolCharacteristics`.
    session_minutes : int
        Usual length of a session.
    start_price : float
        In quote currency.
    decimals : int
        Of a price.
    daily_volatility : float
        Standard deviation of a session's log return.
    gap : float
        Standard deviation of the overnight move, as a share of `daily_volatility`; 0 where the market hardly closes.
    minute_volume : float
        Typical volume of a minute.
    """

    asset_class: AssetClass
    calendar: str
    time_zone: str
    session_minutes: int
    start_price: float
    decimals: int
    daily_volatility: float
    gap: float
    minute_volume: float


_STOCK = Market("stock", "XNYS", "America/New_York", 390, 120.0, 2, 0.015, 0.4, 9000.0)
_MARKETS = {
    "FOREX": Market("forex", "24/5", "America/New_York", 1440, 1.1, 5, 0.005, 0.0, 60.0),
    "CRYPTO": Market("crypto", "24/7", "UTC", 1440, 30000.0, 2, 0.03, 0.0, 12.0),
}


def market_of(symbol: str) -> Market:
    """Return a forex or crypto market for names that end so, else a US stock."""
    return next((market for ending, market in _MARKETS.items() if symbol.endswith(ending)), _STOCK)


def simulate(symbol: str, timeframe: Timeframe, count: int, seed: int, *, flat: bool = False) -> Bars:
    """Return the last `count` bars of a simulated market; see `simulate_sessions`."""
    per_session = market_of(symbol).session_minutes / timeframe.minutes if timeframe.intraday else 1
    days_per_bar = 1 if timeframe.intraday else timeframe.minutes / 1440
    bars = simulate_sessions(symbol, timeframe, int(1.3 * days_per_bar * count / per_session) + 10, seed, flat=flat)
    if len(bars) < count:
        raise InvalidInput(f"bars: {symbol} can be simulated for {len(bars):,} {timeframe} bars; found {count:,}")
    return bars.take(slice(len(bars) - count, None))


def simulate_sessions(symbol: str, timeframe: Timeframe, count: int, seed: int, *, flat: bool = False) -> Bars:
    """Return the bars of the last `count` sessions of a simulated market up to the end of 2024.

    A walk in steps of up to 30 minutes runs through regimes of about two sessions (trending up, trending down, ranging,
    volatile); its volatility clusters, part of every move is soon taken back, stocks gap overnight, and volume depends
    on the time of day and on the size of the move. Nothing in it comes from real bars.

    Parameters
    ----------
    symbol : str
        Its ending decides the market (`market_of`); together with the seed, it decides the walk.
    timeframe : Timeframe
    count : int
        Number of sessions; positive.
    seed : int
        Not negative.
    flat : bool
        Whether all values are 1, where only the moments of the bars are asked for.
    """
    market = market_of(symbol)
    minutes = gcd(timeframe.minutes, _LONGEST_STEP)
    calendar = sessions_for(market.calendar, _LAST_DAY - int(count * 1.6 + 30) * NS_PER_DAY, _LAST_DAY)
    end = int(np.searchsorted(calendar.dates, _LAST_DAY, side="right"))
    used = slice(end - count, end)
    step = Timeframe(f"{minutes}m")
    stamps, first, elapsed = _grid(calendar.opens[used], calendar.closes[used], step.ns)
    source = f"simulated (seed {seed})"
    if flat:
        values = dict.fromkeys(BAR_COLUMNS, np.ones(len(stamps)))
    else:
        values = _values(market, minutes, first, elapsed, np.random.default_rng([seed, *symbol.encode()]))
    bars = Bars.of(symbol, step, stamps, values, source, calendar)
    return bars if step == timeframe else replace(resample(bars, timeframe), source=source)


def _grid(opens: Int64s, closes: Int64s, step: int) -> tuple[Int64s, Int64s, Floats]:
    """Return the stamps of all bars, the row of each session's first, and the share of the session gone by."""
    counts = (closes - opens) // step
    first = np.cumsum(counts) - counts
    place = np.arange(counts.sum()) - np.repeat(first, counts)
    return np.repeat(opens, counts) + place * step, first, (place + 0.5) / np.repeat(counts, counts)


def _values(market: Market, minutes: int, first: Int64s, elapsed: Floats, generator: Generator) -> dict[str, Floats]:
    """Return open, high, low, close and volume of all bars."""
    log_open, log_ticks = _walk(market, minutes, first, len(elapsed), generator)
    volume = _volume(market, minutes, elapsed, log_ticks[:, -1] - log_open, generator)
    return dict(zip(BAR_COLUMNS, (*_prices(market, log_open, log_ticks), volume), strict=True))


def _walk(market: Market, minutes: int, first: Int64s, bars: int, generator: Generator) -> tuple[Floats, Floats]:
    """Return the log price at each bar's open, shape (bars,), and at its ticks, shape (bars, ticks)."""
    regime = _regimes(bars, _REGIME_SESSIONS * market.session_minutes / minutes, generator)
    clusters = np.exp(_CLUSTERING * _persistent(bars, _CLUSTER_MINUTES / minutes, generator))
    volatility = _VOLATILITY[regime] * clusters * np.sqrt(minutes)
    passing = _REVERSAL[regime] * _persistent(bars, _REVERSAL_MINUTES / minutes, generator)
    drift = _DRIFT[regime] * minutes + np.diff(passing, prepend=passing[:1])
    moves = generator.standard_normal((bars, _TICKS_PER_BAR)) * (volatility / np.sqrt(_TICKS_PER_BAR))[:, None]
    moves += drift[:, None] / _TICKS_PER_BAR
    gaps = np.zeros(bars)
    gaps[first] = market.gap * np.sqrt(market.session_minutes) * generator.standard_normal(len(first))
    ticks = np.cumsum(moves).reshape(moves.shape) + np.cumsum(gaps)[:, None]
    usual_minute = market.daily_volatility / np.sqrt(market.session_minutes)
    return (ticks[:, 0] - moves[:, 0]) * usual_minute, ticks * usual_minute


def _regimes(bars: int, mean_length: float, generator: Generator) -> NDArray[np.int64]:
    """Return the regime of each bar; lengths are exponential, and no regime follows itself."""
    runs = int(2 * bars / mean_length) + 20
    ends = np.cumsum(generator.exponential(mean_length, runs))
    kinds = np.cumsum(generator.integers(1, len(_DRIFT), runs)) % len(_DRIFT)
    return kinds[np.minimum(np.searchsorted(ends, np.arange(bars)), runs - 1)]


def _persistent(bars: int, half_life: float, generator: Generator) -> Floats:
    """Return a first-order autoregression of unit variance."""
    decay = 0.5 ** (1 / half_life)
    gain = np.sqrt((1 + decay) / (1 - decay))
    noise = generator.standard_normal(bars)
    noise[0] /= gain
    return np.asarray(gain * exponential_mean(noise, 1 - decay))


def _prices(market: Market, log_open: Floats, log_ticks: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    log_high = np.maximum(log_open, log_ticks.max(axis=1))
    log_low = np.minimum(log_open, log_ticks.min(axis=1))
    smallest = 10.0**-market.decimals
    open_, high, low, close = (
        np.maximum(np.round(market.start_price * np.exp(logs), market.decimals), smallest)
        for logs in (log_open, log_high, log_low, log_ticks[:, -1])
    )
    return open_, high, low, close


def _volume(market: Market, minutes: int, elapsed: Floats, move: Floats, generator: Generator) -> Floats:
    """Return volume: highest at both ends of a stock's session, in the middle of a day that never ends."""
    ends = (2 * elapsed - 1) ** 2
    time_of_day = 0.5 + 1.5 * (ends if market.gap else 1 - ends)
    usual_move = market.daily_volatility * np.sqrt(minutes / market.session_minutes)
    activity = 0.6 + 0.5 * np.abs(move) / usual_move
    noise = np.exp(0.4 * generator.standard_normal(len(move)))
    return np.asarray(np.maximum(np.round(market.minute_volume * minutes * time_of_day * activity * noise), 1.0))

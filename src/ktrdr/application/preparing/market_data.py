"""Step 1, shared by the use cases: the bars of one symbol in every timeframe that a strategy names."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.preparing.quality import quality_of
from ktrdr.domain.errors import CorruptArtifact, DataNotFound
from ktrdr.domain.market.bars import Bars, DataFingerprint
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.moments import read_moment
from ktrdr.domain.market.quality.finding import Finding
from ktrdr.domain.market.quality.limits import DEFAULT_LIMITS, QualityLimits
from ktrdr.domain.market.resample import can_resample, resample
from ktrdr.domain.market.series import SeriesInfo
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe
from ktrdr.domain.strategy.document import TrainingData

log = logging.getLogger(__name__)
NATIVE = "native"
_COVERED = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class MarketData:
    """The bars of one symbol.

    Attributes
    ----------
    bars : mapping of timeframe to Bars
    origins : mapping of timeframe to str
        ``native``, or the timeframe that the bars were resampled from; stored with the model and obeyed at prediction.
    loaded : tuple of DataFingerprint
        What was read, before resampling.
    notes : tuple of str
        What should be said aloud.
    context : mapping of ``provider/name`` to ContextSeries
        Series beside the bars; see `with_context`.
    quality : tuple of Finding
        What the rules of data quality find in every series that was read.
    """

    base: str
    bars: Mapping[str, Bars]
    origins: Mapping[str, str]
    characteristics: SymbolCharacteristics
    loaded: tuple[DataFingerprint, ...]
    notes: tuple[str, ...]
    context: Mapping[str, ContextSeries] = field(default_factory=dict)
    quality: tuple[Finding, ...] = ()

    @property
    def said(self) -> tuple[str, ...]:
        """The notes, and what is odd about the series."""
        return (*self.notes, *(finding.said for finding in self.quality))

    @property
    def base_bars(self) -> Bars:
        """The bars that rows and labels lie on."""
        return self.bars[self.base]


def gather(
    data: DataRepository,
    wanted: TrainingData,
    symbol: str,
    origins: Mapping[str, str] | None = None,
    limits: QualityLimits | None = DEFAULT_LIMITS,
) -> MarketData:
    """Return the bars of a symbol in all timeframes, each read or resampled.

    Parameters
    ----------
    data : DataRepository
    wanted : TrainingData
        Timeframes, span, and where other timeframes come from.
    symbol : str
    origins : mapping, optional
        Where the bars came from when the model was trained; given at prediction.
    limits : QualityLimits or None
        By which the quality of the bars is judged; None does not look at it.

    Raises
    ------
    DataNotFound
        If a series is missing or too short to be resampled; the message says what there is.
    InvalidInput
        If a series cannot be resampled to a timeframe.
    CorruptArtifact
        If the given origins lack a timeframe.
    """
    span = span_of(wanted)
    there = data.series(symbol)
    chosen = dict(_choose_origins(there, wanted, *span) if origins is None else origins)
    lost = [name for name in wanted.timeframes.timeframes if name not in chosen]
    if lost:
        raise CorruptArtifact(f"data_origins does not say where {', '.join(lost)} bars come from")
    read: dict[str, Bars] = {}
    bars: dict[str, Bars] = {}
    for timeframe in wanted.timeframes.timeframes:
        origin = timeframe if chosen[timeframe] == NATIVE else chosen[timeframe]
        if origin not in read:
            read[origin] = data.load(symbol, Timeframe(origin), *span)
        bars[timeframe] = read[origin] if origin == timeframe else _resampled(read[origin], timeframe, wanted)
    characteristics = data.characteristics(symbol)
    base = wanted.timeframes.base
    notes = [*characteristics.inferred, *_origin_notes(chosen), *_staleness(bars, base)]
    for name, item in bars.items():
        log.info("bars", extra={"symbol": symbol, "timeframe": name, "rows": len(item), "origin": chosen[name]})
    loaded = tuple(item.fingerprint() for item in read.values())
    quality = () if limits is None else quality_of(read.values(), characteristics, limits)
    return MarketData(base, bars, chosen, characteristics, loaded, tuple(notes), quality=quality)


def _resampled(fine: Bars, timeframe: str, wanted: TrainingData) -> Bars:
    bars = resample(fine, Timeframe(timeframe), extended_hours=wanted.extended_hours)
    if not len(bars):
        raise DataNotFound(f"{fine.symbol}: {len(fine)} {fine.timeframe} bars ({fine.source}) make no {timeframe} bar")
    return bars


def span_of(wanted: TrainingData) -> tuple[int | None, int | None]:
    """Return first stamp and end (exclusive) of the bars to read, in UTC nanoseconds; None leaves that side open."""
    start = None if wanted.start is None else read_moment(wanted.start)
    if wanted.end is None:
        return start, None
    whole_day = len(wanted.end) == len("2020-01-31")
    return start, read_moment(wanted.end) + (NS_PER_DAY if whole_day else 1)


def _choose_origins(
    there: Sequence[SeriesInfo], wanted: TrainingData, start: int | None, end: int | None
) -> dict[str, str]:
    """Decide for each timeframe: its own file, or resampled from the finest file that covers the base bars."""
    files = {str(info.timeframe): info for info in there}
    base = wanted.timeframes.base
    native = wanted.timeframes.source == NATIVE
    origins = {}
    for timeframe in (base, *(name for name in wanted.timeframes.timeframes if name != base)):
        finer = [info for info in there if info.rows and _is_finer(info, Timeframe(timeframe))]
        keep = timeframe in files and (timeframe == base or native or not finer)
        if keep or native or not finer:
            origins[timeframe] = NATIVE
            continue
        covering = files.get(base, max(there, key=lambda info: info.last - info.first))
        low = covering.first if start is None else max(covering.first, start)
        high = covering.last if end is None else min(covering.last, end)
        candidates = [*finer, files[timeframe]] if timeframe in files else finer
        best = max(_coverage(info, low, high) for info in candidates)
        enough = [info for info in candidates if _coverage(info, low, high) >= _COVERED * best]
        finest = min(enough, key=lambda info: info.timeframe)
        origins[timeframe] = NATIVE if str(finest.timeframe) == timeframe else str(finest.timeframe)
    return origins


def _is_finer(info: SeriesInfo, timeframe: Timeframe) -> bool:
    return info.timeframe < timeframe and can_resample(info.timeframe, timeframe)


def _coverage(info: SeriesInfo, low: int, high: int) -> float:
    """Return the share of the span [low, high] that a series covers."""
    return max(min(info.last, high) - max(info.first, low), 0) / max(high - low, 1)


def _origin_notes(origins: Mapping[str, str]) -> list[str]:
    return [
        f"{timeframe} bars are resampled from {origin} bars, aware of sessions"
        for timeframe, origin in origins.items()
        if origin != NATIVE
    ]


def _staleness(bars: Mapping[str, Bars], base: str) -> list[str]:
    """Warn where another timeframe ends well before the base, so that its last value would be carried on."""
    notes = []
    for name, other in bars.items():
        fresh_until = other.known_at[-1] + 7 * NS_PER_DAY + 2 * other.timeframe.ns
        stale = np.count_nonzero(bars[base].known_at > fresh_until)
        if stale:
            notes.append(f"{name} bars end early: the last {stale} {base} rows carry an old {name} value")
    return notes

"""Every rule, one row each: id, severity, what it looks at, limit, what the limit counts, what to do, and how."""

from __future__ import annotations

from collections.abc import Mapping

from ktrdr.domain.market.quality import (
    calendar_days,
    clock,
    completeness,
    grid,
    kinds,
    moves,
    publication,
    repeats,
    shape,
    steps,
    together,
    volume,
)
from ktrdr.domain.market.quality.rule import Rule

_SHARE = "share of the bars that may be so"
_REFETCH = "fetch the series again, or from another source"
_SIZE = "times the usual size"
_CALENDAR = "say the right calendar in symbols.yaml"

_ROWS = (
    Rule("incomplete", "error", "series", 0.05, "share of expected bars that may be missing",
         f"{_REFETCH}; where bars without a trade are left out on purpose, say incomplete: warn",
         completeness.incomplete),
    Rule("missing_sessions", "warning", "series", 0.0, "share of sessions that may be missing",
         f"{_REFETCH}; where the exchange was closed, {_CALENDAR}", completeness.missing_sessions),
    Rule("missing_bars", "warning", "series", 0.0, "share of bars that may be missing inside sessions",
         f"{_REFETCH}, unless nothing traded then", completeness.missing_bars),
    Rule("missing_weekdays", "error", "series", 0.1, "share of a weekday's sessions that has bars at most",
         f"{_REFETCH}: a day of every week is missing", completeness.missing_weekdays),
    Rule("repeated_sessions", "warning", "series", 0.0, "sessions that may repeat",
         "remove the copy: one of the two sessions is missing", repeats.repeated_sessions),
    Rule("closed_days", "warning", "series", 0.0, _SHARE,
         f"remove them, or {_CALENDAR}", calendar_days.closed_days),
    Rule("outside_hours", "info", "series", 0.0, _SHARE,
         "nothing, if trading before the open and after the close is meant", calendar_days.outside_hours),
    Rule("time_zone_shift", "error", "series", 0.5, "share of the days that may be shifted",
         "import it again with --time-zone, or say stamp_zone in symbols.yaml", clock.time_zone_shift),
    Rule("daylight_saving", "warning", "series", 0.0, "share of the days that may be shifted",
         "import it again with the zone whose clock wrote the times (--time-zone)", clock.daylight_saving),
    Rule("shifted_stretch", "warning", "series", 0.0, "share of the days that may be shifted",
         f"{_REFETCH}: the clock of the source was changed", clock.shifted_stretch),
    Rule("misnamed_timeframe", "warning", "series", 0.0, "",
         "name the file after the timeframe that it holds", steps.misnamed_timeframe),
    Rule("uneven_steps", "warning", "series", 0.0, _SHARE,
         f"{_REFETCH}: bars of two timeframes, or of two sources, are mixed", steps.uneven_steps),
    Rule("worthless", "warning", "series", 0.0, _SHARE,
         "leave them out; what needs ratios cannot be computed from them", shape.worthless),
    Rule("body_outside", "warning", "series", 0.0, _SHARE,
         f"{_REFETCH}: open or close contradicts high and low", shape.body_outside),
    Rule("swapped_columns", "error", "series", 0.5, "share of the bars that may have a body outside their range",
         "import it again and say which column is which: --columns open=...,high=...", shape.swapped_columns),
    Rule("closes_only", "info", "series", 0.5, _SHARE,
         "use no indicator that reads high and low", shape.closes_only),
    Rule("big_moves", "warning", "series", 0.5, "share by which a close may move in one bar",
         "look at the places; a split has to be adjusted for, a bad price removed", moves.big_moves),
    Rule("splits", "warning", "series", 0.05, "how far from a split's ratio an open may lie (logarithm)",
         "use prices adjusted for splits", moves.splits),
    Rule("spikes", "warning", "series", 10.0, _SIZE,
         "look at the places; remove bad prices at the source", moves.spikes),
    Rule("wicks", "warning", "series", 35.0, _SIZE,
         "look at the places; a bad price makes stops and ranges wrong", moves.wicks),
    Rule("stale", "warning", "series", 5.0, "equal bars in a row that are found",
         f"{_REFETCH}: the feed stood still", repeats.stale),
    Rule("zero_volume", "warning", "series", 0.0, _SHARE,
         "look at the places; without a trade there is no price either", volume.zero_volume),
    Rule("no_volume", "info", "series", 0.0, "",
         "use no feature that reads volume", volume.no_volume),
    Rule("volume_units", "warning", "series", 30.0, "times that volume may change for ten sessions",
         "bring volume into one unit (shares or lots)", volume.volume_units),
    Rule("coarse_grid", "warning", "series", 3.0, "steps of the grid that a usual bar must span",
         "use prices with more decimals", grid.coarse_grid),
    Rule("decimals_change", "warning", "series", 30.0, "steps of the coarser grid that a usual bar must span",
         "use one source for the whole span", grid.decimals_change),
    Rule("volatility_as_stock", "warning", "series", 0.0, "",
         "say asset_class: index in symbols.yaml, and use it as context", kinds.volatility_as_stock),
    Rule("timeframes_disagree", "warning", "symbol", 0.01, "share by which two closes of one moment may differ",
         "use series that are adjusted alike", together.timeframes_disagree),
    Rule("mixed_adjustments", "warning", "pool", 0.0, "",
         "use prices that are adjusted alike, or say adjustment in symbols.yaml", together.mixed_adjustments),
    Rule("survivorship", "info", "pool", 30.0, "days by which the ends of the symbols may differ",
         "add symbols that were delisted, or distrust results that only survivors could have", together.survivorship),
    Rule("context_early", "warning", "context", 0.0, "share of the values that may be early",
         "give the moments of publication as known_at, not the periods", publication.context_early),
)  # fmt: skip
RULES: Mapping[str, Rule] = {rule.id: rule for rule in _ROWS}
"""Every rule by its id, in the order of the table."""

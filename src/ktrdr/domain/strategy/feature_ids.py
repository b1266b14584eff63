"""The names of features, in contract order, from the strategy alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ktrdr.domain.catalogue.feature_catalogues import CATALOGUES
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.market.characteristics import ASSET_CLASSES
from ktrdr.domain.strategy.document import ContextFeatures, FuzzySet, MembershipFunction, Model, NetworkInput
from ktrdr.domain.strategy.reading.sections import Findings

Column = tuple[str, str, MembershipFunction | None]
TIME_CONTEXT = (
    "time_hour_sin",
    "time_hour_cos",
    "time_weekday_sin",
    "time_weekday_cos",
    "time_market_open",
    "time_session_share",
)
SESSION_CONTEXT = (
    "session_since_open",
    "session_to_close",
    "session_asia",
    "session_europe",
    "session_america",
)
ASSET_CLASS = "symbol_asset_class_"
VOLATILITY_RANK = "symbol_volatility_rank"
VOLATILITY_BARS = 20
RANKED_BARS = 250
MOST_FEATURES = 100_000
"""More would not fit into any memory; what would have them is refused before they are named."""
LOG_RETURN, SYMBOL_CODE = "log_return", "symbol_code"
"""What a model of returns reads of the base bars: the return since the bar before, and whose bar it is."""
SYMBOL_CONTEXT = (*(f"{ASSET_CLASS}{name}" for name in ASSET_CLASSES), VOLATILITY_RANK)


def columns(entry: NetworkInput, fuzzy_sets: Mapping[str, FuzzySet]) -> Iterator[Column]:
    """Yield id, timeframe and membership (None for raw) of an entry.

    Timeframes outer, memberships or the columns of a feature catalogue inner.
    """
    for timeframe in entry.timeframes:
        if entry.kind == "raw_indicator":
            yield f"{timeframe}_{entry.name}_raw", timeframe, None
        elif entry.kind == "catalogue":
            for column in CATALOGUES[entry.name].columns:
                yield f"{timeframe}_{column.name}_raw", timeframe, None
        else:
            for membership in fuzzy_sets[entry.name].memberships:
                yield f"{timeframe}_{entry.name}_{membership.name}", timeframe, membership


def lagged(name: str, lag: int) -> str:
    """Return the id of a feature `lag` base rows back."""
    return f"{name}_lag_{lag}"


def context_columns(context: ContextFeatures, base: str) -> Iterator[tuple[str, str, int | None]]:
    """Yield id, name and period (None where it has none) of each context feature.

    In this order: price, volume, time, session, symbol. A period is also how many bars pass before the first value.
    """
    named: list[tuple[str, int]] = []
    if context.price is not None:
        named += [("price_return", bars) for bars in context.price["returns"]]
        named.append(("price_ma_distance", context.price["ma"]))
    if context.volume is not None:
        named += [(name, context.volume["period"]) for name in ("volume_ratio", "volume_zscore")]
    for name, period in named:
        yield f"{base}_{name}_{period}", name, period
    kinds = ((context.time, TIME_CONTEXT), (context.session, SESSION_CONTEXT), (context.symbol, SYMBOL_CONTEXT))
    for name in (name for wanted, names in kinds if wanted for name in names):
        yield f"{base}_{name}", name, VOLATILITY_BARS + RANKED_BARS - 1 if name == VOLATILITY_RANK else None


def returns_columns(base: str) -> tuple[tuple[str, str, int | None], ...]:
    """Return id, name and period of what a model of returns reads after its inputs; see `context_columns`."""
    return (f"{base}_{LOG_RETURN}", LOG_RETURN, 1), (f"{base}_{SYMBOL_CODE}", SYMBOL_CODE, None)


def included_contexts(context: ContextFeatures) -> tuple[str, ...]:
    """Return the names of the kinds of context features that are fed: ``price_context``, ``time_context``, ..."""
    kinds = {"price": context.price, "volume": context.volume, "time": context.time, "session": context.session}
    return tuple(f"{name}_context" for name, fed in (kinds | {"symbol": context.symbol}).items() if fed)


def refuse_equal_ids(
    entries: Sequence[NetworkInput], fuzzy_sets: Mapping[str, FuzzySet], model: Model, base: str, findings: Findings
) -> None:
    """Note an error for each entry or context that gives an id that was given before; the message names both."""
    total = model.lookback_periods * sum(_count(entry, fuzzy_sets) for entry in entries)
    if total > MOST_FEATURES:
        findings.error("nn_inputs", f"gives {total:,} features with all lags; at most {MOST_FEATURES:,}")
        return
    seen: dict[str, str] = {}
    first: dict[NetworkInput, int] = {}
    for index, entry in enumerate(entries):
        path = f"nn_inputs[{index}]"
        if first.setdefault(entry, index) != index:
            findings.error(path, f"repeats nn_inputs[{first[entry]}]")
            continue
        owner = f"{path} ({entry.kind} {entry.name!r})"
        current = [name for name, _, _ in columns(entry, fuzzy_sets)]
        owned = [(name, owner) for name in current]
        for lag in range(1, model.lookback_periods):
            owned += [(lagged(name, lag), f"{owner} at lag {lag}") for name in current]
        _note_first(path, owned, seen, findings)
    context = [(name, f"the context feature {kind}") for name, kind, _ in context_columns(model.context, base)]
    _note_first("model.features", context, seen, findings)
    if MODEL_TYPES[model.type].reads_returns:
        read = [(name, f"what {model.type} reads, {kind},") for name, kind, _ in returns_columns(base)]
        _note_first("model.type", read, seen, findings)


def _count(entry: NetworkInput, fuzzy_sets: Mapping[str, FuzzySet]) -> int:
    if entry.kind == "fuzzy_set":
        return len(entry.timeframes) * len(fuzzy_sets[entry.name].memberships)
    return len(entry.timeframes) * (len(CATALOGUES[entry.name].columns) if entry.kind == "catalogue" else 1)


def _note_first(path: str, owned: Sequence[tuple[str, str]], seen: dict[str, str], findings: Findings) -> None:
    for name, owner in owned:
        if name in seen:
            findings.error(path, f"{owner} gives the feature id {name!r}, as {seen[name]} does; rename one")
            return
        seen[name] = owner

"""The labelers again, as plain loops that follow the grammar word by word."""

import itertools
import math
import statistics

BUY, HOLD, SELL = 0, 1, 2


def lookahead_twin(close, opens, lookahead, needed, entry):
    """One (label, end) or None per bar; `needed` is the threshold of each bar, None where there is none."""
    found = []
    for t in range(len(close)):
        if t + lookahead >= len(close) or needed[t] is None:
            found.append(None)
            continue
        price = close[t] if entry == "close" else opens[t + 1]
        returns = [(close[u] - price) / price for u in range(t + 1, t + lookahead + 1)]
        gain, loss = max(returns), -min(returns)
        if gain >= needed[t] and gain > loss:
            found.append((BUY, t + lookahead))
        elif loss >= needed[t] and loss > gain:
            found.append((SELL, t + lookahead))
        else:
            found.append((HOLD, t + lookahead))
    return found


def return_twin(close, opens, horizon, entry):
    found = []
    for t in range(len(close)):
        if t + horizon >= len(close):
            found.append(None)
            continue
        price = close[t] if entry == "close" else opens[t + 1]
        found.append(((close[t + horizon] - price) / price, t + horizon))
    return found


def pivots_twin(close, reversal):
    """(row, confirmed, is_high) of each pivot, bar by bar; `reversal` is None while it warms up."""
    found = []
    high = low = None
    for t, price in enumerate(close):
        if reversal[t] is None:
            continue
        if high is None and low is None:
            high = low = t
            continue
        if high is not None:
            swing = reversal[high] * close[high]
            if price > close[high]:
                high = t
            elif price < close[high] and price <= close[high] - swing:
                found.append((high, t, True))
                high, low = None, t
                continue
        if low is not None:
            swing = reversal[low] * close[low]
            if price < close[low]:
                low = t
            elif price > close[low] and price >= close[low] + swing:
                found.append((low, t, False))
                high, low = t, None
    return found


def segments_twin(close, reversal):
    found = [None] * len(close)
    pivots = pivots_twin(close, reversal)
    for index, (row, confirmed, is_high) in enumerate(pivots):
        found[row] = (HOLD, confirmed)
        if index:
            for t in range(pivots[index - 1][0] + 1, row):
                found[t] = (BUY if is_high else SELL, confirmed)
    return found


def average_range_twin(high, low, close, period=14):
    """Wilder's average true range; None while it warms up."""
    ranges = [
        max(high[t] - low[t], abs(high[t] - close[t - 1]), abs(low[t] - close[t - 1])) for t in range(1, len(close))
    ]
    found = [None] * len(close)
    for t in range(period, len(close)):
        if t == period:
            found[t] = sum(ranges[:period]) / period
        else:
            found[t] = (found[t - 1] * (period - 1) + ranges[t - 1]) / period
    return found


def log_returns_twin(close):
    """Log returns; None for the first bar."""
    return [None] + [math.log(now / before) for before, now in itertools.pairwise(close)]


def deviation_twin(returns, window):
    """Sample standard deviation of the last `window` values; None until there are as many."""
    found = []
    for t in range(len(returns)):
        values = returns[max(t - window + 1, 0) : t + 1]
        found.append(statistics.stdev(values) if len(values) == window and None not in values else None)
    return found


def bar_volatility_twin(high, low, close, span, method):
    """Exponentially weighted, every weight written out; None until there are `span` values."""
    if method == "close":
        moves = log_returns_twin(close)
    else:
        moves = [None] + [
            max(high[t] - low[t], abs(high[t] - close[t - 1]), abs(low[t] - close[t - 1])) / close[t]
            for t in range(1, len(close))
        ]
    found = []
    for t in range(len(close)):
        values = moves[1 : t + 1]
        weights = [(1 - 2 / (span + 1)) ** (len(values) - 1 - i) for i in range(len(values))]
        if len(values) < span:
            found.append(None)
            continue
        total = sum(weights)
        mean = sum(w * x for w, x in zip(weights, values, strict=True)) / total
        if method == "close":
            spread = sum(w * (x - mean) ** 2 for w, x in zip(weights, values, strict=True))
            unbiased = total - sum(w * w for w in weights) / total
            mean = math.sqrt(max(spread / unbiased, 0.0)) if unbiased > 0 else None
        found.append(mean)
    return found


def _long_twin(opens, high, low, t, horizon, target, stop):
    """(bar that closes a long position opened at t, whether it won, whether at the open), or None if nothing does."""
    for u in range(t + 1, min(t + horizon, len(high) - 1) + 1):
        wins, loses = high[u] >= target, low[u] <= stop
        if wins and opens[u] >= target:
            return u, True, True
        if loses:
            return u, False, False
        if wins:
            return u, True, False
    return None


def _short_twin(opens, high, low, t, horizon, target, stop):
    for u in range(t + 1, min(t + horizon, len(high) - 1) + 1):
        wins, loses = low[u] <= target, high[u] >= stop
        if wins and opens[u] <= target:
            return u, True, True
        if loses:
            return u, False, False
        if wins:
            return u, True, False
    return None


def triple_barrier_twin(path, width, settings):
    """One (label, end) or None per bar; `width` is the volatility of each bar, scaled, None where there is none."""
    opens, high, low, close = path
    horizon, expiry, both = settings["max_holding_period"], settings["expiry"], settings["side"] == "both"
    found = []
    for t in range(len(close)):
        if not width[t] or (settings["entry"] == "next_open" and t + 1 == len(close)):
            found.append(None)
            continue
        entry = close[t] if settings["entry"] == "close" else opens[t + 1]
        up, down = settings["pt_multiplier"] * width[t], settings["sl_multiplier"] * width[t]
        long = _long_twin(opens, high, low, t, horizon, entry * (1 + up), entry * (1 - down))
        short = _short_twin(opens, high, low, t, horizon, entry * (1 - up), entry * (1 + down)) if both else None
        if not both and long:
            found.append((BUY if long[1] else SELL, long[0]))
            continue
        wins = [(side[0], not side[2], label) for side, label in ((long, BUY), (short, SELL)) if side and side[1]]
        if wins:
            first = min(wins)
            tied = len(wins) == 2 and wins[0][:2] == wins[1][:2]
            found.append((HOLD if tied else first[2], first[0]))
        elif long and short:
            found.append((HOLD, max(long[0], short[0])))
        elif t + horizon >= len(close):
            found.append(None)
        else:
            change = close[t + horizon] / entry - 1
            high_enough, low_enough = {"hold": (math.inf, -math.inf), "sign": (0, 0)}.get(
                expiry, (up / 2, -(up if both else down) / 2)
            )
            label = BUY if change > high_enough and not long else HOLD
            label = SELL if change < low_enough and not short else label
            found.append((label, t + horizon))
    return found


def cusum_twin(log_prices, thresholds):
    """Lopez de Prado's symmetric filter, each side with its own sum; `thresholds` is None while it warms up."""
    events, up, down = [], 0.0, 0.0
    for t in range(1, len(log_prices)):
        if thresholds[t] is None or thresholds[t - 1] is None:
            continue
        change = log_prices[t] - log_prices[t - 1]
        up, down = max(0.0, up + change), min(0.0, down + change)
        if up > thresholds[t] or down < -thresholds[t]:
            events.append(t)
        up = 0.0 if up > thresholds[t] else up
        down = 0.0 if down < -thresholds[t] else down
    return events


def direction_twin(close, opens, horizon, band, entry):
    names = [(pair and (0 if pair[0] > band else 2 if pair[0] < -band else 1), pair and pair[1])
             for pair in return_twin(close, opens, horizon, entry)]  # fmt: skip
    return [None if end is None else (label, end) for label, end in names]


def context_twin(close, opens, horizon, bullish, bearish, entry):
    return [
        pair and (0 if pair[0] > bullish else 1 if pair[0] < bearish else 2, pair[1])
        for pair in return_twin(close, opens, horizon, entry)
    ]


def volatility_twin(close, window):
    deviations = deviation_twin(log_returns_twin(close), window)
    return [(deviations[t + window], t + window) if t + window < len(close) else None for t in range(len(close))]


def risk_adjusted_twin(close, opens, settings):
    trailing = deviation_twin(log_returns_twin(close), settings["vol_window"])
    found = []
    for risk, pair in zip(trailing, return_twin(close, opens, settings["horizon"], settings["entry"]), strict=True):
        if not risk or not pair:
            found.append(None)
            continue
        ratio = pair[0] / (risk * math.sqrt(settings["horizon"]))
        if settings["classes"] == 3:
            label = 0 if ratio > 0.5 else 2 if ratio < -0.5 else 1
        else:
            label = 0 if ratio > 1.5 else 1 if ratio > 0.5 else 2 if ratio >= -0.5 else 3 if ratio >= -1.5 else 4
        found.append((label, pair[1]))
    return found


def regime_twin(high, low, close, settings):
    period, lookback = settings["atr_period"], settings["vol_lookback"]
    ranges, returns = average_range_twin(high, low, close, period), log_returns_twin(close)
    coming, trailing = deviation_twin(returns, period), deviation_twin(returns, lookback)
    unit = []
    for t in range(len(close)):
        values = ranges[max(t - lookback + 1, 0) : t + 1]
        unit.append(None if len(values) < lookback or None in values else statistics.median(values) / close[t])
    macro, micro = (
        pivots_twin(close, [share and settings[name] * share for share in unit])
        for name in ("macro_atr_mult", "micro_atr_mult")
    )
    found = [None] * len(close)
    for (start, _, _), (stop, confirmed, rising) in itertools.pairwise(macro):
        inside = [(row, kind) for row, known, kind in micro if start <= row <= stop and known <= confirmed]
        prices = [close[row] for row, kind in inside if kind != rising]  # lows of a rise, highs of a fall
        steps = [(later > earlier) == rising and later != earlier for earlier, later in itertools.pairwise(prices)]
        trends = len(inside) >= 4 and sum(steps) >= settings["progression_tolerance"] * len(steps)
        kind = (0 if rising else 1) if trends else 2
        for t in range(start + 1, stop + 1):
            if not trailing[t] or t + period >= len(close):
                continue
            volatile = coming[t + period] > settings["vol_crisis_threshold"] * trailing[t]
            found[t] = (3 if volatile else kind, max(confirmed, t + period))
    return found


def market_regime_twin(path, settings, index=None, trailing_bars=500):
    """`index` is the volatility index as each bar knows it, None where it does not."""
    opens, _, _, close = path
    horizon, fast, slow = settings["horizon"], settings["fast"], settings["slow"]
    squares = [None if value is None else value**2 for value in log_returns_twin(close)]
    realised = [
        None if t < horizon else math.sqrt(sum(squares[t - horizon + 1 : t + 1]) / horizon) for t in range(len(close))
    ]
    found = []
    for t, pair in enumerate(return_twin(close, opens, horizon, settings["entry"])):
        end = t + horizon
        if not pair or end < slow - 1:
            found.append(None)
            continue
        if index is None:
            values = sorted(value for value in realised[max(t - trailing_bars + 1, 0) : t + 1] if value is not None)
            place = 0.9 * (len(values) - 1)
            usual = values and values[int(place)] + (place % 1) * (
                values[min(int(place) + 1, len(values) - 1)] - values[int(place)]
            )
            if len(values) < trailing_bars // 2 or not usual:
                found.append(None)
                continue
            high = realised[end] > usual
        else:
            values = index[t + 1 : end + 1]
            if None in values:
                found.append(None)
                continue
            high = sum(values) / horizon > settings["high"]
        trend = math.fsum(close[end - fast + 1 : end + 1]) / fast - math.fsum(close[end - slow + 1 : end + 1]) / slow
        label = 0 if trend > 0 and pair[0] > 0 else 1 if trend < 0 and pair[0] < 0 else 2
        found.append((3 if high else label, end))
    return found


def uniqueness_twin(rows, ends):
    """Average uniqueness of each label over the bars after its row up to its end."""
    spans = [range(row + 1, end + 1) if end > row else range(row, row + 1) for row, end in zip(rows, ends, strict=True)]
    found = [sum(1 / sum(bar in other for other in spans) for bar in span) / len(span) for span in spans]
    return [value * len(found) / sum(found) for value in found]


def next_draw_twin(rows, ends, drawn):
    """Probability with which each row is drawn next by the sequential bootstrap, after `drawn`."""
    spans = [range(row + 1, end + 1) if end > row else range(row, row + 1) for row, end in zip(rows, ends, strict=True)]
    found = [sum(1 / (1 + sum(bar in spans[other] for other in drawn)) for bar in span) / len(span) for span in spans]
    return [value / sum(found) for value in found]

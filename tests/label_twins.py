"""The labelers again, as plain loops that follow the grammar word by word."""

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

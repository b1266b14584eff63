"""The layouts of vendors and programs: one a row. The first that fits counts."""

from __future__ import annotations

from ktrdr.adapters.data.layouts.layout import VWAP, Layout
from ktrdr.domain.errors import InvalidInput, did_you_mean, shown

_OHLC = ("open", "high", "low", "close")
_BARS = ("time", *_OHLC, "volume")
_EPOCH, _SECONDS = r"\d{10}(\d{3}){0,3}(\.0*)?", r"\d{10}(\.0*)?"
_DAY, _CLOCK = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}", r"\d{1,2}:\d{2}(:\d{2})?"
_COMPACT = r"\d{8} \d{4}(\d{2})?"
BY_NAME = Layout("columns", "columns by name", point=False)
"""What counts where no vendor's layout fits, and all columns have names that tell."""

LAYOUTS = (
    Layout(
        "yahoo-history",
        "Yahoo, Ticker.history()",
        header=(*_OHLC, "volume", "dividends", "stock splits"),
    ),
    Layout("yahoo", "Yahoo, daily prices", header=("date", *_OHLC, "adj close", "volume")),
    Layout("stooq", "Stooq, bulk file", header=("ticker", "per", "date", *_OHLC, "vol", "openint")),
    Layout(
        "mt5",
        "MetaTrader 5",
        header=("date", *_OHLC, "tickvol"),
        roles={"volume": "tickvol"},
        asks_zone=True,
        remark="the volume is the number of ticks",
    ),
    Layout(
        "binance",
        "Binance, data file",
        header=("open time", *_OHLC, "volume", "close time"),
        roles={"time": "open time"},
        unnamed=(*_BARS, *[""] * 6),
        begins=(_EPOCH,),
    ),
    Layout(
        "cryptodatadownload",
        "CryptoDataDownload",
        header=("unix", "date", "symbol", *_OHLC),
        roles={"time": "unix"},
    ),
    Layout(
        "investing",
        "Investing.com",
        header=("date", "price", "open", "high", "low", "vol.", "change %"),
        roles={"close": "price", "volume": "vol."},
    ),
    Layout("investing", "Investing.com", header=("date", "price", "open", "high", "low"), roles={"close": "price"}),
    Layout("nasdaq", "Nasdaq.com", header=("date", "close/last", "open", "high", "low")),
    Layout(
        "alphavantage-adjusted",
        "Alpha Vantage, daily adjusted",
        header=("timestamp", *_OHLC, "adjusted close", "volume", "dividend amount"),
    ),
    Layout("ib", "Interactive Brokers", header=("date", *_OHLC, "volume", "average", "barcount")),
    Layout("polygon", "Polygon, flat file", header=("ticker", *_OHLC, "window start"), roles={"time": "window start"}),
    Layout("polygon-json", "Polygon, aggregates", header=("v", "vw", "o", "c", "h", "l", "t")),
    Layout("dukascopy", "Dukascopy", header=("gmt time", *_OHLC)),
    Layout(
        "coinbase",
        "Coinbase",
        exactly=("time", "low", "high", "open", "close", "volume"),
        unnamed=("time", "low", "high", "open", "close", "volume"),
        begins=(_EPOCH,),
    ),
    Layout("tradingview", "TradingView", exactly=("time", *_OHLC, "Volume"), point=False),
    Layout("kraken", "Kraken, OHLCVT without header", unnamed=(*_BARS, ""), begins=(_SECONDS,)),
    Layout("kraken-api", "Kraken, OHLC reply", unnamed=(*_BARS[:-1], VWAP, "volume", ""), begins=(_SECONDS,)),
    Layout("ccxt", "rows of ccxt or freqtrade", unnamed=_BARS, begins=(_EPOCH,)),
    Layout("mt4", "MetaTrader 4, without header", unnamed=("time", *_BARS), begins=(_DAY, _CLOCK), asks_zone=True),
    Layout(
        "mt4", "MetaTrader 4, without header", unnamed=("time", "time", *_OHLC), begins=(_DAY, _CLOCK), asks_zone=True
    ),
    Layout(
        "ninjatrader",
        "NinjaTrader, without header",
        unnamed=_BARS,
        begins=(_COMPACT,),
        stated_only=True,
        ends=True,
        remark="NinjaTrader stamps bars at their end; each was moved to its start",
    ),
    Layout(
        "histdata",
        "HistData, ASCII without header",
        unnamed=_BARS,
        begins=(_COMPACT,),
        stated_only=True,
        zone="Etc/GMT+5",
        remark="HistData writes Eastern standard time all year, five hours behind UTC",
    ),
    Layout(
        "compact",
        "HistData or NinjaTrader, without header",
        unnamed=_BARS,
        begins=(_COMPACT,),
        remark="stamps are read as written; NinjaTrader stamps bars at their end: --format ninjatrader",
    ),
    Layout("plain", "no header: time, open, high, low, close, volume", unnamed=_BARS, begins=(_DAY,), point=False),
    Layout("plain", "no header: time, open, high, low, close", unnamed=_BARS[:-1], begins=(_DAY,), point=False),
    Layout("plain", "no header: time, open, high, low, close", unnamed=_BARS[:-1], begins=(_EPOCH,), point=False),
    Layout("plain", "no header: time, open, high, low, close, volume", unnamed=_BARS, begins=(r"\d{8}",), point=False),
    BY_NAME,
)
ALIASES = {"firstrate": "plain", "freqtrade": "ccxt", "tradingview-unix": "tradingview", "alphavantage": "columns"}
"""Other names under which a layout may be asked for."""


def layouts_named(name: str) -> tuple[Layout, ...]:
    """Return the layouts of a name.

    Raises
    ------
    InvalidInput
        If none has it; the message says the nearest.
    """
    wanted = name.casefold().replace("_", "-")
    wanted = ALIASES.get(wanted, wanted)
    found = tuple(layout for layout in LAYOUTS if layout.name == wanted)
    if not found:
        known = [*dict.fromkeys(layout.name for layout in LAYOUTS), *ALIASES]
        raise InvalidInput(
            f"no layout is named {shown(name)}{did_you_mean(name, known)} (known: {', '.join(sorted(known))})"
        )
    return found


__all__ = ["BY_NAME", "LAYOUTS", "Layout", "layouts_named"]

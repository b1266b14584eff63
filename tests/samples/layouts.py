"""Two bars as each vendor or program would write them; the texts are ours."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

BARS = [[10.5, 12.0, 10.0, 11.25, 1200.0], [11.25, 11.5, 9.75, 10.0, 800.0]]
"""Open, high, low, close, volume of the two bars."""
DAYS = ["2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z"]
HOURS = ["2024-01-02T14:00:00Z", "2024-01-02T15:00:00Z"]


class Sample(NamedTuple):
    """A file, what is said of it, and the stamps that come out."""

    text: str
    stamps: list[str]
    stated: Mapping[str, Any] = MappingProxyType({})
    name: str = "X_1h.csv"
    encoding: str = "utf-8"


SAMPLES = {
    "yahoo": Sample(
        "Date,Open,High,Low,Close,Adj Close,Volume\n"
        "2024-01-02,10.500000,12.000000,10.000000,11.250000,10.687500,1200\n"
        "2024-01-03,11.250000,11.500000,9.750000,10.000000,9.500000,800\n",
        DAYS,
        name="X_1d.csv",
    ),
    "yahoo-history": Sample(
        "Datetime,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"
        "2024-01-02 09:00:00-05:00,10.5,12.0,10.0,11.25,1200,0.0,0.0\n"
        "2024-01-02 10:00:00-05:00,11.25,11.5,9.75,10.0,800,0.0,0.0\n",
        HOURS,
    ),
    "stooq": Sample(
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
        "X.US,D,20240102,000000,10.5,12,10,11.25,1200,0\nX.US,D,20240103,000000,11.25,11.5,9.75,10,800,0\n",
        DAYS,
        name="X_1d.txt",
    ),
    "mt5": Sample(
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
        "2024.01.02\t16:00:00\t10.500\t12.000\t10.000\t11.250\t1200\t0\t5\n"
        "2024.01.02\t17:00:00\t11.250\t11.500\t9.750\t10.000\t800\t0\t5\n",
        HOURS,
        {"time_zone": "Europe/Athens"},
        encoding="utf-16",
    ),
    "binance": Sample(
        "1704204000000,10.50000000,12.00000000,10.00000000,11.25000000,1200.00,1704207599999,13500.0,7,600,6750.0,0\n"
        "1704207600000,11.25000000,11.50000000,9.75000000,10.00000000,800.00,1704211199999,8000.0,5,400,4000.0,0\n",
        HOURS,
    ),
    "cryptodatadownload": Sample(
        "https://www.example.com\nUnix,Date,Symbol,Open,High,Low,Close,Volume X,Volume USDT,tradecount\n"
        "1704207600000,2024-01-02 15:00:00,XUSDT,11.25,11.5,9.75,10,800,8000,5\n"
        "1704204000000,2024-01-02 14:00:00,XUSDT,10.5,12,10,11.25,1200,13500,7\n",
        HOURS,
        {"symbol": "XUSDT"},
    ),
    "investing": Sample(
        '"Date","Price","Open","High","Low","Vol.","Change %"\n'
        '"01/31/2024","10.00","11.25","11.50","9.75","0.80K","-11.11%"\n'
        '"01/30/2024","11.25","10.50","12.00","10.00","1.20K","7.14%"\n',
        ["2024-01-30T00:00:00Z", "2024-01-31T00:00:00Z"],
        name="X_1d.csv",
    ),
    "nasdaq": Sample(
        "Date,Close/Last,Volume,Open,High,Low\n01/31/2024,$10.00,800,$11.25,$11.50,$9.75\n"
        "01/30/2024,$11.25,1200,$10.50,$12.00,$10.00\n",
        ["2024-01-30T00:00:00Z", "2024-01-31T00:00:00Z"],
        name="X_1d.csv",
    ),
    "alphavantage-adjusted": Sample(
        "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\n"
        "2024-01-03,11.25,11.5,9.75,10,9.5,800,0.0000,1.0\n2024-01-02,10.5,12,10,11.25,10.6875,1200,0.0000,1.0\n",
        DAYS,
        name="X_1d.csv",
    ),
    "ib": Sample(
        ",date,open,high,low,close,volume,average,barCount\n"
        "0,20240102 09:00:00 US/Eastern,10.5,12,10,11.25,1200.0,11.1,31\n"
        "1,20240102 10:00:00 US/Eastern,11.25,11.5,9.75,10,800.0,10.4,29\n",
        HOURS,
    ),
    "polygon": Sample(
        "ticker,volume,open,close,high,low,window_start,transactions\n"
        "X,1200,10.5,11.25,12,10,1704204000000000000,9\nX,800,11.25,10,11.5,9.75,1704207600000000000,9\n",
        HOURS,
    ),
    "polygon-json": Sample(
        '{"ticker": "X", "adjusted": true, "results": ['
        '{"v": 1200, "vw": 11.0, "o": 10.5, "c": 11.25, "h": 12, "l": 10, "t": 1704204000000, "n": 9}, '
        '{"v": 800, "vw": 10.4, "o": 11.25, "c": 10, "h": 11.5, "l": 9.75, "t": 1704207600000, "n": 9}], "count": 2}',
        HOURS,
        name="X_1h.json",
    ),
    "dukascopy": Sample(
        "Gmt time,Open,High,Low,Close,Volume\n02.01.2024 14:00:00.000,10.5,12,10,11.25,1200\n"
        "02.01.2024 15:00:00.000,11.25,11.5,9.75,10,800\n",
        HOURS,
    ),
    "coinbase": Sample(
        "time,low,high,open,close,volume\n1704207600,9.75,11.5,11.25,10,800\n1704204000,10,12,10.5,11.25,1200\n", HOURS
    ),
    "tradingview": Sample(
        "time,open,high,low,close,Volume,RSI\n1704204000,10.5,12,10,11.25,1200,50.1\n"
        "1704207600,11.25,11.5,9.75,10,800,48.2\n",
        HOURS,
    ),
    "kraken": Sample("1704204000,10.5,12,10,11.25,1200,7\n1704207600,11.25,11.5,9.75,10,800,5\n", HOURS),
    "kraken-api": Sample(
        '{"error": [], "result": {"XXUSD": [[1704204000, "10.5", "12", "10", "11.25", "11", "1200", 7], '
        '[1704207600, "11.25", "11.5", "9.75", "10", "10.4", "800", 5]], "last": 1704207600}}',
        HOURS,
        name="X_1h.json",
    ),
    "ccxt": Sample(
        "[[1704204000000, 10.5, 12, 10, 11.25, 1200.0], [1704207600000, 11.25, 11.5, 9.75, 10.0, 800.0]]",
        HOURS,
        name="X_1h.json",
    ),
    "mt4": Sample(
        "2024.01.02,14:00,10.5,12,10,11.25,1200\n2024.01.02,15:00,11.25,11.5,9.75,10,800\n", HOURS, {"time_zone": "UTC"}
    ),
    "histdata": Sample(
        "20240102 090000;10.5;12;10;11.25;1200\n20240102 100000;11.25;11.5;9.75;10;800\n", HOURS, {"layout": "histdata"}
    ),
    "ninjatrader": Sample(
        "20240102 150000;10.5;12;10;11.25;1200\n20240102 160000;11.25;11.5;9.75;10;800\n",
        HOURS,
        {"layout": "ninjatrader", "time_zone": "UTC"},
        name="X_1h.txt",
    ),
    "compact": Sample(
        "20240102 090000;10.500;12.000;10.000;11.250;1200\n20240102 100000;11.250;11.500;9.750;10.000;800\n",
        HOURS,
        {"time_zone": "Etc/GMT+5"},
    ),
    "plain": Sample(
        "2024-01-02 14:00:00,10.5,12,10,11.25,1200\n2024-01-02 15:00:00,11.25,11.5,9.75,10,800\n",
        HOURS,
        {"time_zone": "UTC"},
        name="X_1h.txt",
    ),
    "columns": Sample(
        "date|o|h|l|c|v\n2024-01-02|10.5|12|10|11.25|1200\n2024-01-03|11.25|11.5|9.75|10|800\n", DAYS, name="X_1d.tsv"
    ),
}
"""By the name of the layout that must be found."""

"""Where a symbol is taken to trade, by its name and bars, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.better_guess import require_fitting
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.dating import in_sessions
from ktrdr.domain.market.inference import guesses_in_one, infer_characteristics
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.market.venues import VENUES

DAY = 86_400 * 10**9
NONE = np.empty(0, dtype=np.int64)
MONDAYS_TO_FRIDAYS = from_iso("2024-03-18T00:00:00Z") + DAY * np.array([0, 1, 2, 3, 4, 7, 8, 9, 10, 11])


@pytest.mark.parametrize(
    ("symbol", "asset_class", "calendar"),
    [
        ("7203.T", "stock", "XTKS"),
        ("0700.HK", "stock", "XHKG"),
        ("VOD.L", "stock", "XLON"),
        ("SAP.DE", "stock", "XETR"),
        ("BMW.F", "stock", "XFRA"),
        ("MC.PA", "stock", "XPAR"),
        ("ENI.MI", "stock", "XMIL"),
        ("ASML.AS", "stock", "XAMS"),
        ("ABI.BR", "stock", "XBRU"),
        ("EDP.LS", "stock", "XLIS"),
        ("NESN.SW", "stock", "XSWX"),
        ("VOLV-B.ST", "stock", "XSTO"),
        ("NOVO-B.CO", "stock", "XCSE"),
        ("NOKIA.HE", "stock", "XHEL"),
        ("EQNR.OL", "stock", "XOSL"),
        ("SAN.MC", "stock", "XMAD"),
        ("OMV.VI", "stock", "XWBO"),
        ("PKN.WA", "stock", "XWAR"),
        ("SHOP.TO", "stock", "XTSE"),
        ("ABC.V", "stock", "XTSE"),
        ("BHP.AX", "stock", "XASX"),
        ("FPH.NZ", "stock", "XNZE"),
        ("RELIANCE.NS", "stock", "XBOM"),
        ("500325.BO", "stock", "XBOM"),
        ("600519.SS", "stock", "XSHG"),
        ("000001.SZ", "stock", "XSHG"),
        ("005930.KS", "stock", "XKRX"),
        ("035720.KQ", "stock", "XKRX"),
        ("2330.TW", "stock", "XTAI"),
        ("6488.TWO", "stock", "XTAI"),
        ("D05.SI", "stock", "XSES"),
        ("BBCA.JK", "stock", "XIDX"),
        ("PTT.BK", "stock", "XBKK"),
        ("1155.KL", "stock", "XKLS"),
        ("PETR4.SA", "stock", "BVMF"),
        ("WALMEX.MX", "stock", "XMEX"),
        ("GGAL.BA", "stock", "XBUE"),
        ("SQM-B.SN", "stock", "XSGO"),
        ("NPN.JO", "stock", "XJSE"),
        ("THYAO.IS", "stock", "XIST"),
        ("CRH.IR", "stock", "XDUB"),
        ("SPY.US", "etf", "XNYS"),
        ("N225", "index", "XTKS"),
        ("^N225", "index", "XTKS"),
        ("HSI", "index", "XHKG"),
        ("^HSI", "index", "XHKG"),
        ("FTSE", "index", "XLON"),
        ("^GDAXI", "index", "XFRA"),
        ("FCHI", "index", "XPAR"),
        ("^STOXX50E", "index", "XFRA"),
        ("NSEI", "index", "XBOM"),
        ("NSEBANK", "index", "XBOM"),
        ("^BVSP", "index", "BVMF"),
        ("KS11", "index", "XKRX"),
        ("^AXJO", "index", "XASX"),
        ("GSPTSE", "index", "XTSE"),
        ("SSMI", "index", "XSWX"),
        ("GSPC", "index", "XNYS"),
        ("^UNHEARD", "index", "XNYS"),
        ("EURUSD=X", "forex", "24/5"),
        ("JPY=X", "forex", "24/5"),
        ("EUR/USD", "forex", "24/5"),
        ("XAUUSD", "metal", "24/5"),
        ("GC=F", "metal", "24/5"),
        ("ES=F", "index", "24/5"),
        ("BTC-USD", "crypto", "24/7"),
        ("BTCUSDT", "crypto", "24/7"),
        ("XBTUSD", "crypto", "24/7"),
        ("XXBTZUSD", "crypto", "24/7"),
        ("ETHUSD", "crypto", "24/7"),
        ("ETH/BTC", "crypto", "24/7"),
        ("BTC/USDT:USDT", "crypto", "24/7"),
        ("1000PEPEUSDT", "crypto", "24/7"),
        ("SPY", "etf", "XNYS"),
        ("TLT", "etf", "XNYS"),
        ("AAPL", "stock", "XNYS"),
        ("BRK.B", "stock", "XNYS"),
        ("BRK-B", "stock", "XNYS"),
        ("SET", "stock", "XNYS"),
        ("COMP", "stock", "XNYS"),
        ("ETH", "stock", "XNYS"),
    ],
)
def test_a_name_says_where_a_symbol_trades(symbol: str, asset_class: str, calendar: str) -> None:
    facts = infer_characteristics(symbol, NONE)
    assert (facts.asset_class, facts.calendar) == (asset_class, calendar)
    assert facts.inferred[0].startswith(f"{symbol} is taken for {asset_class} by the calendar {calendar} (")


def test_every_venue_has_a_calendar_on_its_own_clock() -> None:
    first = from_iso("2024-01-01T00:00:00Z")
    for venue in VENUES:
        sessions = sessions_for(venue.calendar, first, first + 60 * DAY)
        assert len(sessions.dates) > 30, venue
        assert (sessions.time_zone == venue.time_zone) or sessions.time_zone == "Europe/Brussels", venue


def test_the_stamps_of_days_are_no_evidence_of_a_clock() -> None:
    paris = MONDAYS_TO_FRIDAYS - DAY // 24
    assert infer_characteristics("ABC", paris, Timeframe("1d")).calendar == "XNYS"
    assert infer_characteristics("ABC", paris, Timeframe("1h")).calendar == "24/5"
    every_day = MONDAYS_TO_FRIDAYS[0] + DAY * np.arange(14)
    assert infer_characteristics("ABC", every_day, Timeframe("1d")).calendar == "24/7"


def test_all_guesses_are_one_sentence() -> None:
    one, other = (infer_characteristics(name, NONE).inferred[0] for name in ("AAPL", "7203.T"))
    said = guesses_in_one(["first", one, "between", other, "first", one])
    assert said == ("first", f"{one}; {other}", "between")
    assert guesses_in_one(["is taken for granted"]) == ("is taken for granted",)
    assert guesses_in_one(said) == said


def trading_by(calendar: str, symbol: str = "ABC", more: int = 0) -> Bars:
    """Return a year of days of a calendar, and so many Christmas days before them."""
    first = from_iso("2022-01-03T00:00:00Z")
    sessions = sessions_for(calendar, first, first + 365 * DAY)
    dates = sessions.dates[(sessions.dates >= first) & (sessions.dates < first + 365 * DAY)]
    extra = [from_iso(f"{year}-12-25T00:00:00Z") for year in (2018, 2019, 2020)[:more]]
    stamps = np.concatenate((np.array(extra, dtype=np.int64), dates))
    close = np.full(len(stamps), 100.0)
    return Bars(symbol, Timeframe("1d"), stamps, close, close, close, close, close)


def admitted(bars: Bars, facts: SymbolCharacteristics) -> None:
    read = in_sessions(bars, sessions_for(facts.calendar, int(bars.stamps[0]), int(bars.stamps[-1])))
    require_fitting(read, facts, sessions_for)


@pytest.mark.parametrize(
    ("calendar", "named"),
    [
        ("XTKS", "XTKS fits better.*calendar: XTKS, time_zone: Asia/Tokyo"),
        ("XLON", "XLON fits better.*calendar: XLON, time_zone: Europe/London"),
        ("XSAU", "XSAU fits better.*calendar: XSAU, time_zone: Asia/Riyadh"),
        ("24/7", "24/7 fits better.*asset_class: crypto.*calendar: 24/7, time_zone: UTC"),
        ("24/5", "24/5 fits better"),
    ],
)
def test_a_guess_that_the_dates_contradict_is_refused_with_the_better_one(calendar: str, named: str) -> None:
    bars = trading_by(calendar)
    guess = infer_characteristics("ABC", NONE)
    with pytest.raises(InvalidInput, match=f"(?s)ABC is taken to trade by the calendar XNYS, but .* dates .*{named}"):
        admitted(bars, guess)
    stated = SymbolCharacteristics("ABC", "stock", "XNYS", "XNYS", "America/New_York")
    admitted(bars, stated)


def test_a_few_dates_on_closed_days_contradict_nothing() -> None:
    guess = infer_characteristics("ABC", NONE)
    admitted(trading_by("XNYS"), guess)
    admitted(trading_by("XNYS", more=2), guess)
    with pytest.raises(InvalidInput, match=r"no calendar that is known here fits|fits better"):
        admitted(trading_by("XNYS", more=3), guess)

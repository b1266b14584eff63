"""Where a symbol trades, by the way it is spelt: suffixes of Yahoo and others, and names that everybody knows."""

from __future__ import annotations

from typing import NamedTuple

from ktrdr.domain.market.characteristics import AssetClass


class Venue(NamedTuple):
    """A place of trade.

    Attributes
    ----------
    exchange : str
        Market identifier code, or a name where there is none.
    calendar : str
        Name of its session calendar.
    time_zone : str
        IANA name.
    """

    exchange: str
    calendar: str
    time_zone: str


def _venues(zone: str, *codes: str) -> dict[str, Venue]:
    return {code: Venue(code, code, zone) for code in codes}


_AT = {
    **_venues("America/New_York", "XNYS"),
    **_venues("America/Toronto", "XTSE"),
    **_venues("America/Mexico_City", "XMEX"),
    **_venues("America/Sao_Paulo", "BVMF"),
    **_venues("America/Argentina/Buenos_Aires", "XBUE"),
    **_venues("America/Santiago", "XSGO"),
    **_venues("America/Lima", "XLIM"),
    **_venues("Europe/London", "XLON"),
    **_venues("Europe/Dublin", "XDUB"),
    **_venues("Europe/Lisbon", "XLIS"),
    **_venues("Europe/Madrid", "XMAD"),
    **_venues("Europe/Paris", "XPAR"),
    **_venues("Europe/Amsterdam", "XAMS"),
    **_venues("Europe/Brussels", "XBRU"),
    **_venues("Europe/Berlin", "XETR", "XFRA", "XHAM", "XDUS", "XSTU"),
    **_venues("Europe/Zurich", "XSWX"),
    **_venues("Europe/Rome", "XMIL"),
    **_venues("Europe/Vienna", "XWBO"),
    **_venues("Europe/Prague", "XPRA"),
    **_venues("Europe/Budapest", "XBUD"),
    **_venues("Europe/Warsaw", "XWAR"),
    **_venues("Europe/Copenhagen", "XCSE"),
    **_venues("Europe/Stockholm", "XSTO"),
    **_venues("Europe/Oslo", "XOSL"),
    **_venues("Europe/Helsinki", "XHEL"),
    **_venues("Europe/Tallinn", "XTAL"),
    **_venues("Europe/Riga", "XRIS"),
    **_venues("Europe/Vilnius", "XLIT"),
    **_venues("Europe/Istanbul", "XIST"),
    **_venues("Atlantic/Reykjavik", "XICE"),
    **_venues("Asia/Riyadh", "XSAU"),
    **_venues("Africa/Johannesburg", "XJSE"),
    **_venues("Asia/Kolkata", "XBOM"),
    **_venues("Asia/Bangkok", "XBKK"),
    **_venues("Asia/Jakarta", "XIDX"),
    **_venues("Asia/Kuala_Lumpur", "XKLS"),
    **_venues("Asia/Singapore", "XSES"),
    **_venues("Asia/Hong_Kong", "XHKG"),
    **_venues("Asia/Shanghai", "XSHG"),
    **_venues("Asia/Taipei", "XTAI"),
    **_venues("Asia/Manila", "XPHS"),
    **_venues("Asia/Seoul", "XKRX"),
    **_venues("Asia/Tokyo", "XTKS"),
    **_venues("Australia/Sydney", "XASX"),
    **_venues("Pacific/Auckland", "XNZE"),
}
UNITED_STATES = _AT["XNYS"]
OVER_THE_COUNTER = Venue("OTC", "24/5", "America/New_York")
FUTURES = Venue("unknown", "24/5", "America/New_York")
NEVER_CLOSED = Venue("unknown", "24/7", "UTC")
VENUES = (UNITED_STATES, *(venue for code, venue in _AT.items() if code != "XNYS"), OVER_THE_COUNTER, NEVER_CLOSED)
"""All of them, by which a guess is measured against others; the likeliest first."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _by_name(names: dict[str, str]) -> dict[str, Venue]:
    return {name: _AT[code] for code, several in names.items() for name in several.split()}


SUFFIXES = _by_name(
    {
        "XNYS": "US",
        "XTSE": "TO V CN NE",
        "XMEX": "MX",
        "BVMF": "SA",
        "XBUE": "BA",
        "XSGO": "SN",
        "XLIM": "LM",
        "XLON": "L IL UK",
        "XDUB": "IR",
        "XLIS": "LS",
        "XMAD": "MC",
        "XPAR": "PA",
        "XAMS": "AS",
        "XBRU": "BR",
        "XETR": "DE",
        "XFRA": "F BE MU",
        "XHAM": "HM",
        "XDUS": "DU",
        "XSTU": "SG",
        "XSWX": "SW",
        "XMIL": "MI",
        "XWBO": "VI",
        "XPRA": "PR",
        "XBUD": "BD",
        "XWAR": "WA",
        "XCSE": "CO",
        "XSTO": "ST",
        "XOSL": "OL",
        "XHEL": "HE",
        "XTAL": "TL",
        "XRIS": "RG",
        "XLIT": "VS",
        "XIST": "IS",
        "XICE": "IC",
        "XSAU": "SR SAU",
        "XJSE": "JO",
        "XBOM": "NS BO",
        "XBKK": "BK",
        "XIDX": "JK",
        "XKLS": "KL",
        "XSES": "SI",
        "XHKG": "HK",
        "XSHG": "SS SZ SH",
        "XTAI": "TW TWO",
        "XPHS": "PS",
        "XKRX": "KS KQ",
        "XTKS": "T JP",
        "XASX": "AX AU",
        "XNZE": "NZ",
    }
)
"""What stands behind a symbol's last dot, in capitals."""

INDICES = _by_name(
    {
        "XNYS": "GSPC SPX IXIC COMP NDX DJI DJIA DJT DJU RUT RUI RUA VIX OEX NYA XAX SOX VXN VVIX TNX TYX FVX IRX",
        "XTSE": "GSPTSE",
        "XMEX": "MXX",
        "BVMF": "BVSP IBOV",
        "XBUE": "MERV",
        "XSGO": "IPSA",
        "XLON": "FTSE FTMC FTAS UKX",
        "XDUB": "ISEQ",
        "XLIS": "PSI20",
        "XMAD": "IBEX",
        "XPAR": "FCHI SBF120",
        "XAMS": "AEX",
        "XBRU": "BFX BEL20",
        "XFRA": "GDAXI MDAXI SDAXI TECDAX STOXX STOXX50E STOXX50 SX5E",
        "XSWX": "SSMI",
        "XMIL": "FTSEMIB FTMIB",
        "XWBO": "ATX",
        "XWAR": "WIG20",
        "XCSE": "OMXC20 OMXC25",
        "XSTO": "OMX OMXS30",
        "XOSL": "OSEAX OBX",
        "XHEL": "OMXH25",
        "XIST": "XU100 XU030",
        "XSAU": "TASI",
        "XBOM": "NSEI NSEBANK BSESN CNX100 CRSLDX INDIAVIX",
        "XBKK": "SET",
        "XIDX": "JKSE",
        "XKLS": "KLSE",
        "XSES": "STI",
        "XHKG": "HSI HSCE HSCEI HSTECH",
        "XSHG": "SSEC CSI300",
        "XTAI": "TWII",
        "XPHS": "PSEI",
        "XKRX": "KS11 KQ11 KS200 KOSPI KOSPI200 KOSDAQ",
        "XTKS": "N225 N300 NIKKEI NI225 NKX TOPX TOPIX",
        "XASX": "AXJO AORD",
        "XNZE": "NZ50",
    }
)
"""Indices by their names, without the ``^``."""
ALSO_SHARES = _names("AEX ATX COMP OBX OMX SET SOX STI STOXX TASI")
"""Names of indices that shares have, too: an index only with a ``^``."""

ETFS = _names(
    "SPY QQQ IWM DIA IVV VOO VTI VUG VTV VEA VWO VXUS VNQ EEM EFA IEMG IEFA IJH IJR IWF IWD IWB MDY RSP SCHD SCHB ITOT "
    "AGG BND LQD HYG JNK TLT IEF SHY TIP BIL MUB EMB GLD IAU SLV USO UNG DBC GDX GDXJ XLF XLE XLK XLV XLI XLP XLY XLU "
    "XLB XLRE XLC XBI XOP XHB XRT IBB IYR KRE SMH SOXX ITA ARKK ARKG EWJ EWZ EWG EWU EWY EWT EWA EWC EWH FXI MCHI KWEB "
    "INDA ASHR TQQQ SQQQ SPXL SPXS UPRO SPXU SSO SDS TNA TZA SOXL SOXS UVXY VXX SVXY SH PSQ QLD QID QQQM SPLG"
)
"""Funds that trade in the United States and that everybody knows."""

COINS = _names(
    "BTC XBT ETH XRP LTC BCH BSV BNB ADA DOT SOL DOGE XDG AVAX MATIC POL LINK UNI ATOM XLM TRX ETC FIL EOS XMR XTZ NEO "
    "DASH ZEC ALGO VET ICP NEAR APT ARB OP SUI TON SHIB PEPE AAVE MKR SNX COMP CRV SUSHI GRT SAND MANA AXS FTM HBAR "
    "EGLD THETA XEM WAVES QTUM IOTA ONT ZIL BAT ENJ CHZ KSM RUNE INJ SEI TIA LUNA LUNC FTT USDT USDC DAI"
)
STABLE = "USDT|USDC|BUSD|TUSD|FDUSD|USDP"
"""Coins that prices of coins are quoted in."""

FUTURES_CLASSES: dict[str, AssetClass] = {
    **dict.fromkeys(_names("GC SI HG PL PA MGC SIL QO"), "metal"),
    **dict.fromkeys(_names("6E 6B 6J 6A 6C 6S 6N 6M DX"), "forex"),
    **dict.fromkeys(_names("BTC ETH MBT MET"), "crypto"),
}
"""Asset classes of futures by their roots; those of the others are taken for an index."""

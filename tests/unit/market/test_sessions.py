"""Which session a bar belongs to, and from when it is known, by value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ktrdr.domain.market.bars import from_iso, iso
from ktrdr.domain.market.sessions import Sessions, known_at
from ktrdr.domain.market.timeframe import Timeframe

DAY = 86_400 * 10**9


def moments(*texts: str) -> np.ndarray:
    return np.array([from_iso(text if "T" in text else f"{text}T00:00:00Z") for text in texts], dtype=np.int64)


US = Sessions(
    dates=moments("2024-01-05", "2024-01-08", "2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08"),
    opens=moments(
        *("2024-01-05T14:30:00Z", "2024-01-08T14:30:00Z", "2024-07-01T13:30:00Z", "2024-07-02T13:30:00Z"),
        *("2024-07-03T13:30:00Z", "2024-07-05T13:30:00Z", "2024-07-08T13:30:00Z"),
    ),
    closes=moments(
        *("2024-01-05T21:00:00Z", "2024-01-08T21:00:00Z", "2024-07-01T20:00:00Z", "2024-07-02T20:00:00Z"),
        *("2024-07-03T17:00:00Z", "2024-07-05T20:00:00Z", "2024-07-08T20:00:00Z"),
    ),
    time_zone="America/New_York",
)
CRYPTO_DAYS = moments("2024-01-01") + DAY * np.arange(30)
CRYPTO = Sessions(CRYPTO_DAYS, CRYPTO_DAYS, CRYPTO_DAYS + DAY, continuous=True)
FOREX = Sessions(
    moments("2024-01-04", "2024-01-05", "2024-01-08"),
    moments("2024-01-03T22:00:00Z", "2024-01-04T22:00:00Z", "2024-01-07T22:00:00Z"),
    moments("2024-01-04T22:00:00Z", "2024-01-05T22:00:00Z", "2024-01-08T22:00:00Z"),
    "America/New_York",
    continuous=True,
)


@pytest.mark.parametrize(
    ("sessions", "timeframe", "stamp", "known"),
    [
        pytest.param(US, "1d", "2024-01-05", "2024-01-05T21:00:00Z", id="daily stock in winter"),
        pytest.param(US, "1d", "2024-07-02", "2024-07-02T20:00:00Z", id="daily stock in summer"),
        pytest.param(US, "1d", "2024-07-03", "2024-07-03T17:00:00Z", id="daily stock, early close"),
        pytest.param(US, "1d", "2024-07-04", "2024-07-05T00:00:00Z", id="daily bar on a holiday"),
        pytest.param(US, "1w", "2024-07-01", "2024-07-05T20:00:00Z", id="week, last session's close"),
        pytest.param(US, "1w", "2024-07-08", "2024-07-15T00:00:00Z", id="week beyond the calendar"),
        pytest.param(US, "1h", "2024-07-02T13:00:00Z", "2024-07-02T14:00:00Z", id="hour labelled 09:00"),
        pytest.param(US, "1h", "2024-07-02T19:00:00Z", "2024-07-02T20:00:00Z", id="last hour"),
        pytest.param(US, "1h", "2024-07-03T16:00:00Z", "2024-07-03T17:00:00Z", id="last hour, early close"),
        pytest.param(US, "4h", "2024-07-03T16:00:00Z", "2024-07-03T20:00:00Z", id="four hours beyond an early close"),
        pytest.param(US, "1h", "2024-07-03T16:30:00Z", "2024-07-03T17:00:00Z", id="hour from the open, early close"),
        pytest.param(US, "4h", "2024-07-02T17:30:00Z", "2024-07-02T20:00:00Z", id="four hours from the open, cut"),
        pytest.param(US, "4h", "2024-07-02T16:00:00Z", "2024-07-02T20:00:00Z", id="four hours to the close"),
        pytest.param(US, "1h", "2024-07-03T17:00:00Z", "2024-07-03T18:00:00Z", id="hour after the close"),
        pytest.param(US, "5m", "2024-07-02T13:30:00Z", "2024-07-02T13:35:00Z", id="first five minutes"),
        pytest.param(CRYPTO, "1d", "2024-01-06", "2024-01-07T00:00:00Z", id="daily crypto on a Saturday"),
        pytest.param(CRYPTO, "1w", "2024-01-01", "2024-01-08T00:00:00Z", id="weekly crypto"),
        pytest.param(CRYPTO, "4h", "2024-01-06T20:00:00Z", "2024-01-07T00:00:00Z", id="four hours of crypto"),
        pytest.param(FOREX, "1d", "2024-01-05", "2024-01-06T00:00:00Z", id="daily forex: the vendor's day may be UTC"),
        pytest.param(FOREX, "1h", "2024-01-05T21:00:00Z", "2024-01-05T22:00:00Z", id="last hour of the week"),
        pytest.param(None, "1d", "2024-07-02", "2024-07-03T00:00:00Z", id="nothing known of the calendar"),
        pytest.param(None, "1h", "2024-07-02T19:00:00Z", "2024-07-02T20:00:00Z", id="hour, no calendar"),
    ],
)
def test_a_bar_is_known_from_its_close(sessions: Sessions | None, timeframe: str, stamp: str, known: str) -> None:
    found = known_at(moments(stamp), Timeframe(timeframe), sessions)
    assert iso(found[0]) == known


@pytest.mark.parametrize(
    ("timeframe", "stamp", "date"),
    [
        ("5m", "2024-07-02T13:25:00Z", None),
        ("5m", "2024-07-02T13:30:00Z", "2024-07-02"),
        ("5m", "2024-07-02T19:55:00Z", "2024-07-02"),
        ("5m", "2024-07-02T20:00:00Z", None),
        ("1h", "2024-07-02T13:00:00Z", "2024-07-02"),
        ("1h", "2024-07-02T12:00:00Z", None),
        ("5m", "2024-07-03T17:00:00Z", None),
        ("1d", "2024-07-03", "2024-07-03"),
        ("1d", "2024-07-04", None),
        ("5m", "2024-07-08T20:00:00Z", None),
        ("5m", "2023-07-08T20:00:00Z", None),
    ],
)
def test_a_bar_belongs_to_the_session_that_it_overlaps(timeframe: str, stamp: str, date: str | None) -> None:
    found = int(US.locate(moments(stamp), Timeframe(timeframe))[0])
    assert (None if found < 0 else iso(US.dates[found])[:10]) == date


def test_breaks_follow_their_sessions() -> None:
    first, later = US.cut(slice(0, 1)), US.cut(slice(1, None))
    breaks = np.stack((later.opens + 1, later.opens + 2), axis=1)
    joined = first.continued_by(replace(later, breaks=breaks))
    assert np.asarray(joined.breaks).tolist() == [[US.closes[0], US.closes[0]], *breaks.tolist()]
    assert np.asarray(joined.cut(slice(1, 2)).breaks).tolist() == breaks[:1].tolist()
    assert first.continued_by(later).breaks is None

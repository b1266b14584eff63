"""Numbers as people write them, by value, and what must be refused."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.adapters.data.number_texts import Marks
from ktrdr.adapters.data.numbers import floats
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import PRICE_COLUMNS


def read(*texts: str | None, point: bool = False) -> list[float]:
    found, _ = floats({"close": pa.array(texts, pa.string())}, "X.csv", point=point)
    return found["close"].tolist()


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (("1.5", "2.25"), [1.5, 2.25]),
        (("1,5", "2,25"), [1.5, 2.25]),
        (("10,5", "11,250"), [10.5, 11.25]),
        (("1,10000", "1,10041"), [1.1, 1.10041]),
        (("1.234,50", "987,25"), [1234.5, 987.25]),
        (("1,234.50", "987.25"), [1234.5, 987.25]),
        (("1 234,5", "987,5"), [1234.5, 987.5]),
        (("1\u00a0234,5", "987,5"), [1234.5, 987.5]),
        (("1\u202f234,5", "987,5"), [1234.5, 987.5]),
        (("1'186.61", "987.5"), [1186.61, 987.5]),
        (("1’186.61", "987.5"), [1186.61, 987.5]),
        (("1,234,567", "1,234"), [1234567.0, 1234.0]),
        (("1.234.567", "1.234"), [1234567.0, 1234.0]),
        (("0,998", "1,002"), [0.998, 1.002]),
        (("0.998", "1.002"), [0.998, 1.002]),
        (("1186,500", "1,002"), [1186.5, 1.002]),
        (("$1.50", "-$2.25"), [1.5, -2.25]),
        (("1,50 €", "2,25 €"), [1.5, 2.25]),
        (("USD 1.50", "USD 2.25"), [1.5, 2.25]),
        (("4.68M", "75.64K", "1.2B", "2.5m"), [4_680_000.0, 75_640.0, 1_200_000_000.0, 2_500_000.0]),
        (("4,68M", "75,64K"), [4_680_000.0, 75_640.0]),
        (("4.25%", "4.31 %"), [4.25, 4.31]),
        (("(1.50)", "2.25"), [-1.5, 2.25]),
        (("\u22121.50", "+2.25"), [-1.5, 2.25]),
        (("1.5e3", "2E-2"), [1500.0, 0.02]),
        (("12", "1234"), [12.0, 1234.0]),
    ],
)
def test_numbers_by_value(texts: tuple[str, ...], values: list[float]) -> None:
    assert read(*texts) == values


@pytest.mark.parametrize(
    ("prices", "volume"),
    [
        (("1.191", "1.192", "1,193"), "7.992.780,6507"),
        (("427.216", "433.374", "432,769"), "7.992.780,6507"),
        (("1.191", "1.192", "1,193"), "7,992,780.6507"),
        (("999,123", "1,000,123", "998.123"), "7,992,780.6507"),
        (("998.123", "1,000.123", "999,123"), "7,992,780.6507"),
        (("998.12", "998.123", "999,123"), "7,992,780.6507"),
    ],
)
def test_both_marks_with_three_digits_behind_are_two_ways_in_one_column(prices: tuple[str, ...], volume: str) -> None:
    columns = {"volume": pa.array([volume] * len(prices)), "close": pa.array(prices)}
    with pytest.raises(InvalidBars, match="written in two ways: row ") as error:
        floats(columns, "X.csv")
    told = [(row, text) for row, text in enumerate(prices) if f"row {row}: close '{text}' has a" in str(error.value)]
    assert {text[-4] for _, text in told} == {",", "."}


def test_thousands_and_decimals_of_all_kinds_in_one_column_are_no_two_ways() -> None:
    assert read("1,234", "5.678", "1,234.5") == [1234.0, 5.678, 1234.5]
    assert read("1.234", "5,678", "1.234.567", "2,5") == [1234.0, 5.678, 1234567.0, 2.5]


def test_what_is_missing_is_no_number() -> None:
    assert np.isnan(read("1,5", None, " ", "2,5")).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            ("1,186", "1,190"),
            "row 0: close '1,186' can be read in two ways, and no row tells which: as 1186 with a thou",
        ),
        (("17.799", "17.893"), "row 0: close '17.799' can be read in two ways, and no row tells which: as 17799 with"),
        (("1,186.00", "1.196,83"), "row 1: close '1.196,83' has a decimal comma, row 0: close '1,186.00' has thou"),
        (("1,5", "1.5"), "written in two ways: row 0: close '1,5' has a decimal comma, row 1: close '1.5' has"),
        (("1,186", "1.186"), "written in two ways: row 0: close '1,186' has a comma, row 1: close '1.186' has a point"),
        (("1,234,567", "1,5"), "row 1: close '1,5' has a decimal comma, row 0: close '1,234,567' has thousands with a"),
        (("1.5", "1,23,456.5"), "row 1: close '1,23,456.5' is not a number"),
        (("1.5", "cheap"), "row 1: close 'cheap' is not a number"),
        (("1.5", "12 34"), "row 1: close '12 34' is not a number"),
        (("$1.5", "€1.5"), "close is in several currencies (row 0: '$1.5'; row 1: '€1.5')"),
        (("1.5%", "1.5"), "row 1: close '1.5' has no percent sign as others have"),
        (("2024-01-02",), "row 0: close '2024-01-02' is not a number"),
    ],
)
def test_what_cannot_be_told_is_refused_with_row_and_text(texts: tuple[str, ...], message: str) -> None:
    with pytest.raises(InvalidBars) as caught:
        read(*texts)
    assert message in str(caught.value)


def test_a_point_that_can_only_be_decimal_needs_no_proof() -> None:
    assert read("144.065", "144.090", point=True) == [144.065, 144.09]


def table(rows: list[list[str]], volume: list[str] | None = None) -> dict[str, pa.Array]:
    columns = {name: pa.array(values) for name, values in zip(PRICE_COLUMNS, zip(*rows, strict=True), strict=True)}
    return columns | ({"volume": pa.array(volume)} if volume else {})


def test_prices_and_volume_are_of_one_hand() -> None:
    decimals = [["58.00", "58.41", "57.70", "57.77"]]
    assert floats(table(decimals, ["6,270"]), "X")[0]["volume"].tolist() == [6270.0]
    commas = [["58,00", "58,41", "57,70", "57,77"]]
    assert floats(table(commas, ["6.270"]), "X")[0]["volume"].tolist() == [6270.0]
    whole = [["1,186", "1,190", "1,180", "1,187"]]
    assert floats(table(whole, ["5,933,007"]), "X")[0]["close"].tolist() == [1187.0]
    assert floats(table(whole, ["8401.5"]), "X")[1] == Marks(".", ",")
    with pytest.raises(InvalidBars, match="can be read in two ways"):
        floats(table(whole, ["8401"]), "X")
    with pytest.raises(InvalidBars, match="row 0: volume '6,270' can be read in two ways"):
        floats(table([["58", "59", "57", "58"]], ["6,270"]), "X")


def test_a_reading_that_contradicts_high_and_low_is_none() -> None:
    crossed = [["1,000", "1,002", "977", "977"], ["977", "1,003", "973", "993"]]
    assert floats(table(crossed), "X")[0]["open"].tolist() == [1000.0, 977.0]


@st.composite
def written_rows(draw: st.DrawFn) -> tuple[list[list[float]], list[list[str]], str]:
    """Return prices that keep to high and low, how they are written, and the decimal mark."""
    digits = draw(st.integers(0, 5))
    decimal, thousands = draw(st.sampled_from([(".", ","), (",", "."), (".", ""), (",", ""), (",", " "), (".", "'")]))
    rows = []
    for _ in range(draw(st.integers(1, 6))):
        low, *middle, high = sorted(draw(st.integers(1, 10**9)) / 10**digits for _ in range(4))
        rows.append([middle[0], high, low, middle[1]])
    texts = [[f"{x:,.{digits}f}".translate({44: thousands, 46: decimal}) for x in row] for row in rows]
    return rows, texts, decimal


@given(written_rows())
@settings(max_examples=examples(300))
def test_written_prices_come_back_to_the_bit_or_are_refused(
    case: tuple[list[list[float]], list[list[str]], str],
) -> None:
    rows, texts, _ = case
    try:
        found, _ = floats(table(texts), "X")
    except InvalidBars as error:
        if "can be read in two ways" not in str(error):
            raise
        return
    assert [list(row) for row in zip(*(found[name].tolist() for name in PRICE_COLUMNS), strict=True)] == rows


PLAIN = [["150.085", "150.747", "149.784", "150.446"], ["150.446", "151.677", "150.121", "151.374"]]


def test_one_odd_price_makes_no_thousands_of_the_others() -> None:
    """`150446` and `150.446`: who writes a mark between thousands writes it always."""
    odd = [*PLAIN, ["151.374", "152.003", "151.001", "151402"]]
    with pytest.raises(InvalidBars, match=r"row 0: open '150.085' can be read in two ways"):
        floats(table(odd), "X", point=True)


@pytest.mark.parametrize("odd", ["18397,", "18397,5", "2.672.744"])
def test_one_odd_volume_makes_no_thousands_of_prices(odd: str) -> None:
    found = table([*PLAIN, ["151.374", "152.003", "151.001", "151.402"]], ["2672744", odd, "5953430"])
    with pytest.raises(InvalidBars, match=r"row 1: volume '.*'|row 0: open '150.085' can be read in two ways"):
        floats(found, "X", point=True)

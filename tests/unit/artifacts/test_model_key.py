"""Keys, their text, and back."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktrdr.domain.artifacts.key import ModelKey, parse_reference
from ktrdr.domain.errors import InvalidInput

PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
TIMEFRAMES = st.sampled_from(["1m", "5m", "1h", "1d", "1w"])


@given(PRINTABLE, PRINTABLE, TIMEFRAMES, st.none() | st.integers(1, 10**9 - 1))
def test_reference_reads_back_and_is_two_plain_path_components(
    strategy: str, symbol: str, timeframe: str, number: int | None
) -> None:
    for key in (ModelKey(strategy, symbol, timeframe), ModelKey(strategy)):
        text = key.reference(number)
        assert parse_reference(text) == (key, number)
        folder, name = text.split("/")
        assert len(name.encode()) <= 230
        assert not folder.startswith(".")
        assert not name.startswith(".")
        assert len(PurePosixPath(text).parts) == 2


@given(st.tuples(PRINTABLE, PRINTABLE, TIMEFRAMES), st.tuples(PRINTABLE, PRINTABLE, TIMEFRAMES))
def test_different_keys_have_different_references(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assert (one == other) == (ModelKey(*one).reference(1) == ModelKey(*other).reference(1))


@pytest.mark.parametrize(
    "parts",
    [
        *[("",), (" ",), ("a\nb",), ("\ud800",), ("ü" * 40,), ("a", "X", None), ("a", None, "1d"), ("a", "", "1d")],
        *[("a", "X", ""), ("a", "X", "1 d"), ("a", "X", "latest"), ("a", "A B", "1d"), ("a", "X" * 65, "1d")],
    ],
)
def test_key_that_cannot_be_a_folder_is_refused(parts: tuple[str | None, ...]) -> None:
    with pytest.raises(InvalidInput):
        ModelKey(*parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        *["", "a", "a/b", "a/X_1d", "a/X_1d_v0", "a/X_1d_v-1", "a/X_1d_v1.0", "a/X_1d_v1" + "0" * 18, "a/b/X_1d_v1"],
        *["/X_1d_v1", "a/X_v1", "a/X_1d_V1", "a/X_1d_v١", "a/X_1d_latest_v1", "a/_1d_v1", "a/X_1d_v1\n"],
    ],
)
def test_text_of_another_form_is_no_reference(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_reference(text)

"""What a predictor's saved state is, and that nothing else is taken for one."""

from __future__ import annotations

import hashlib
import io
import json
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.documents import changed
from samples.predictors import Trained, feed_of, replayed, train

from ktrdr.adapters.data.simulation import simulate
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.application.serving.predictor import Predictor
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import Timeframe

FINE = simulate("SIM_STOCK", Timeframe("5m"), 900, 4)
HOURLY = resample(FINE, Timeframe("1h"))
SAVED = 600
TWO = {"mode": "multi_timeframe", "list": ["5m", "1h"], "base_timeframe": "5m"}
COLUMNS = {"stamps": "<i8", "open": "<f8", "high": "<f8", "low": "<f8", "close": "<f8", "volume": "<f8"}
COLUMNS |= {"known_at": "<i8"}
MAGIC = b"ktrdr-state\n"
Arrays = dict[str, dict[str, np.ndarray]]


@pytest.fixture(scope="module")
def single() -> Trained:
    return train(changed("name", "single"), FINE)


@pytest.fixture(scope="module")
def native() -> Trained:
    """Reads the vendor's own hourly bars beside the 5-minute ones."""
    document = changed("training_data.timeframes", TWO | {"source": "native"}, changed("name", "native"))
    return train(changed("nn_inputs", [{"fuzzy_set": "rsi", "timeframes": "all"}], document), FINE, HOURLY)


@pytest.fixture(scope="module")
def made() -> Trained:
    """Makes its hourly bars of the 5-minute ones."""
    document = changed("training_data.timeframes", TWO, changed("name", "made"))
    return train(changed("nn_inputs", [{"fuzzy_set": "rsi", "timeframes": "all"}], document), FINE)


def fed(trained: Trained) -> Predictor:
    """Fed with 600 bars, the last 200 of them decided on."""
    predictor = trained.predictor()
    until = FINE.known_at[SAVED - 1]
    bars = {name: item for name, item in {"5m": FINE, "1h": HOURLY}.items() if name in predictor.timeframes}
    known = {name: item.take(item.known_at <= until) for name, item in bars.items()}
    replayed(predictor, feed_of(known, "5m"))
    return predictor


@pytest.fixture(scope="module")
def states(single: Trained, native: Trained, made: Trained) -> list[tuple[Trained, bytes]]:
    return [(trained, fed(trained).state()) for trained in (single, native, made)]


def opened(state: bytes) -> tuple[dict[str, Any], Arrays]:
    """Read a state by its description, without the program."""
    assert state[:12] == MAGIC
    assert hashlib.sha256(state[44:]).digest() == state[12:44]
    version, length = struct.unpack_from("<II", state, 44)
    assert version == 2
    header = json.loads(state[52 : 52 + length])
    at, arrays = 52 + length, {}
    for name in sorted(header["bars"]):
        arrays[name] = {}
        for column, kind in COLUMNS.items():
            arrays[name][column] = np.frombuffer(state, kind, header["bars"][name], at).copy()
            at += arrays[name][column].nbytes
    assert at == len(state)
    return header, arrays


def sealed(header: Any, arrays: Mapping[str, Mapping[str, np.ndarray]], version: int = 2) -> bytes:
    """Write a state with a SHA-256 that fits, whatever it holds; a header may be bytes already."""
    text = header if isinstance(header, bytes) else json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    columns = [column.tobytes() for name in sorted(arrays) for column in arrays[name].values()]
    return resealed(struct.pack("<II", version, len(text)) + text + b"".join(columns))


def resealed(rest: bytes) -> bytes:
    return MAGIC + hashlib.sha256(rest).digest() + rest


WAITING: dict[str, Predictor] = {}
"""A predictor of each model that has taken no state yet: what it refuses must not change it."""


def outcome(trained: Trained, state: Any) -> Predictor | None:
    """The predictor that takes a state; None where it is refused as it should be, and nothing has changed."""
    predictor = WAITING.get(trained.reference) or trained.predictor()
    WAITING[trained.reference] = predictor
    before, said = predictor.state(), ""
    try:
        predictor.restore(state)
    except InvalidInput as error:
        said = str(error)
    if not said:
        return WAITING.pop(trained.reference)
    assert len(said) < 600
    assert predictor.state() == before
    return None


def assert_refused(trained: Trained, state: Any, what: object) -> None:
    assert outcome(trained, state) is None, what


def test_a_state_is_what_its_description_says(states: list[tuple[Trained, bytes]]) -> None:
    for trained, state in states:
        header, arrays = opened(state)
        manifest = trained.container.model_storage().load(trained.reference).manifest
        assert (header["model"], header["symbol"]) == (manifest.manifest_sha256, "SIM_STOCK")
        assert set(header) == {"model", "symbol", "position", "bars_since", "bars"}
        for column in COLUMNS:
            assert np.array_equal(arrays["5m"][column], getattr(FINE, column)[:SAVED])
        assert sealed(header, arrays) == state == fed(trained).state()


def test_what_is_not_whole_or_was_changed_is_refused(single: Trained) -> None:
    state, rng = fed(single).state(), np.random.default_rng(1)
    for length in {0, 1, 11, 12, 43, 44, 51, 52, len(state) - 1, *rng.integers(0, len(state), 150).tolist()}:
        assert_refused(single, state[:length], length)
        assert_refused(single, state[:44] + state[44 : max(length, 44)], length)
    for place in rng.integers(0, 8 * len(state), 400).tolist():
        flipped = bytearray(state)
        flipped[place // 8] ^= 1 << place % 8
        assert_refused(single, bytes(flipped), place)
    for other in (state + b"\0", b"\0" + state, state * 2, None, 3, "text", [state], bytearray(state)):
        assert_refused(single, other, type(other))


def test_states_of_older_and_newer_versions_are_named(single: Trained) -> None:
    older = io.BytesIO()
    np.savez(older, header=np.zeros(3))
    with pytest.raises(InvalidInput, match="saved by an older version; give the predictor its bars again"):
        single.predictor().restore(older.getvalue())
    header, arrays = opened(fed(single).state())
    with pytest.raises(InvalidInput, match="it is of version 3, this program reads 2"):
        single.predictor().restore(sealed(header, arrays, version=3))


def test_a_state_of_another_model_or_symbol_is_refused(single: Trained, made: Trained) -> None:
    state = fed(single).state()
    assert_refused(made, state, "of another model")
    header, arrays = opened(state)
    assert_refused(single, sealed(header | {"symbol": "AAPL"}, arrays), "of another symbol")
    assert_refused(single, sealed(header | {"model": "0" * 64}, arrays), "of another model")


HOSTILE: list[Any] = [None, True, False, -1, 2, 1.0, 0.5, 10**12, 2**63, -(2**63) - 1, 10**30, "", "x", "1", "\ud800"]
HOSTILE += [[], [1], {}, {"a": 1}, {"5m": -1}, {"5m": 2**62}, {"5m": 600.0}, {"5m": True}, {"5m": None}, {"6m": 600}]
HOSTILE += [{"5m": 599}, {"5m": 601}, {"5m": 0}, {"5m": 600, "1h": 0}, "A" * 65, " ", "A\n", "A" * 100_000]


def test_a_header_with_one_wrong_value_is_refused(single: Trained) -> None:
    header, arrays = opened(fed(single).state())
    possible = {"position": (-1, 0, 1), "bars_since": range(SAVED)}
    for key in (*header, "more"):
        for value in HOSTILE:
            may_be = type(value) is int and value in possible.get(key, ())
            if not may_be and not (value is None and header["position"] == 0):
                assert_refused(single, sealed(header | {key: value}, arrays), (key, value))
    for key in header:
        assert_refused(single, sealed({name: header[name] for name in header if name != key}, arrays), key)


def test_a_header_that_is_no_plain_json_is_refused(single: Trained) -> None:
    header, arrays = opened(fed(single).state())
    text = json.dumps(header, sort_keys=True, separators=(",", ":"))
    since = f'"bars_since":{json.dumps(header["bars_since"])}'
    assert since in text
    numbers = ("NaN", "Infinity", "-Infinity", "1e400", "9" * 5000, "0x10", "1.0", "-0", "00", "[" * 1000 + "]" * 1000)
    broken = [text.replace(since, f'"bars_since":{number}') for number in numbers]
    broken += [text[:-1], text + " ", " " + text, text.replace(":", ": "), "", "null", "[]", "{}", "{", "\x00"]
    broken += [text.replace("{", '{"position":0,', 1), "{" + since + "," + text[1:], '{"a":' * 5000 + "1" + "}" * 5000]
    for wrong in broken:
        assert_refused(single, sealed(wrong.encode(), arrays), wrong[:80])
    for wrong in (b"\xff\xfe", text.encode("utf-16"), b"{" * 3_000_000):
        assert_refused(single, sealed(wrong, arrays), wrong[:20])
    rest = sealed(header, arrays)[44:]
    for length in (0, 1, len(rest), 2**31, 2**32 - 1):
        assert_refused(single, resealed(rest[:4] + struct.pack("<I", length) + rest[8:]), length)


def test_a_memory_that_no_decisions_leave_behind_is_refused(single: Trained) -> None:
    header, arrays = opened(fed(single).state())
    for position, since in ((1, None), (-1, None), (0, SAVED), (1, SAVED + 1), (0, 2**62)):
        assert_refused(single, sealed(header | {"position": position, "bars_since": since}, arrays), (position, since))
    taken = outcome(single, sealed(header | {"position": 0, "bars_since": SAVED - 1}, arrays))
    assert taken is not None
    long_only = train(changed("decisions.allow_short_from_flat", False, changed("name", "long_only")), FINE)
    header, arrays = opened(fed(long_only).state())
    assert_refused(long_only, sealed(header | {"position": -1, "bars_since": 3}, arrays), "short")


def lies(name: str, column: np.ndarray, arrays: Mapping[str, np.ndarray]) -> Iterator[tuple[int, Any]]:
    """Places and values that no series can have."""
    last = len(column) - 1
    if name in ("stamps", "known_at"):
        for place in (0, last // 2, last):
            yield from ((place, value) for value in (-(2**63), -1, 0, -(2**62)))
        yield last // 2, column[last // 2 + 1] + 1
        yield 0, 2**63 - 1
        yield last // 2, 2**63 - 1
        if name == "stamps":
            yield last // 2, column[last // 2 - 1]
            yield last, 2**63 - 1
    else:
        for place in (0, last // 2, last):
            yield from ((place, value) for value in (np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324))
    if name in ("high", "low"):
        yield last // 3, arrays["low"][last // 3] - 1 if name == "high" else arrays["high"][last // 3] + 1


def test_a_series_with_one_lie_is_refused(states: list[tuple[Trained, bytes]]) -> None:
    for trained, state in states:
        header, arrays = opened(state)
        for timeframe, columns in arrays.items():
            for name, column in columns.items():
                for place, value in lies(name, column, columns):
                    wrong = column.copy()
                    wrong[place] = value
                    told = arrays | {timeframe: columns | {name: wrong}}
                    assert_refused(trained, sealed(header, told), (timeframe, name, place, value))


def test_columns_of_another_length_or_order_are_refused(states: list[tuple[Trained, bytes]]) -> None:
    changes: list[Callable[[np.ndarray], np.ndarray]] = [
        lambda column: column[:10],
        lambda column: column[:-1],
        lambda column: column[::-1],
        lambda column: np.concatenate([column, column[-1:]]),
        lambda column: column.astype("<f4"),
        lambda column: column.astype("<i2"),
        lambda column: column.byteswap(),
    ]
    for trained, state in states:
        header, arrays = opened(state)
        for timeframe, columns in arrays.items():
            for name in ("stamps", "known_at"):
                for change in changes:
                    told = arrays | {timeframe: columns | {name: change(columns[name])}}
                    assert_refused(trained, sealed(header, told), (timeframe, name))
        if len(arrays) == 2:
            assert_refused(trained, sealed(header | {"bars": {"5m": header["bars"]["5m"]}}, {"5m": arrays["5m"]}), 1)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_is_taken_is_what_would_have_been_saved(
    states: list[tuple[Trained, bytes]], data: st.DataObject
) -> None:
    """Bytes are overwritten anywhere, and sealed anew: refused, or a state that is saved again to the same bytes."""
    trained, state = data.draw(st.sampled_from(states))
    rest = bytearray(state[44:])
    (length,) = struct.unpack_from("<I", rest, 4)
    for _ in range(data.draw(st.integers(1, 3))):
        within = data.draw(st.sampled_from([(0, length + 8), (length + 8, len(rest) - 1)]))
        place = data.draw(st.integers(*within))
        some = data.draw(st.binary(min_size=1, max_size=9))
        rest[place : place + len(some)] = some
    forged = resealed(bytes(rest))
    taken = outcome(trained, forged)
    assert taken is None or taken.state() == forged


@settings(max_examples=15, deadline=None)
@given(st.integers(0, SAVED - 1), st.floats(0.5, 2.0), st.sampled_from(["open", "close", "volume"]))
def test_other_values_that_are_taken_have_the_bits_of_a_batch_over_them(
    single: Trained, row: int, factor: float, name: str
) -> None:
    header, arrays = opened(fed(single).state())
    arrays["5m"][name][row] *= factor
    predictor = outcome(single, sealed(header, arrays))
    assert predictor is not None
    columns = {one: np.concatenate([arrays["5m"][one], getattr(FINE, one)[SAVED:]]) for one in COLUMNS}
    bars = Bars("SIM_STOCK", Timeframe("5m"), **columns, sessions=FINE.sessions)
    said = [predictor.update("5m", Bar.of(bars, place)) for place in range(SAVED, SAVED + 40)]
    whole = Trained(single.container, single.reference, "SIM_STOCK")
    with single.container.data_repository.override(MemoryRepository([bars])):
        served, rows, decided = whole.batch()
    first = int(np.searchsorted(served.matrix.known_at[rows], said[0].known_at))
    part = slice(first, first + len(said))
    assert np.stack([one.features for one in said]).tobytes() == served.matrix.values[rows][part].tobytes()
    assert np.stack([one.outputs for one in said]).tobytes() == decided.outputs[part].tobytes()

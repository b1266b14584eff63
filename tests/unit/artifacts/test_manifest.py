"""What a manifest accepts, and what it refuses to be read from."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.models import artifact, manifest
from samples.universals import model, profile

from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.plain_json import MAX_BYTES, canonical_json
from ktrdr.domain.errors import CorruptArtifact, InvalidInput

NOW = "2024-01-31T21:00:00+00:00"
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    # lone surrogates are left out: they are refused
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=12,
)


def sealed(**changes: Any) -> Manifest:
    return manifest(**changes).sealed(3, NOW, {"model.safetensors": b"weights"})


def resealed(**changes: Any) -> bytes:
    """The JSON that a forger would write: any content, with a matching SHA-256 of its own."""
    values = json.loads(sealed().to_json()) | changes
    del values["manifest_sha256"]
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=True)
    values["manifest_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps(values, indent=2, allow_nan=True).encode() + b"\n"


def test_round_trip() -> None:
    assert Manifest.from_json(sealed().to_json(), "here") == sealed()
    assert resealed() == sealed().to_json()


def test_sha_is_over_canonical_json_of_everything_else() -> None:
    values = json.loads(sealed().to_json())
    own = values.pop("manifest_sha256")
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    assert own == hashlib.sha256(text.encode()).hexdigest()
    assert values["checksums"] == {"model.safetensors": hashlib.sha256(b"weights").hexdigest()}
    assert (values["version"], values["created_at"], values["schema_version"]) == (3, NOW, 3)


def test_a_field_that_older_manifests_lack_may_be_absent_and_is_never_null() -> None:
    assert "settled_history" not in json.loads(sealed().to_json())
    with_history = sealed(settled_history={"1d": 161})
    assert Manifest.from_json(with_history.to_json(), "here").settled_history == {"1d": 161}
    with pytest.raises(CorruptArtifact):
        Manifest.from_json(resealed(settled_history=None), "here")
    for wrong in ([], {"1d": 1.5}, {"1d": True}, {"1d": "x"}):
        with pytest.raises(CorruptArtifact, match="settled_history must be"):
            Manifest.from_json(resealed(settled_history=wrong), "here")


def test_profiles_are_of_training_symbols_and_whole() -> None:
    kept = {"AAPL": profile().as_dict()}
    assert Manifest.from_json(sealed(symbols=kept).to_json(), "here").symbols == kept
    assert "symbols" not in json.loads(sealed().to_json())
    for wrong, words in (
        ({"MSFT": profile().as_dict()}, "'MSFT' is none of the training_symbols"),
        ({"AAPL": {}}, "'AAPL' must hold"),
        ({"AAPL": profile().as_dict() | {"bars": 0}}, "number of bars"),
        ({"AAPL": 1}, "symbols must be"),
    ):
        with pytest.raises(CorruptArtifact, match=words):
            Manifest.from_json(resealed(symbols=wrong), "here")


def test_the_base_timeframe_of_a_universal_model_is_that_of_its_strategy() -> None:
    assert model(None, timeframe="4h").base_timeframe == "4h"
    assert model("AAPL", timeframe="1h").base_timeframe == "1h"
    odd: tuple[Any, ...] = ({}, {"training_data": 1}, {"training_data": {"timeframes": {"base_timeframe": 1}}})
    assert [manifest(symbol=None, timeframe=None, strategy=strategy).base_timeframe for strategy in odd] == [None] * 3


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), PLAIN, max_size=4))
def test_any_plain_content_comes_back_equal(content: dict[str, Any]) -> None:
    made = sealed(settings=content)
    assert Manifest.from_json(made.to_json(), "here") == made


@pytest.mark.parametrize("mask", [0x01, 0x20, 0xFF])
def test_no_byte_may_change(mask: int) -> None:
    text = sealed().to_json()
    for position in range(0, len(text), 5):
        changed = bytearray(text)
        changed[position] ^= mask
        with pytest.raises(CorruptArtifact):
            Manifest.from_json(bytes(changed), "here")


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.rstrip(),
        lambda text: text + b" ",
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.decode().encode("utf-16"),
        lambda text: json.dumps(json.loads(text)).encode(),
        lambda text: json.dumps(json.loads(text), indent=2, ensure_ascii=False).encode() + b"\n",
        lambda text: text.replace(b'"seed": 7', b'"seed": 7.0'),
        lambda text: text.replace(b'"seed": 7', b'"seed": 7, "seed": 7'),
        lambda text: text.replace(b"\\u00dc", b"\\u00DC"),
    ],
)
def test_same_content_in_other_bytes_is_not_what_was_published(rewrite: Any) -> None:
    text = sealed().to_json()
    assert rewrite(text) != text
    with pytest.raises(CorruptArtifact):
        Manifest.from_json(rewrite(text), "here")


HOSTILE: dict[str, Any] = {
    "wrong schema": {"schema_version": 2},
    "schema as float": {"schema_version": 3.0},
    "schema as bool": {"schema_version": True},
    "schema as list": {"schema_version": [3]},
    "bool as int": {"seed": True},
    "float as int": {"version": 3.0},
    "version 0": {"version": 0},
    "negative version": {"version": -1},
    "huge integer": {"seed": 10**400},
    "no training symbol": {"training_symbols": []},
    "huge nested integer": {"settings": {"a": [{"b": 2**63}]}},
    "infinity": {"settings": {"a": math.inf}},
    "not a number": {"training_metrics": {"log_loss": math.nan}},
    "features not text": {"resolved_features": ["a", 1]},
    "features null": {"resolved_features": None},
    "features repeated": {"resolved_features": ["a", "a"]},
    "feature as dict": {"resolved_features": {"a": 1}},
    "contract of lists": {"feature_contract": [["id", "a"]]},
    "libraries not text": {"libraries": {"numpy": 2}},
    "checksum as list": {"checksums": {"model.safetensors": ["ab" * 32]}},
    "checksum too short": {"checksums": {"model.safetensors": "ab"}},
    "checksum in capitals": {"checksums": {"model.safetensors": "AB" * 32}},
    "file name outside": {"checksums": {"../../x": "ab" * 32}},
    "file name absolute": {"checksums": {"/etc/passwd": "ab" * 32}},
    "file name with NUL": {"checksums": {"a\0b": "ab" * 32}},
    "file name with newline": {"checksums": {"a\n": "ab" * 32}},
    "file name of the manifest": {"checksums": {"metadata.json": "ab" * 32}},
    "surrogate": {"model_name": "\ud800"},
    "surrogate in a key": {"strategy": {"\udfff": 1}},
    "deep lists": {"settings": {"a": json.loads("[" * 200 + "]" * 200)}},
    "deep dicts": {"settings": json.loads('{"a":' * 100 + "1" + "}" * 100)},
    "moment without zone": {"fitted_until": "2024-01-31T21:00:00"},
    "moment elsewhere": {"judged_until": "2024-01-31T21:00:00+01:00"},
    "moment as text": {"selected_until": "yesterday"},
    "moment empty": {"created_at": ""},
    "symbol with blanks": {"symbol": "A B"},
    "symbol without timeframe": {"timeframe": None},
    "timeframe unknown": {"timeframe": "1y"},
    "strategy empty": {"strategy_name": ""},
    "strategy with newline": {"strategy_name": "a\nb"},
    "strategy too long": {"strategy_name": "a" * 201},
    "field unknown": {"extra": 1},
    "model as list": {"model": []},
    "ten megabytes": {"model_name": "x" * 10 * 2**20},
}


@pytest.mark.parametrize("changes", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_content_with_its_own_sha_is_corrupt(changes: dict[str, Any]) -> None:
    with pytest.raises(CorruptArtifact, match=r"^here/metadata\.json: ") as caught:
        Manifest.from_json(resealed(**changes), "here/metadata.json")
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)
    str(caught.value).encode()


TEXTS: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"\x80\x04\x95pickle",
    "a list": b"[]",
    "null": b"null",
    "a number": b"3",
    "deeper than the parser": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "many digits": b'{"seed": ' + b"9" * 100_000 + b"}",
    "big exponent": b'{"seed": 1e999}',
    "NaN": b'{"seed": NaN}',
    "cut": sealed().to_json()[:-3],
    "two documents": sealed().to_json() * 2,
    "many repeated keys": b"{" + b'"a":1,' * 200_000 + b'"a":1}',
    "too long": b" " * (MAX_BYTES + 1),
    "long key": b'{"' + b"k" * 1_000_000 + b'": 1}',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_hostile_text_is_corrupt(text: bytes) -> None:
    with pytest.raises(CorruptArtifact, match=r"^here: ") as caught:
        Manifest.from_json(text, "here")
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize("name", sorted(json.loads(sealed().to_json())))
def test_every_field_must_be_there_and_of_its_kind(name: str) -> None:
    values = json.loads(sealed().to_json())
    del values[name]
    with pytest.raises(CorruptArtifact, match=name):
        Manifest.from_json(json.dumps(values).encode(), "here")
    values[name] = [[]]
    with pytest.raises(CorruptArtifact, match=name):
        Manifest.from_json(json.dumps(values).encode(), "here")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"training_metrics": {"log_loss": math.nan}}, r"training_metrics\.log_loss: nan is not a finite number"),
        ({"training_metrics": {"a": [1, math.inf]}}, r"training_metrics\.a\.1: inf is not a finite number"),
        ({"model": {"layers": (1, 2)}}, r"model\.layers: tuple is not a plain JSON value"),
        ({"split": {"rows": np.int64(3)}}, r"split\.rows: int64 is not a plain JSON value"),
        ({"settings": {1: 2}}, "settings: the key '1' is not text"),
        ({"resolved_features": ("a",)}, r"resolved_features must be list\[str\], found tuple"),
        ({"fitted_until": "2024-01-31"}, "fitted_until: '2024-01-31' is not a moment"),
        ({"symbol": None}, "both symbol and timeframe"),
    ],
)
def test_what_could_not_be_read_back_is_refused_before_it_is_stored(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        manifest(**changes)


def test_manifest_that_is_too_large_to_be_read_is_not_sealed() -> None:
    with pytest.raises(InvalidInput, match="larger than"):
        sealed(strategy={"description": "x" * MAX_BYTES})


def test_verify_names_every_file_that_differs() -> None:
    given = artifact()
    stored = Artifact(given.manifest.sealed(1, NOW, given.blobs), given.blobs)
    stored.verify("here")
    blobs = {**given.blobs, "model.safetensors": b"other", "extra.json": b"{}"}
    del blobs["history.json"]
    with pytest.raises(CorruptArtifact) as caught:
        Artifact(stored.manifest, blobs).verify("here")
    assert str(caught.value) == (
        "here: history.json is missing; extra.json is not in the manifest; "
        "model.safetensors does not match its checksum in metadata.json"
    )


def test_canonical_json_does_not_depend_on_order() -> None:
    assert canonical_json({"b": [1, 2.5], "a": "ü"}) == canonical_json({"a": "ü", "b": [1, 2.5]})
    assert canonical_json({"b": [1, 2.5], "a": "ü"}) == b'{"a":"\\u00fc","b":[1,2.5]}'

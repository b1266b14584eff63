"""``ktrdr models``: what it prints, and how it ends."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samples.command_line import Command
from samples.fits import ARCHITECTURE, artifact_of, task
from samples.models import tree
from samples.universals import universal

from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.adapters.storage.filesystem import FileSystemStorage
from ktrdr.adapters.storage.kept import not_published
from ktrdr.application.use_cases.verify_models import OUTSIDE, UNRECORDED
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.manifest import digest
from ktrdr.domain.features.contract import contract_hash

FEATURES = [f"1d_rsi_f{number}" for number in range(4)]
MEMBERSHIPS = {f"f{number}": [0, 25 * number, 100] for number in range(4)}
STRATEGY: dict[str, Any] = {
    "name": "demo",
    "training_data": {"symbols": "AAPL", "timeframes": "1d"},
    "indicators": {"rsi_14": {"type": "rsi"}},
    "fuzzy_sets": {"rsi": {"indicator": "rsi_14", **MEMBERSHIPS}},
    "nn_inputs": [{"fuzzy_set": "rsi"}],
    "model": {"type": "mlp", "architecture": ARCHITECTURE},
    "decisions": {"output_format": "classification"},
    "training": {"labels": {"source": "zigzag"}},
}
CONTRACT: list[dict[str, Any]] = [{"id": name, "kind": "raw"} for name in FEATURES]
INFERENCE: dict[str, Any] = {
    "scaler": {"centre": [0.0] * 4, "scale": [1.0] * 4},
    "target_scaler": None,
    "log_class_weights": None,
}
VERDICT: dict[str, Any] = {
    "outcome": "not_distinguishable",
    "sentence": "Not distinguishable from the train class shares.",
    "metric": "log_loss",
    "baseline": "class_shares",
    "loss": 0.75716,
    "baseline_loss": 0.76291,
    "difference": 0.75716 - 0.76291,
    "interval": [-0.1, 0.1],
}
REPORT: dict[str, Any] = {
    "metrics": {
        "log_loss": 0.75716,
        "accuracy": 0.7,
        "per_class": {"buy": {"support": 3}, "hold": {"support": 5}, "sell": {"support": 2}},
        "confusion_matrix": [[2, 1, 0], [1, 4, 0], [0, 1, 1]],
    },
    "baselines": {"class_shares": {"log_loss": 0.76291}, "majority": {"log_loss": None}},
    "verdict": VERDICT,
    "calibration": [{"rows": 10, "confidence": 0.6, "accuracy": 0.7}],
    "primary": "log_loss",
    "rows": 10,
    "seeds": [],
    "class_shares": {"test": {"buy": 0.3, "hold": 0.5, "sell": 0.2}},
}
MOMENTS = {
    "fitted_until": "2020-01-02T21:00:00Z",
    "selected_until": "2021-01-04T21:00:00Z",
    "judged_until": "2022-01-03T21:00:00Z",
}
SPLIT: dict[str, Any] = {
    "parts": {
        "train": {"rows": 80, "first": "2019-01-02T21:00:00Z", "last": "2020-01-01T21:00:00Z"},
        "validation": {"rows": 60, "first": "2020-01-03T21:00:00Z", "last": "2021-01-01T21:00:00Z"},
        "test": {"rows": 10, "first": "2021-01-05T21:00:00Z", "last": "2022-01-01T21:00:00Z"},
    },
    "cuts": ["2020-01-03T21:00:00Z", "2021-01-05T21:00:00Z"],
    **MOMENTS,
}


@pytest.fixture(scope="module")
def trained() -> Artifact:
    given = replace(task(n=80, epochs=1), feature_ids=tuple(FEATURES))
    facts: dict[str, Any] = {"strategy": STRATEGY}
    facts |= {name: STRATEGY[name] for name in ("indicators", "fuzzy_sets", "nn_inputs")} | {"split": SPLIT}
    facts |= {"resolved_features": FEATURES, "feature_contract": CONTRACT, "contract_hash": contract_hash(CONTRACT)}
    facts |= {"settings": {"training.seed": {"value": 7}}, "training_metrics": {"log_loss": 0.75716, "accuracy": 0.7}}
    made = artifact_of(TorchTrainer("cpu").fit(given), given, inference=INFERENCE, **facts)
    return Artifact(made.manifest, {**made.blobs, "metrics.json": json.dumps(REPORT).encode()})


@pytest.fixture
def root(trained: Artifact, tmp_path: Path) -> Path:
    storage = FileSystemStorage(tmp_path / "models")
    storage.publish(trained)
    storage.publish(trained)
    return tmp_path / "models"


@pytest.fixture
def models(ktrdr: Command, root: Path) -> Command:
    return lambda *words: ktrdr("models", *words, "--models-dir", root)


def test_list_as_json(models: Command, root: Path, trained: Artifact) -> None:
    listed = models("list", "--json").json["models"]
    assert [(entry["reference"], entry["latest"], entry["version"]) for entry in listed] == [
        ("demo/AAPL_1d_v1", False, 1),
        ("demo/AAPL_1d_v2", True, 2),
    ]
    first = listed[0]
    assert first["path"] == str(root / "demo/AAPL_1d_v1")
    assert (first["strategy"], first["symbol"], first["timeframe"]) == ("demo", "AAPL", "1d")
    assert first["trained_on"] == ["AAPL"]
    assert (first["metrics"], first["verdict"]) == (trained.manifest.training_metrics, "not_distinguishable")
    assert (first["created_at"][:2], first["problem"]) == ("20", None)


def test_list_as_text(models: Command) -> None:
    header, first, second = models("list").stdout.splitlines()
    assert header.split()[0] == "model"
    assert first.split()[0] == "demo/AAPL_1d_v1"
    assert second.split()[:2] == ["demo/AAPL_1d_v2", "*"]
    assert "not distinguishable" in first
    assert first.endswith("log loss   0.7572      0.7629")


def test_a_universal_model_is_listed_and_shown_with_its_symbols(models: Command, root: Path) -> None:
    FileSystemStorage(root).publish(universal())
    entry = models("list", "--json").json["models"][-1]
    assert (entry["reference"], entry["symbol"], entry["timeframe"]) == ("demo/universal_v1", None, "1d")
    assert entry["trained_on"] == ["AAPL", "MSFT"]
    assert "2 symbols, 1d" in models("list").stdout.splitlines()[-1]
    lines = models("show", "demo/universal_latest").stdout.splitlines()
    place = lines.index("symbols (2)")
    assert " ".join(lines[place + 2].split()) == "AAPL stock 0.3 - 2010-01-04 2020-01-02 700 150 150 -"
    shown = models("show", "demo/universal_latest", "--json").json
    assert shown["symbols"]["MSFT"]["rows"] == {"train": 700, "validation": 150, "test": 150}
    assert shown["symbol_configs"] == {}


def test_which_says_what_is_used_and_why(models: Command, root: Path) -> None:
    storage = FileSystemStorage(root)
    wanted = ("which", "demo", "--symbol", "AAPL", "--timeframe", "1d")
    assert models(*wanted, "--json").json == {
        "reference": "demo/AAPL_1d_v2",
        "kind": "symbol",
        "reason": "the model of AAPL itself",
        "path": str(root / "demo/AAPL_1d_v2"),
        "trained_on": ["AAPL"],
        "selected_until": "2021-01-04T21:00:00Z",
        "passed_over": [],
        "inferred": [],
        "notes": [],
    }
    storage.publish(universal())
    storage.publish(universal())
    (root / "demo/universal_v2/history.json").unlink()
    found = models(*wanted, "--json").json
    assert (found["reference"], found["kind"]) == ("demo/universal_v1", "universal")
    assert "history.json is missing" in found["passed_over"][0]
    text = models(*wanted).stdout
    assert models("which", "demo", "--symbol", "AAPL").stdout == text
    assert text.startswith("demo/universal_v1\n")
    assert "AAPL is among the symbols that it was trained on" in text
    assert "passed over\n  demo/universal_v2 is damaged" in text
    assert models(*wanted, "--prefer", "symbol", "--json").json["kind"] == "symbol"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("demo", "--symbol", "AAPL", "--timeframe", "1h"), 3, "demo/AAPL_1d_v1 is for 1d bars"),
        (("demo", "--symbol", "AAPL", "--timeframe", "1d", "--as-of", "2020-01-01"), 3, "up to 2021-01-04T21:00:00Z"),
        (("demo", "--symbol", "MSFT", "--timeframe", "1d"), 3, "does not say how volatile its symbol is"),
        (("dmo", "--symbol", "AAPL", "--timeframe", "1d"), 3, "did you mean 'demo'"),
        (("demo", "--symbol", "NONE", "--timeframe", "1d"), 3, "no bars of NONE"),
        (("demo", "--timeframe", "1d"), 2, "give a symbol (--symbol)"),
        (("demo", "--symbol", "AAPL", "--timeframe", "1x"), 2, "timeframe '1x'"),
        (("demo", "--symbol", "AAPL", "--timeframe", "1d", "--as-of", "soon"), 2, "date or moment"),
        (("demo", "--symbol", "AAPL", "--timeframe", "1d", "--prefer", "own"), 2, "universal or symbol"),
    ],
)
def test_which_of_nothing(models: Command, words: tuple[str, ...], code: int, said: str) -> None:
    outcome = models("which", *words, "--json")
    assert outcome.code == code
    assert said in outcome.json["error"]["message"]


def test_verify_wants_the_files_of_symbols_beside_a_universal_model(models: Command, root: Path) -> None:
    bare = universal()
    FileSystemStorage(root).publish(Artifact(bare.manifest, {"model.safetensors": b"x"}))
    outcome = models("verify", "demo/universal_v1")
    assert outcome.code == 2
    assert "demo/universal_v1: universal, but without symbols.json" in outcome.stdout


def test_list_of_nothing(models: Command, root: Path) -> None:
    shutil.rmtree(root)
    assert models("list").stdout == "no models yet\n"
    assert models("list", "--json").json == {"models": []}
    assert not root.exists()


def test_damaged_model_is_listed_with_its_problem(models: Command, root: Path) -> None:
    (root / "demo/AAPL_1d_v1/history.json").unlink()
    outcome = models("list", "--json")
    first, second = outcome.json["models"]
    assert "history.json is missing" in first["problem"]
    assert (first["metrics"], first["verdict"], second["problem"]) == ({}, None, None)
    assert outcome.stderr.startswith("warning: demo/AAPL_1d_v1: ")
    assert outcome.code == 0
    assert "cannot be read" in models("list").stdout


DAMAGE: dict[str, Callable[[dict[str, Any]], object]] = {
    "no version": lambda fields: fields.pop("version"),
    "another version": lambda fields: fields.update(version=9),
    "another key": lambda fields: fields.update(symbol="MSFT"),
    "a list of metrics": lambda fields: fields.update(training_metrics=[]),
    "a number as moment": lambda fields: fields.update(created_at=5),
    "a number as symbol": lambda fields: fields.update(training_symbols=[5]),
    "no checksums": lambda fields: fields.update(checksums={}),
    "another schema": lambda fields: fields.update(schema_version=99),
    "not a number": lambda fields: fields.update(seed=float("nan")),
    "unsealed": lambda fields: fields.update(manifest_sha256="0" * 64),
}


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_forged_manifest_is_listed_with_its_problem(
    models: Command, root: Path, damage: Callable[[dict[str, Any]], object], sealed: bool
) -> None:
    metadata = root / "demo/AAPL_1d_v1/metadata.json"
    fields = json.loads(metadata.read_text())
    if sealed and damage is not DAMAGE["not a number"]:
        damage(fields)
        fields |= {"manifest_sha256": digest(fields)} if damage is not DAMAGE["unsealed"] else {}
    else:
        damage(fields)
    metadata.write_text(json.dumps(fields, indent=2))
    outcome = models("list", "--json")
    assert outcome.code == 0
    assert outcome.json["models"][0]["problem"].startswith(str(root / "demo/AAPL_1d_v1"))
    assert models("show", "demo/AAPL_1d_v1").code == 2


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 5000, b"5" * 5000])
def test_a_manifest_or_report_that_is_none_is_listed_with_its_problem(
    models: Command, root: Path, content: bytes
) -> None:
    (root / "demo/AAPL_1d_v1/metadata.json").write_bytes(content)
    (root / "demo/AAPL_1d_v2/metrics.json").write_bytes(content)
    outcome = models("list", "--json")
    assert (outcome.code, [bool(model["problem"]) for model in outcome.json["models"]]) == (0, [True, True])


@pytest.mark.parametrize("reference", ["demo/AAPL_1d_v2", "demo/AAPL_1d_latest", "models/demo/AAPL_1d_v2"])
def test_show(models: Command, trained: Artifact, reference: str) -> None:
    text = models("show", reference).stdout
    assert text.startswith("demo/AAPL_1d_v2\n")
    for words in (
        VERDICT["sentence"],
        "buy, hold, sell",
        "2020-01-02T21:00:00Z",
        "  4  1d_rsi_f3",
        "indicators\n  rsi_14  rsi\n",
        "log loss  0.7572",
        "numpy",
    ):
        assert str(words) in text
    shown = models("show", reference, "--json").json
    assert shown["reference"] == "demo/AAPL_1d_v2"
    assert shown["manifest"]["resolved_features"] == FEATURES
    assert shown["report"] == REPORT


def test_show_prints_nothing_that_a_terminal_would_obey(models: Command, root: Path, trained: Artifact) -> None:
    manifest = trained.manifest
    odd = {"indicators": {"a": 5}, "strategy": manifest.strategy | {"context_data": 5}}
    evil = type(manifest)(**manifest.as_dict() | odd | {"libraries": {"x": "\x1b[2J\rgone\u202e"}})
    FileSystemStorage(root).publish(
        Artifact(evil, {**trained.blobs, "metrics.json": b'{"verdict": [1], "x": {"y": 1}}'})
    )
    text = models("show", "demo/AAPL_1d_latest").stdout
    assert "?[2J?gone?" in text
    assert "\x1b" not in text


def test_verify_of_sound_models(models: Command, root: Path) -> None:
    outcome = models("verify", "--all", "--json")
    assert outcome.code == 0
    assert outcome.json == {
        "valid": True,
        "models": [
            {"reference": f"demo/AAPL_1d_v{n}", "valid": True, "problems": [], "notes": [UNRECORDED], "signed_by": None}
            for n in (1, 2)
        ],
    }
    shutil.copytree(root / "demo/AAPL_1d_v1", root.parent / "copy")
    seal = json.loads((root / "demo/AAPL_1d_v2/metadata.json").read_text())["manifest_sha256"]
    line = {"outcome": "published", "model": "demo/AAPL_1d_v2", "manifest_sha256": seal}
    (root / "trials.jsonl").write_text(json.dumps(line) + "\n")
    assert models("verify", "copy", "demo/AAPL_1d_latest").stdout == (
        f"copy: sound, but {OUTSIDE}\ndemo/AAPL_1d_latest: as it was published\n"
    )
    (root / "trials.jsonl").write_text(json.dumps(line | {"manifest_sha256": "0" * 64}) + "\n")
    outcome = models("verify", "models/demo/AAPL_1d_v2")
    assert (outcome.code, "sealed anew" in outcome.stdout) == (2, True)


class TestSignatures:
    """``models keygen``, ``sign`` and ``verify --key``."""

    @pytest.fixture(autouse=True)
    def keys(self, models: Command, ktrdr: Command) -> None:
        pytest.importorskip("cryptography")
        for name in ("mine", "theirs"):
            assert ktrdr("models", "keygen", name, "--json").json == {"private": name, "public": f"{name}.pub"}

    def test_keys_are_kept_to_their_owner_and_never_written_over(self, ktrdr: Command, tmp_path: Path) -> None:
        assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o600
        before = (tmp_path / "mine").read_bytes()
        assert ktrdr("models", "keygen", "mine").code == 4
        assert (tmp_path / "mine").read_bytes() == before

    def test_what_was_signed_is_told_from_what_was_not(self, models: Command, root: Path) -> None:
        before = tree(root / "demo/AAPL_1d_v2")
        (signed,) = models("sign", "demo/AAPL_1d_latest", "--key", "mine", "--json").json["signed"]
        assert Path(signed["signature"]).parent == root / "demo"
        assert tree(root / "demo/AAPL_1d_v2") == before
        outcome = models("verify", "demo/AAPL_1d_v2", "models/demo/AAPL_1d_latest", "--key", "mine.pub", "--json")
        assert (outcome.code, [found["notes"] for found in outcome.json["models"]]) == (0, [[], []])
        from cryptography.hazmat.primitives import serialization

        by = hashlib.sha256(serialization.load_pem_public_key(Path("mine.pub").read_bytes()).public_bytes_raw())
        signed_by = {"key": "mine.pub", "id": by.hexdigest()[:16]}
        assert [found["signed_by"] for found in outcome.json["models"]] == [signed_by] * 2
        said = f"demo/AAPL_1d_v2: as it was published, signed with mine.pub (key {signed_by['id']})\n"
        assert models("verify", "demo/AAPL_1d_v2", "--key", "mine.pub").stdout == said
        for reference, found in (("demo/AAPL_1d_v2", [signed_by["id"]]), ("demo/AAPL_1d_v1", [])):
            assert models("show", reference, "--json").json["signatures"] == found
            assert (f"signed         with key {signed_by['id']};" in models("show", reference).stdout) is bool(found)
        assert models("list", "--json").json["models"][1]["problem"] is None
        for reference, key in (("demo/AAPL_1d_v1", "mine.pub"), ("demo/AAPL_1d_v2", "theirs.pub")):
            outcome = models("verify", reference, "--key", key)
            assert models("verify", reference, "--key", key, "--json").json["models"][0]["signed_by"] is None
            assert (outcome.code, f"it is not signed by {key}" in outcome.stdout) == (2, True)

    def test_two_may_sign(self, models: Command) -> None:
        for name in ("mine", "theirs"):
            assert models("sign", "demo/AAPL_1d_v1", "demo/AAPL_1d_v2", "--key", name).code == 0
        for name in ("mine", "theirs"):
            assert models("verify", "--all", "--key", f"{name}.pub").code == 0

    def test_from_within_its_folder(
        self, models: Command, ktrdr: Command, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keys = root.parent.absolute()
        monkeypatch.chdir(root / "demo/AAPL_1d_v1")
        (root / "demo/AAPL_1d_v1/.hidden").mkdir()
        for here in (".", ".hidden/.."):
            assert ktrdr("models", "sign", here, "--key", keys / "mine").code == 0
            assert ktrdr("models", "verify", here, "--key", keys / "mine.pub").code == 0
        assert len(list(root.glob("demo/*.sig"))) == 1

    def test_a_forgery_does_not_match_its_signature(self, models: Command, root: Path, trained: Artifact) -> None:
        models("sign", "demo/AAPL_1d_v1", "--key", "mine")
        changed = replace(trained.manifest, libraries={"numpy": "0"})
        sealed = Artifact(changed.sealed(1, "2024-01-01T00:00:00Z", trained.blobs), trained.blobs)
        (root / "demo/AAPL_1d_v1/metadata.json").write_bytes(sealed.manifest.to_json())
        outcome = models("verify", "demo/AAPL_1d_v1", "--key", "mine.pub")
        assert (outcome.code, "is no signature of this model by mine.pub" in outcome.stdout) == (2, True)

    @pytest.mark.parametrize("content", ["", "{}", "[]", '{"signature": "zz"}', '{"signature": 5}', "x" * 9999, "\xff"])
    def test_a_damaged_signature_is_a_problem(self, models: Command, content: str) -> None:
        (signed,) = models("sign", "demo/AAPL_1d_v1", "--key", "mine", "--json").json["signed"]
        Path(signed["signature"]).write_text(content)
        outcome = models("verify", "demo/AAPL_1d_v1", "--key", "mine.pub", "--json")
        assert (outcome.code, len(outcome.json["models"][0]["problems"])) == (2, 1)

    def test_a_signature_goes_with_its_version(self, models: Command, root: Path) -> None:
        models("sign", "demo/AAPL_1d_v1", "demo/AAPL_1d_v2", "--key", "mine")
        models("delete", "demo/AAPL_1d_v1", "--yes")
        assert [path.name.partition(".")[0] for path in (root / "demo").glob("*.sig")] == ["AAPL_1d_v2"]

    @pytest.mark.parametrize(
        ("words", "code", "said"),
        [
            (("sign", "demo/AAPL_1d_v1", "--key", "nowhere"), 3, "nowhere: no such file"),
            (("sign", "demo/AAPL_1d_v1", "--key", "mine.pub"), 2, "is no private key"),
            (("sign", "demo/AAPL_1d_v9", "--key", "mine"), 3, "no model"),
            (("verify", "--all", "--key", "mine"), 2, "is no public key"),
            (("verify", "--all", "--key", "models"), 2, "must be a plain file"),
            (("verify", "--all", "--key", "nowhere"), 3, "nowhere: no such file"),
        ],
    )
    def test_what_is_no_key(self, models: Command, words: tuple[str, ...], code: int, said: str) -> None:
        outcome = models(*words)
        assert (outcome.code, said in outcome.stderr) == (code, True), outcome.stderr

    def test_without_the_extra_it_is_named(self, models: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
        for words in (("sign", "demo/AAPL_1d_v1", "--key", "mine"), ("verify", "--all", "--key", "mine.pub")):
            outcome = models(*words)
            assert (
                outcome.code,
                "install the extra 'sign' (from a clone: pip install -e '.[sign]')" in outcome.stderr,
            ) == (5, True), outcome.stderr


def test_verify_reports_all_problems_of_all_models(models: Command, root: Path, trained: Artifact) -> None:
    storage = FileSystemStorage(root)
    (root / "demo/AAPL_1d_v1/history.json").write_bytes(b"{}")
    manifest = trained.manifest.as_dict()
    reordered = [*CONTRACT[1:], CONTRACT[0]]
    wrong = type(trained.manifest)(**manifest | {"feature_contract": reordered})
    storage.publish(Artifact(wrong, {**trained.blobs, "model.safetensors": b"no weights"}))
    permuted = {"resolved_features": FEATURES[::-1], "feature_contract": CONTRACT[::-1]}
    permuted["contract_hash"] = contract_hash(CONTRACT[::-1])  # type: ignore[assignment]
    storage.publish(Artifact(type(trained.manifest)(**manifest | permuted), trained.blobs))
    outcome = models("verify", "--all", "--json")
    assert outcome.code == 2
    found = {entry["reference"]: entry["problems"] for entry in outcome.json["models"]}
    assert outcome.json["valid"] is False
    assert [len(problems) for problems in found.values()] == [1, 0, 3, 2]
    assert "history.json does not match its checksum" in found["demo/AAPL_1d_v1"][0]
    assert found["demo/AAPL_1d_v3"][0] == "contract_hash is not the hash of feature_contract"
    assert found["demo/AAPL_1d_v3"][1] == "feature_contract does not hold the resolved_features, in their order"
    assert found["demo/AAPL_1d_v3"][2].startswith("does not restore: ")
    assert found["demo/AAPL_1d_v4"] == [
        "its strategy does not resolve to the resolved_features, in their order",
        "the restored model does not take the resolved_features, in their order",
    ]
    assert models("verify", "demo/AAPL_1d_v2").code == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"scaler": {"centre": [0.0], "scale": [1.0]}},
        {"log_class_weights": [0.0, 0.0]},
        {"log_class_weights": [0.0, 0.0, "x"]},
        {"target_scaler": {"mean": 0.0, "std": 1.0}},
    ],
)
def test_verify_finds_an_inference_of_another_model(
    wrong: dict[str, Any], models: Command, root: Path, trained: Artifact
) -> None:
    manifest = replace(trained.manifest, inference=INFERENCE | wrong)
    FileSystemStorage(root).publish(Artifact(manifest, trained.blobs))
    outcome = models("verify", "demo/AAPL_1d_latest")
    assert outcome.code == 2
    assert "inference" in outcome.stdout


@pytest.mark.parametrize("words", [("verify",), ("verify", "--all", "demo/AAPL_1d_v1")])
def test_verify_needs_to_know_what(models: Command, words: tuple[str, ...]) -> None:
    outcome = models(*words, "--json")
    assert (outcome.code, outcome.json["error"]["family"]) == (2, "invalid_input")


@pytest.mark.parametrize("command", ["show", "verify", "delete"])
def test_what_is_not_there(models: Command, command: str) -> None:
    outcome = models(command, "demo/APPL_1d_v1", "--json", *(["--yes"] if command == "delete" else []))
    assert outcome.code == 3
    assert outcome.json["error"]["family"] == "not_found"
    assert "did you mean 'demo/AAPL_1d_v1'" in outcome.json["error"]["message"]


@pytest.mark.parametrize("words", [("show",), ("verify",), ("delete", "--yes"), ("sign", "--key", "none")])
def test_the_name_of_a_strategy_is_told_from_a_misspelt_one(models: Command, words: tuple[str, ...]) -> None:
    outcome = models(*words, "demo")
    said = "error: 'demo' is a strategy: name one of its models; there are demo/AAPL_1d_v2, demo/AAPL_1d_v1\n"
    assert (outcome.code, outcome.stderr) == (3, said)
    assert models(*words, "dmeo").stderr.endswith("; there are models of demo; did you mean 'demo'?\n")


def test_a_misspelt_strategy_is_named_by_predict_and_explain(ktrdr: Command, root: Path) -> None:
    for words in (("predict",), ("explain", "rules"), ("backtest",)):
        outcome = ktrdr(*words, "dmeo", "--symbol", "AAPL", "--models-dir", root)
        assert (outcome.code, "; there are models of demo; did you mean 'demo'?" in outcome.stderr) == (3, True), words


def test_publish_of_a_model_that_was_kept(models: Command, root: Path, trained: Artifact) -> None:
    reason = OSError(28, "No space left on device", "there")
    kept = Path(str(not_published(trained, root / "demo", reason).kept))
    outcome = models("publish", kept, "--json")
    assert outcome.json == {"published": {"reference": "demo/AAPL_1d_v3", "path": str(root / "demo/AAPL_1d_v3")}}
    assert not kept.exists()
    (line,) = (root / "trials.jsonl").read_text().splitlines()
    assert (json.loads(line)["outcome"], json.loads(line)["model"]) == ("published", "demo/AAPL_1d_v3")
    assert models("verify", "demo/AAPL_1d_v3").stdout == "demo/AAPL_1d_v3: as it was published\n"
    for spelled in (kept, kept.relative_to(root.parent)):
        outcome = models("publish", spelled)
        said = f"error: {spelled}: no such folder; it was published already, as demo/AAPL_1d_v3\n"
        assert (outcome.code, outcome.stderr) == (3, said)
    assert models("publish", root / "demo/AAPL_1d_v1").code == 2
    assert (root / "demo/AAPL_1d_v1").exists()


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ("nope", 3, "nope: no such folder\n"),
        ("models/demo/AAPL_1d_v1/metadata.json/below", 3, "below: no such folder\n"),
        ("models/demo/AAPL_1d_v1/metadata.json", 2, "must be a folder"),
        ("x" * 5000, 2, "is too long for a path"),
    ],
)
def test_publish_of_what_is_no_kept_folder(models: Command, given: str, code: int, said: str) -> None:
    outcome = models("publish", given)
    assert (outcome.code, said in outcome.stderr) == (code, True), outcome.stderr


def test_publish_of_what_could_not_be_published_and_was_removed(models: Command, root: Path) -> None:
    lines = [
        {"outcome": "published", "fit": "5e", "kept": "gone", "model": "demo/AAPL_1d_v3"},
        {"outcome": "unpublished", "fit": "5e", "kept": "kept again"},
    ]
    (root / "trials.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert models("publish", "gone").stderr == "error: gone: no such folder\n"


def test_delete(models: Command, root: Path) -> None:
    outcome = models("delete", "demo/AAPL_1d_latest", "--yes", "--json")
    path = str(root / "demo/AAPL_1d_v2")
    assert outcome.json == {"deleted": {"reference": "demo/AAPL_1d_v2", "path": path, "latest": True}}
    assert "demo/AAPL_1d_latest is gone" in outcome.stderr
    assert not Path(path).exists()
    assert models("delete", "demo/AAPL_1d_v1", "--yes").stdout == "deleted demo/AAPL_1d_v1\n"
    assert models("list", "--json").json == {"models": []}


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_delete_asks_first(models: Command, root: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    outcome = models("delete", "demo/AAPL_1d_v1")
    assert outcome.code == 130
    assert outcome.stdout.strip() == ""
    assert models("delete", "demo/AAPL_1d_v1", "--json").code == 2
    assert (root / "demo/AAPL_1d_v1").exists()
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert models("delete", "demo/AAPL_1d_v1").code == 0

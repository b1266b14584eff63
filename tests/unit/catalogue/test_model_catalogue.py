"""What a strategy may say of its model: spellings, defaults, what is required, what contradicts itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from samples.documents import changed
from samples.fits import mlp

from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.problems import InvalidStrategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.writing.schema import strategy_schema
from ktrdr.domain.training.effective import model_spec, training_settings
from ktrdr.domain.training.settings import Member, ModelSpec, TrainingSettings

WHOLE = MODEL_TYPES["transformer"].example
WINDOWED = ("lstm", "gru", "transformer")


def model(kind: str, **architecture: Any) -> dict[str, Any]:
    return changed("model", {"type": kind, "architecture": architecture})


@pytest.mark.parametrize("kind", WINDOWED)
def test_networks_of_windows_need_a_sequence_length(kind: str) -> None:
    with pytest.raises(InvalidStrategy, match=r"model\.architecture\.sequence_length: is required: rows read"):
        parse(model(kind, hidden_size=8))


@pytest.mark.parametrize(
    ("written", "kind"),
    [("LSTM", "lstm"), ("Gru", "gru"), ("long_short_term_memory", "lstm"), ("transformer_encoder", "transformer")],
)
def test_types_are_found_by_any_spelling(written: str, kind: str) -> None:
    assert parse(model(written, sequence_length=10)).model.type == kind


def test_parameters_are_found_by_their_common_spellings() -> None:
    lstm = parse(model("lstm", seq_len=24, hidden_dim=8, layers=1, use_attention=True)).model.architecture
    assert lstm == {
        "sequence_length": 24,
        "hidden_size": 8,
        "num_layers": 1,
        "dropout": 0.2,
        "attention": True,
        "break_at_session": False,
    }
    encoder = parse(model("transformer", seq_length=24, d_model=12, nhead=3, dim_feedforward=20)).model.architecture
    assert [encoder[name] for name in ("sequence_length", "hidden_size", "num_heads", "feedforward_size")] == [
        24, 12, 3, 20,
    ]  # fmt: skip


def test_defaults_are_those_of_the_grammar() -> None:
    architecture = parse(model("gru", sequence_length=7)).model.architecture
    assert (architecture["hidden_size"], architecture["num_layers"], architecture["dropout"]) == (64, 2, 0.2)
    assert architecture["attention"] is False
    spec = model_spec(parse(model("gru", sequence_length=7)))
    assert (spec.window, spec.reads_windows, spec.break_at_session) == (7, True, False)
    spec = model_spec(parse(model("mlp")))
    assert (spec.window, spec.reads_windows) == (1, False)


@pytest.mark.parametrize(
    ("kind", "architecture", "message"),
    [
        ("transformer", {"hidden_size": 64, "num_heads": 5}, r"num_heads: 5 does not divide hidden_size 64"),
        ("lstm", {"hidden_size": 0}, r"hidden_size: 0 is out of bounds; allowed: 1 to 4096"),
        ("gru", {"attention": "yes"}, r"attention: must be true or false, found 'yes'"),
        ("lstm", {"sequence_length": 0}, r"sequence_length: 0 is out of bounds; allowed: 1 to 5000"),
        ("lstm", {"sequence_length": "long"}, r"sequence_length: must be an integer, found 'long'"),
    ],
)  # fmt: skip
def test_contradictions_and_bounds_are_refused_with_the_path(
    kind: str, architecture: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidStrategy, match=r"model\.architecture\." + message):
        parse(model(kind, **{"sequence_length": 10} | architecture))


@pytest.mark.parametrize(
    ("kind", "foreign", "owners"),
    [
        ("lstm", "hidden_layers", "it belongs to mlp; did you mean 'hidden_size'?"),
        ("gru", "activation", "it belongs to mlp"),
        ("lstm", "num_heads", "it belongs to transformer"),
        ("transformer", "use_attention", "it belongs to lstm, gru"),
        ("mlp", "seq_len", "it belongs to lstm, gru, transformer"),
        ("mlp", "hidden_size", "it belongs to lstm, gru, transformer; did you mean 'hidden_layers'?"),
    ],
)
def test_keys_of_another_type_are_refused_with_the_types_that_have_them(kind: str, foreign: str, owners: str) -> None:
    own = {} if kind == "mlp" else {"sequence_length": 10}
    said = f"model.architecture.{foreign}: is no key of model type {kind}; {owners}"
    with pytest.raises(InvalidStrategy, match=re.escape(said)):
        parse(model(kind, **own, **{foreign: 8}))


def test_keys_of_no_type_and_empty_ones_stay_warnings() -> None:
    found = parse(model("lstm", sequence_length=10, hidden_layers=None, bidirectional=True))
    assert {item.path for item in found.warnings} == {
        "model.architecture.hidden_layers",
        "model.architecture.bidirectional",
    }


@pytest.mark.parametrize("kind", sorted(MODEL_TYPES))
def test_the_architecture_of_a_first_strategy_is_whole_and_checked(kind: str) -> None:
    spec = MODEL_TYPES[kind]
    members = (Member("one", mlp(), TrainingSettings()),) if spec.of_members else ()
    assert spec.checked(spec.example) == ModelSpec(kind, spec.example, members).architecture
    assert spec.starter.keys() <= spec.example.keys()


@pytest.mark.parametrize(
    ("architecture", "said"),
    [
        ({}, "must name sequence_length, hidden_size"),
        ({"hidden_layers": [8]}, "must name sequence_length"),
        (WHOLE | {"hidden_layers": [8]}, "must name sequence_length"),
        (WHOLE | {"sequence_length": 0}, "sequence_length 0 is out of bounds"),
        (WHOLE | {"num_heads": 5}, "num_heads 5 does not divide hidden_size 32"),
    ],
)
def test_a_specification_is_whole_or_refused(architecture: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        ModelSpec("transformer", architecture)


def test_a_specification_of_no_known_type_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidInput, match=r"'transfomer' is not known.*did you mean 'transformer'"):
        ModelSpec("transfomer", WHOLE)


def test_output_activation_is_accepted_and_said_to_have_no_effect() -> None:
    found = parse(model("lstm", sequence_length=10, output_activation="softmax"))
    assert any(item.path == "model.architecture.output_activation" for item in found.warnings)


def test_focal_loss_brings_its_gamma_and_gamma_without_it_is_warned_about() -> None:
    document = changed("training.loss", "focal")
    assert training_settings(parse(document)).focal_gamma == 2.0
    document["training"]["focal_gamma"] = 0.5
    assert training_settings(parse(document)).focal_gamma == 0.5
    found = parse(changed("training.focal_gamma", 0.5))
    assert any("without loss: focal" in item.message for item in found.warnings)


def test_the_schema_has_every_type_and_no_default_for_what_is_required() -> None:
    rules = strategy_schema()["properties"]["model"]["allOf"]
    assert len(rules) == len(MODEL_TYPES)
    for rule in rules:
        values = next(iter(rule["then"]["properties"].values()))["anyOf"][0]["properties"]
        assert "default" not in values.get("sequence_length", {})
        assert "dropout" not in values or "default" in values["dropout"]

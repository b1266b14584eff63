"""Members of an ensemble: what is read, what they share, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from samples.documents import changed

from ktrdr.domain.problems import InvalidStrategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.writing.render import render
from ktrdr.domain.strategy.writing.schema import strategy_schema
from ktrdr.domain.strategy.writing.template import Template, new_document
from ktrdr.domain.training.effective import model_spec

MLP: dict[str, Any] = {"type": "mlp", "architecture": {"hidden_layers": [4]}}
GRU: dict[str, Any] = {"type": "gru", "architecture": {"sequence_length": 6, "hidden_size": 4}}


def document(*members: Any, combine: Any = None, **training: Any) -> dict[str, Any]:
    model = {"type": "ensemble", "members": list(members) or [MLP, GRU]} | ({"combine": combine} if combine else {})
    given = changed("model", model)
    given["training"] |= training
    return given


def messages(given: dict[str, Any], **options: Any) -> str:
    with pytest.raises(InvalidStrategy) as caught:
        parse(given, **options)
    return str(caught.value)


def test_members_have_names_seeds_and_the_settings_of_their_types() -> None:
    spec = model_spec(parse(document(MLP, GRU, {**MLP, "name": "other", "seed": 9, "weight": 2})))
    assert [member.name for member in spec.members] == ["mlp", "gru", "other"]
    assert [member.settings.seed for member in spec.members] == [0, 1, 9]
    assert [member.settings.batch_size for member in spec.members] == [256, 256, 256]
    assert [member.weight for member in spec.members] == [1, 1, 2]
    assert (spec.window, spec.reads_windows, spec.fits) == (6, True, 3)
    assert spec.architecture["method"] == "voting"


def test_a_member_says_its_own_before_what_all_share_and_the_command_line_before_both() -> None:
    given = document({**MLP, "training": {"epochs": 2}}, GRU, epochs=7)
    assert [member.settings.epochs for member in model_spec(parse(given)).members] == [2, 7]
    found = model_spec(parse(given, command_line={"epochs": 1}))
    assert [member.settings.epochs for member in found.members] == [1, 1]
    origins = {item.path: item.origin for item in parse(given).settings}
    assert origins["model.members[0].training.epochs"] == "model.members[0].training"
    assert origins["model.members[1].training.epochs"] == "training"
    assert not parse(given).warnings


def test_inputs_are_features_of_entries_in_contract_order() -> None:
    given = document({**MLP, "inputs": ["rsi"]}, MLP)
    spec = model_spec(parse(given))
    assert spec.members[0].inputs
    assert all("_rsi_" in name for name in spec.members[0].inputs)
    assert spec.members[1].inputs == ()


@pytest.mark.parametrize("combine", [{"method": "blending", "prior": False}, {"method": "voting", "vote": "hard"}])
def test_what_is_rendered_is_read_as_the_same(combine: dict[str, Any]) -> None:
    given = document({**MLP, "inputs": ["rsi"], "training": {"early_stopping": False}}, GRU, combine=combine)
    strategy = parse(given)
    assert parse(render(strategy)) == strategy
    assert not list(Draft202012Validator(strategy_schema()).iter_errors(render(strategy)))
    assert not list(Draft202012Validator(strategy_schema()).iter_errors(given))


def test_members_may_be_a_mapping_of_names() -> None:
    given = changed("model", {"type": "ensemble", "members": {"one": MLP, "two": GRU}})
    assert [member.name for member in parse(given).model.members] == ["one", "two"]


REFUSED = {
    "model.members: must be a list of 1 to 50 models": changed("model", {"type": "ensemble"}),
    "model.members[0].type: model type 'mpl' is not known": document({"type": "mpl"}),
    "did you mean 'mlp'": document({"type": "mpl"}),
    "model type 'ensemble' is made of members itself": document({"type": "ensemble"}),
    "model.members[0].architecture.attention: is no key of model type mlp; it belongs to lstm, gru": document(
        {"type": "mlp", "architecture": {"attention": True}}
    ),
    "model.members[1].architecture.sequence_length: is required": document(MLP, {"type": "gru"}),
    "model.members[0].training.epochs: 0 is out of bounds": document({**MLP, "training": {"epochs": 0}}),
    "training.epochs: 0 is out of bounds": document(epochs=0),
    "model.members[1].name: 'mlp' is the name of two members": document(MLP, {**MLP, "name": "MLP"} | {"name": "mlp"}),
    "'class_shares' is taken": document({**MLP, "name": "class_shares"}),
    "must be up to 40 letters": document({**MLP, "name": "a b"}),
    "model.members[0].inputs: 'rsj' is none of the inputs; allowed: ": document({**MLP, "inputs": ["rsj"]}),
    "did you mean 'rsi'": document({**MLP, "inputs": ["rsj"]}),
    "model.members[0].symbol: 'MSFT' is none of the strategy's symbols": document({**MLP, "symbol": "MSFT"}),
    "model.combine.vote: is no key of blending; it belongs to voting": document(
        combine={"method": "blending", "vote": "hard"}
    ),
    "model.combine.method: 'dynamic' is not there yet; allowed: voting, stacking, blending": document(
        combine={"method": "dynamic"}
    ),
    "model.combine.method: 'votin' is not known; allowed: voting": document(combine={"method": "votin"}),
    "model.members[0].weight: counts in a vote": document({**MLP, "weight": 2}, combine={"method": "blending"}),
    "model.architecture: is no key of model type ensemble": changed(
        "model", {"type": "ensemble", "members": [MLP], "architecture": {}}
    )
    | {"x": 1},
    "model.members: is no key of model type mlp": changed("model", {**MLP, "members": [MLP]}),
    "training.forecast_steps: a model of members forecasts one step": document(forecast_steps=[1, 10]),
    "training.initialise: is no key of model type ensemble": document(initialise="at random"),
    "training.rounds: is no key of model type ensemble; it belongs to lightgbm": document(rounds=9),
    "model.members[0].training.seed: is no setting of a member; write `seed` beside it": document(
        {**MLP, "training": {"seed": 3}}
    ),
    "training.early_stopping.patience: 0 is out of bounds": document(early_stopping={"patience": 0}),
    "training.loss: 'mse' does not fit classification labels": document({**MLP, "training": {"loss": "mse"}}),
    "model.combine.vote: hard needs classes": changed(
        "training.labels",
        {"source": "forward_return", "horizon": 5},
        changed("decisions", {"output_format": "regression"}, document(combine={"vote": "hard"})),
    ),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_is_refused_says_where_and_what_is_allowed(said: str) -> None:
    assert said in messages(REFUSED[said])


def test_a_key_that_no_member_has_is_refused_and_an_idle_one_warned_about() -> None:
    given = document({**MLP, "training": {"early_stopping": {"enabled": False, "patience": 3}}})
    assert [item.path for item in parse(given).warnings] == ["model.members[0].training.early_stopping.patience"]


@pytest.mark.parametrize("members", [[], None, "mlp", {"a": None}, [{"type": "ensemble"}], [{"type": "mpl"}, MLP]])
def test_of_members_that_are_refused_no_shared_key_is_missed(members: Any) -> None:
    given = document(epochs=3, rounds=9)
    given["model"]["members"] = members
    assert messages(given).count("\n") == 0
    assert "training." not in messages(given)


def test_a_first_strategy_is_read_without_a_warning() -> None:
    made = new_document(Template("new", "SIM_STOCK", ["5m"], "ensemble", "zigzag", ["rsi"]))
    assert not parse(made).warnings
    assert [member["type"] for member in made["model"]["members"]] == ["mlp", "gru"]

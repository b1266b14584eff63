"""What a request for a model may say."""

from __future__ import annotations

import pytest

from ktrdr.application.serving.wanted import LoadRequest
from ktrdr.application.use_cases.explain_rules import ExplainRequest
from ktrdr.application.use_cases.open_predictor import PredictorRequest
from ktrdr.application.use_cases.predict import PredictRequest
from ktrdr.domain.errors import InvalidInput

CHOICES = {"timeframe": "1d", "as_of": "2020-01-01", "prefer": "symbol", "ensemble": True}


@pytest.mark.parametrize(("name", "value"), CHOICES.items())
def test_one_model_is_not_chosen_among_several(name: str, value: object) -> None:
    said = "choose among the models of a strategy; 'small/AAPL_1d_v1' is one model"
    makers = [PredictRequest, PredictorRequest, *([] if name == "ensemble" else [ExplainRequest])]
    for request in makers:
        symbol = {} if request is ExplainRequest else {"symbol": "AAPL"}
        with pytest.raises(InvalidInput, match=said):
            _ = request("small/AAPL_1d_v1", **symbol, **{name: value}).wanted
        assert request("small", **symbol, **{name: value}).wanted.chooses


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"symbol": "A B"}, "symbol 'A B' is not valid"),
        ({"symbol": "A" * 10_000}, r"symbol 'A{50,60}\.\.\. is not valid"),
        ({"timeframe": "5x"}, "5x"),
        ({"as_of": "soon"}, "'soon' is no date or moment"),
        ({"ensemble": True, "prefer": "universal"}, "prefer chooses one model"),
    ],
    ids=lambda value: "" if isinstance(value, str) else ", ".join(value),
)
def test_a_request_that_is_not_spelled_as_it_must_be_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        LoadRequest("small", **wrong)  # type: ignore[arg-type]

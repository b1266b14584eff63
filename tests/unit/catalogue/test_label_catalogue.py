import pytest
from samples.documents import changed

from ktrdr.domain.catalogue.labels import FORWARD_RETURN, IMPLIED_LABELS, LABELS, ZIGZAG_SEGMENTS, find_label
from ktrdr.domain.catalogue.values import coerced, fault
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.labels.labelers import LABELERS
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.problems import InvalidStrategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.writing.render import render

SPECS = [spec for variants in LABELS.values() for spec in variants]


def test_every_specification_has_a_function_and_every_function_a_specification():
    assert [spec.key for spec in SPECS] == list(LABELERS)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.key)
def test_a_specification_is_whole(spec):
    target = Target.of(spec)
    assert target.is_classification == bool(spec.classes)
    assert target.trades == (spec.source != "volatility")
    assert bool(target.unit) != target.is_classification
    assert spec in LABELS[spec.source]
    assert all(parameter.description for parameter in spec.parameters)
    horizon = spec.horizon(spec.complete({}))
    assert horizon is None or horizon > 0
    names = {item.name for item in spec.parameters}
    spellings = {name for item in spec.parameters for name in item.aliases}
    assert spec.remarks.keys() <= spellings
    assert {decisive for decisive, _ in spec.remarks.values()} <= names
    assert spec.without_effect.keys() <= names
    assert not spec.symbol or spec.symbol in names


def test_every_default_is_one_that_a_document_may_write():
    for spec in SPECS:
        for parameter in spec.parameters:
            assert parameter.default is None or fault(parameter, parameter.default) is None


@pytest.mark.parametrize(
    ("source", "classes", "actions"),
    [
        ("triple_barrier", "buy hold sell", "buy hold sell"),
        ("direction", "up neutral down", "buy hold sell"),
        ("context", "bullish bearish neutral", "buy sell hold"),
        ("regime", "trending_up trending_down ranging volatile", "buy sell hold none"),
        ("market_regime", "bull bear sideways high_volatility", "buy sell hold none"),
        ("risk_adjusted", "buy hold sell", "buy hold sell"),
        ("volatility", "", "none"),
        ("forward_return", "", ""),
    ],
)
def test_classes_in_the_order_of_their_numbers_and_what_each_asks_for(source, classes, actions):
    target = Target.of(find_label(source))
    assert (" ".join(target.classes), " ".join(target.actions)) == (classes, actions)


def test_risk_adjusted_labels_have_as_many_classes_as_their_parameter_says():
    target = Target.of(find_label("risk_adjusted"), {"classes": 5})
    assert target.classes == ("strong_buy", "buy", "hold", "sell", "strong_sell")
    assert target.actions == ("buy", "buy", "hold", "sell", "sell")


def test_other_spellings_mean_the_same():
    spec = find_label("triple_barrier")
    defaults = {
        "pt_multiplier": 2.0, "sl_multiplier": 1.5, "max_holding_period": 50, "vol_span": 50, "vol_method": "atr",
        "expiry": "hold", "side": "long", "scale": "horizon", "compute_weights": "none", "cusum_threshold": None,
        "cusum_multiplier": None, "entry": "close",
    }  # fmt: skip
    assert spec.complete({}) == defaults
    ranges = {"profit_target_atr": 3.0, "stop_loss_atr": 1.0, "max_holding_bars": 24, "atr_period": 14}
    changed = {"pt_multiplier": 3.0, "sl_multiplier": 1.0, "max_holding_period": 24, "vol_span": 14}
    assert spec.complete(ranges) == defaults | changed
    assert spec.horizon(spec.complete(ranges)) == 24


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (True, "uniqueness"),
        (False, "none"),
        ("Uniqueness", "uniqueness"),
        ("sequential_bootstrap", "sequential_bootstrap"),
    ],
)
def test_weights_may_be_written_as_a_switch(written, found):
    (parameter,) = (item for item in find_label("triple_barrier").parameters if item.name == "compute_weights")
    assert fault(parameter, written) is None
    assert coerced(parameter, written) == found
    assert fault(parameter, 1) is not None


@pytest.mark.parametrize(
    ("source", "parameters", "message"),
    [
        (
            "triple_barrier",
            {"cusum_threshold": 0.1, "cusum_multiplier": 2.0},
            "cusum_multiplier cannot be given beside cusum_threshold",
        ),
        ("context", {"bullish_threshold": -0.01}, "bearish_threshold -0.005 must be below bullish_threshold -0.01"),
        ("market_regime", {"fast": 200}, "fast 200 must be below slow 200"),
        ("market_regime", {"vol_symbol": " "}, "vol_symbol must name a symbol"),
        ("risk_adjusted", {"classes": 4}, "classes must be 3 or 5, found 4"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(source, parameters, message):
    with pytest.raises(InvalidInput, match=rf"^labels {source}: {message}"):
        find_label(source).complete(parameters)


def test_zigzag_without_a_method_looks_ahead_twenty_bars_for_five_percent():
    spec = find_label("zigzag")
    assert spec.complete({}) == {
        "method": "lookahead",
        "zigzag_threshold": 0.05,
        "label_lookahead": 20,
        "entry": "close",
    }
    assert spec.horizon({"label_lookahead": 7}) == 7
    assert find_label("zigzag", "segments") is ZIGZAG_SEGMENTS
    assert find_label("forward_return") is FORWARD_RETURN


def test_no_labels_at_all_means_zigzag_with_a_threshold_that_follows_the_ranges():
    implied = dict(IMPLIED_LABELS)
    spec = find_label(implied.pop("source"), implied["method"])
    assert spec.complete(implied) == {
        "method": "lookahead",
        "zigzag_threshold": {"atr": 2.0},
        "label_lookahead": 20,
        "entry": "close",
    }


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: find_label("zigzak"),
            r"'zigzak' is not known; allowed: zigzag, triple_barrier, forward_return, .*; did you mean 'zigzag'",
        ),
        (lambda: find_label("zigzag", "segment"), r"allowed: lookahead, segments; did you mean 'segments'"),
        (lambda: find_label("forward_return", "segments"), r"method 'segments' of 'forward_return'.*allowed: none$"),
        (
            lambda: ZIGZAG_SEGMENTS.complete({"label_lookahead": 3}),
            r"zigzag.segments: 'label_lookahead' is not known; allowed: method, zigzag_threshold",
        ),
    ],
)
def test_unknown_names_are_refused_with_what_there_is(call, message):
    with pytest.raises(InvalidInput, match=message):
        call()


def test_a_document_reads_the_same_however_its_parameters_are_spelled_and_renders_them_whole():
    ranges = {"profit_target_atr": 3, "stop_loss_atr": 1, "max_holding_bars": 24, "atr_period": 14}
    strategy = parse(changed("training.labels", {"source": "triple_barrier", **ranges, "compute_weights": True}))
    parameters = strategy.labels.parameters
    assert parameters == find_label("triple_barrier").complete(ranges | {"compute_weights": "uniqueness"})
    assert {item.path: item.origin for item in strategy.settings}["training.labels.scale"] == "default"
    assert parse(render(strategy)) == strategy
    assert (
        "write scale: bar"
        in {item.path: item.message for item in strategy.warnings}["training.labels.profit_target_atr"]
    )
    meant = {"source": "triple_barrier", **ranges, "scale": "horizon"}
    assert not [item for item in parse(changed("training.labels", meant)).warnings if "atr" in item.path]


def test_a_document_is_told_which_label_parameters_contradict_and_which_do_nothing():
    with pytest.raises(InvalidStrategy, match=r"training\.labels\.fast: 200 must be below slow 200"):
        parse(changed("training.labels", {"source": "market_regime", "fast": 200}))
    strategy = parse(changed("training.labels", {"source": "market_regime", "low": 15, "adx_period": 20}))
    told = {problem.path for problem in strategy.warnings if "has no effect" in problem.message}
    assert told >= {"training.labels.low", "training.labels.adx_period"}

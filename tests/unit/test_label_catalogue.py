import pytest

from ktrdr.domain.catalogue.labels import FORWARD_RETURN, IMPLIED_LABELS, LABELS, ZIGZAG_SEGMENTS, find_label
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.labels.labelers import LABELERS
from ktrdr.domain.labels.labelset import Target

SPECS = [spec for variants in LABELS.values() for spec in variants]


def test_every_specification_has_a_function_and_every_function_a_specification():
    assert [spec.key for spec in SPECS] == list(LABELERS)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.key)
def test_a_specification_is_whole(spec):
    target = Target.of(spec)
    assert target.is_classification == bool(spec.actions)
    assert bool(target.unit) != target.is_classification
    assert spec in LABELS[spec.source]
    assert all(parameter.description for parameter in spec.parameters)
    horizon = spec.horizon(spec.complete({}))
    assert horizon is None or horizon > 0


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
            r"'zigzak' is not known; allowed: zigzag, forward_return; did you mean 'zigzag'",
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

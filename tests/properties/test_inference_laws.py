"""Decision 14 and law 8: one inference path, and restore(state) predicts the same bytes."""

from __future__ import annotations

import numpy as np
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.fits import CLASSES, VALUE, artifact_of, mlp, task, window_spec

from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.domain.catalogue.models.networks import ACTIVATIONS

ARCHITECTURES = st.fixed_dictionaries(
    {
        "hidden_layers": st.lists(st.integers(1, 70), max_size=3),
        "activation": st.sampled_from(ACTIVATIONS),
        "batch_norm": st.booleans(),
    }
)


@settings(max_examples=examples(40))
@given(
    architecture=ARCHITECTURES,
    n_inputs=st.integers(1, 40),
    target=st.sampled_from([CLASSES, VALUE]),
    n_rows=st.integers(1, 700),
    data=st.data(),
)
def test_any_rows_in_any_batch_after_any_restore_give_the_same_bits(
    architecture: dict[str, object], n_inputs: int, target: object, n_rows: int, data: st.DataObject
) -> None:
    fit = task(40, target=target, model=mlp(**architecture), n_inputs=n_inputs, epochs=1)
    model = TorchTrainer("cpu").fit(fit)
    restored = TorchTrainer("cpu").restore(artifact_of(model, fit))
    inputs = np.random.default_rng(n_rows).normal(size=(n_rows, n_inputs)).astype(np.float32)
    whole = model.predict(inputs)
    chosen = data.draw(st.lists(st.integers(0, n_rows - 1), min_size=1, max_size=300))
    assert np.array_equal(model.predict(inputs[chosen]), whole[chosen])
    assert np.array_equal(restored.predict(inputs[chosen]), whole[chosen])
    assert restored.state() == model.state()


RECURRENT = st.fixed_dictionaries(
    {"hidden_size": st.integers(1, 40), "num_layers": st.integers(1, 2), "attention": st.booleans()}
)
ENCODERS = st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 2), st.integers(1, 40)).map(
    lambda drawn: {
        "num_heads": drawn[0],
        "hidden_size": drawn[0] * drawn[1],
        "num_layers": drawn[2],
        "feedforward_size": drawn[3],
    }
)
WINDOWED = st.one_of(
    st.tuples(st.sampled_from(["lstm", "gru"]), RECURRENT), st.tuples(st.just("transformer"), ENCODERS)
)


@settings(max_examples=examples(25))
@given(
    network=WINDOWED,
    length=st.integers(1, 12),
    n_inputs=st.integers(1, 20),
    target=st.sampled_from([CLASSES, VALUE]),
    data=st.data(),
)
def test_any_windows_in_any_batch_after_any_restore_give_the_same_bits(
    network: tuple[str, dict[str, object]], length: int, n_inputs: int, target: object, data: st.DataObject
) -> None:
    kind, architecture = network
    spec = window_spec(kind, **architecture, sequence_length=length)
    fit = task(40, target=target, model=spec, n_inputs=n_inputs, epochs=1)
    model = TorchTrainer("cpu").fit(fit)
    restored = TorchTrainer("cpu").restore(artifact_of(model, fit))
    inputs = np.random.default_rng(length).normal(size=(110, n_inputs)).astype(np.float32)
    whole, first = model.predict(inputs), length - 1
    ends = np.array(data.draw(st.lists(st.integers(first, 109), min_size=1, max_size=120)))
    assert np.array_equal(model.predict(inputs, ends), whole[ends - first])
    one = int(ends[0])
    assert np.array_equal(restored.predict(inputs[one - first : one + 1]), whole[one - first : one - first + 1])
    assert restored.state() == model.state()

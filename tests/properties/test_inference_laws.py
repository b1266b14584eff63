"""Decision 14 and law 8: one inference path, and restore(state) predicts the same bytes."""

from __future__ import annotations

import numpy as np
from fit_samples import CLASSES, VALUE, artifact_of, mlp, task
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.domain.catalogue.models import ACTIVATIONS

ARCHITECTURES = st.fixed_dictionaries(
    {
        "hidden_layers": st.lists(st.integers(1, 70), max_size=3),
        "activation": st.sampled_from(ACTIVATIONS),
        "batch_norm": st.booleans(),
    }
)


@settings(max_examples=40, deadline=None)
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

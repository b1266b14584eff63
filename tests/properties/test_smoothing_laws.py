"""Exponential means have the bits of pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ktrdr.domain.market.smoothing import exponential_mean

VALUES = st.lists(st.floats(-1e9, 1e9, allow_nan=False) | st.sampled_from([0.0, 1.0]), min_size=1, max_size=200)


@given(VALUES, st.floats(1e-4, 1.0))
def test_an_exponential_mean_has_the_bits_of_pandas(values: list[float], alpha: float) -> None:
    expected = pd.Series(values).ewm(alpha=alpha, adjust=False).mean().to_numpy()
    assert exponential_mean(np.array(values), alpha).tobytes() == expected.tobytes()

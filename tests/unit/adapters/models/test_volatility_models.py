"""Models of volatility: what they fall back to, each symbol its own, factors, and least squares."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from samples.fits import VOLATILITIES, artifact_of

from ktrdr.adapters.models.table import TableTrainer
from ktrdr.domain.arrays import Floats
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.model import FitTask, FittedModel, Rows
from ktrdr.domain.training.settings import ModelSpec, TrainingSettings
from ktrdr.domain.training.volatility.weights import ewma_weights

HORIZON = 5
TRAINER = TableTrainer()


def garch_returns(n: int, seed: int, alpha: float = 0.1, beta: float = 0.85, level: float = 1e-4) -> Floats:
    rng = np.random.default_rng(seed)
    returns, variance = np.empty(n), level
    for place in range(n):
        returns[place] = np.sqrt(variance) * rng.standard_normal()
        variance = level * (1 - alpha - beta) + alpha * returns[place] ** 2 + beta * variance
    return returns


def followed(returns: Floats) -> Floats:
    """The standard deviation of the next returns; NaN at the end."""
    found = np.full(len(returns), np.nan)
    for place in range(len(returns) - HORIZON):
        found[place] = returns[place + 1 : place + 1 + HORIZON].std(ddof=1)
    return found


def spec(kind: str, **changes: Any) -> ModelSpec:
    return ModelSpec(kind, {**MODEL_TYPES[kind].example, **changes})


def task(model: ModelSpec, *series: Floats, codes: tuple[int, ...] = (11, 5, 8)) -> FitTask:
    """All rows with a whole window and a target, of one symbol after the other."""
    inputs, ends, targets, symbols, start = [], [], [], [], 0
    for number, (returns, code) in enumerate(zip(series, codes, strict=False)):
        found = followed(returns)
        own = np.flatnonzero(np.isfinite(found))[model.window - 1 :]
        inputs.append(np.column_stack((returns, np.full(len(returns), code))).astype(np.float32))
        ends.append(own + start)
        targets.append(found[own].astype(np.float32))
        symbols.append(np.full(len(own), number, dtype=np.int32))
        start += len(returns)
    rows = Rows(np.concatenate(inputs), np.concatenate(targets), np.concatenate(ends), symbols=np.concatenate(symbols))
    settings = TrainingSettings(loss=model.kind.losses["regression"][0])
    names = tuple(f"S{number}" for number in range(len(series)))
    return FitTask(rows, rows, ("1d_log_return", "1d_symbol_code"), VOLATILITIES, model, settings,
                   horizon=HORIZON, symbols=names)  # fmt: skip


def predicted(model: FittedModel, returns: Floats, code: int) -> Floats:
    return model.predict(np.column_stack((returns, np.full(len(returns), code))).astype(np.float32))


def test_har_is_least_squares_on_means_with_a_floor() -> None:
    returns = garch_returns(700, 1)
    given = task(spec("har"), returns)
    model = TRAINER.fit(given)
    moves = np.abs(returns.astype(np.float32).astype(np.float64))
    ends = given.train.ends
    assert ends is not None
    design = np.column_stack(
        [np.ones(len(ends)), *([moves[end + 1 - span : end + 1].mean() for end in ends] for span in (1, 5, 22))]
    )
    weights, *_ = np.linalg.lstsq(design, given.train.targets.astype(np.float64), rcond=None)
    expected = np.maximum(design @ weights, given.train.targets.min())
    np.testing.assert_allclose(model.predict(given.train.inputs, ends), expected, rtol=1e-9)


def test_rows_of_weight_zero_do_not_count() -> None:
    for name in ("har", "ewma"):
        given = task(spec(name), garch_returns(700, 2))
        n = len(given.train.targets)
        kept = np.arange(n) % 3 > 0
        ends = given.train.ends
        assert ends is not None
        cut = replace(given.train, ends=ends[kept], targets=given.train.targets[kept], symbols=None)
        weighted = replace(given.train, weights=kept.astype(np.float32))
        one, other = (TRAINER.fit(replace(given, train=part)) for part in (cut, weighted))
        np.testing.assert_allclose(predicted(one, garch_returns(99, 3), 11), predicted(other, garch_returns(99, 3), 11))


@pytest.mark.parametrize("loss", ["squared_error", "qlike"])
def test_the_factor_is_the_best_of_its_loss_on_the_train_rows(loss: str) -> None:
    given = task(spec("ewma", rescale=loss, memory=100), garch_returns(600, 4))
    model, plain = TRAINER.fit(given), TRAINER.fit(replace(given, model=spec("ewma", rescale="none", memory=100)))
    targets = given.train.targets.astype(np.float64)
    forecasts = plain.predict(given.train.inputs, given.train.ends)
    factor = float(np.median(model.predict(given.train.inputs, given.train.ends) / forecasts))

    def mean_loss(by: float) -> float:
        ratios = (targets / (by * forecasts)) ** 2
        return float(((targets - by * forecasts) ** 2 if loss == "squared_error" else ratios - np.log(ratios)).mean())

    assert mean_loss(factor) <= min(mean_loss(0.99 * factor), mean_loss(1.01 * factor))


def test_each_symbol_has_its_own_parameters_and_another_the_mean_of_all() -> None:
    one, other = garch_returns(900, 5), garch_returns(800, 6, 0.2, 0.5, 4e-4)
    model = spec("garch", memory=100)
    together = TRAINER.fit(task(model, one, other))
    for number, (returns, code) in enumerate(((one, 11), (other, 5))):
        alone = TRAINER.fit(task(model, returns, codes=(code,)))
        assert np.array_equal(predicted(alone, one, code), predicted(together, one, code))
        assert f"S{number}: garch with omega" in together.notes[number]
    unscaled = TRAINER.fit(task(replace(model, architecture={**model.architecture, "rescale": "none"}), one, other))
    mean = np.sqrt((predicted(unscaled, one, 11) ** 2 + predicted(unscaled, one, 5) ** 2) / 2)
    np.testing.assert_allclose(predicted(unscaled, one, 99), mean)


def test_two_symbols_of_one_code_are_refused() -> None:
    with pytest.raises(InvalidInput, match="S0, S1 have one code"):
        TRAINER.fit(task(spec("ewma", memory=50), garch_returns(200, 1), garch_returns(200, 2), codes=(3, 3)))


WALK = np.cumsum(np.random.default_rng(7).standard_normal(700))
FALLBACKS = {
    "short": (garch_returns(504, 8), "499 train returns are fewer than 500"),
    "constant": (np.full(700, 0.001), "all train returns are equal"),
    "zeros": (np.zeros(700), "all train returns are equal"),
    "integrated": (np.exp(WALK / 8 - WALK.max() / 8) * np.random.default_rng(9).standard_normal(700), "never fade"),
}


@pytest.mark.parametrize(("returns", "reason"), FALLBACKS.values(), ids=FALLBACKS.keys())
def test_garch_falls_back_to_ewma_and_says_why(returns: Floats, reason: str) -> None:
    given = task(spec("garch", memory=30, rescale="none"), returns)
    model = TRAINER.fit(given)
    assert any("S0: garch falls back to ewma with decay 0.94" in note and reason in note for note in model.notes)
    windows = np.lib.stride_tricks.sliding_window_view(returns.astype(np.float32).astype(np.float64), 30)
    expected = np.sqrt(np.square(windows) @ ewma_weights(0.94, 30)[::-1])
    np.testing.assert_allclose(predicted(model, returns, 11), expected, rtol=1e-9, atol=1e-18)


def test_five_hundred_returns_are_enough_for_garch() -> None:
    model = TRAINER.fit(task(spec("garch", memory=30), garch_returns(505, 8)))
    assert "garch with omega" in model.notes[0]


def test_without_a_horizon_nothing_is_fitted() -> None:
    with pytest.raises(InvalidInput, match="says not of how many"):
        TRAINER.fit(replace(task(spec("ewma"), garch_returns(900, 1)), horizon=None))


def test_a_stored_garch_predicts_without_scipy() -> None:
    given = task(spec("garch", memory=50), garch_returns(700, 3))
    model = TRAINER.fit(given)
    restored = TRAINER.restore(artifact_of(model, given))
    assert np.array_equal(predicted(restored, garch_returns(99, 1), 11), predicted(model, garch_returns(99, 1), 11))
    code = (
        "import sys; import ktrdr.adapters.models.volatility.trainer, ktrdr.adapters.models.volatility.hybrid; "
        "print('scipy' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_hybrid_is_base_times_what_the_network_says_and_its_factor_the_best_on_validation() -> None:
    returns = garch_returns(700, 4)
    residual = {"type": "mlp", "hidden_layers": [4], "activation": "relu", "dropout": 0.0, "batch_norm": False}
    base = {"type": "ewma", "decay": 0.94, "memory": 40, "rescale": "none"}
    model = ModelSpec("hybrid", {"base": base, "residual": residual, "target": "log_ratio", "rescale": "validation"})
    plain = task(spec("ewma", memory=40), returns)
    inputs = np.column_stack((np.sin(np.arange(700)), plain.train.inputs)).astype(np.float32)
    rows = replace(plain.train, inputs=inputs)
    given = replace(plain, train=rows, validation=rows, model=model, feature_ids=("x", *plain.feature_ids),
                    settings=TrainingSettings(epochs=2, loss="mse"))  # fmt: skip
    found, without = (
        TRAINER.fit(replace(given, model=replace(model, architecture={**model.architecture, "rescale": rescale})))
        for rescale in ("validation", "none")
    )
    targets, forecasts = rows.targets.astype(np.float64), without.predict(inputs, rows.ends)
    factor = np.sqrt(np.mean((targets / forecasts) ** 2))
    np.testing.assert_allclose(found.predict(inputs, rows.ends), factor * forecasts)
    of_base = TRAINER.fit(replace(plain, model=spec("ewma", memory=40, rescale="none"))).predict(
        plain.train.inputs, rows.ends
    )
    said = np.log(forecasts / of_base)
    ratios = np.log(targets / of_base)
    assert ratios.min() - 1e-6 <= said.min() < said.max() <= ratios.max() + 1e-6
    assert set(found.state()) == {"model.safetensors", "base.model.safetensors", "residual.model.safetensors"}

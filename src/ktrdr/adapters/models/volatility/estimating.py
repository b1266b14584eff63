"""What the last returns weigh, by each type of model, on the train rows of one symbol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ktrdr.adapters.models.volatility.samples import SymbolSample
from ktrdr.domain.catalogue.models.spec import Architecture
from ktrdr.domain.catalogue.models.volatility import ALMOST_INTEGRATED, DECAY, LEAST_RETURNS
from ktrdr.domain.training.settings import ModelSpec
from ktrdr.domain.training.volatility.fitting import best_scale, span_lags
from ktrdr.domain.training.volatility.lags import LagForecast, Lags
from ktrdr.domain.training.volatility.weights import Garch, ewma_weights, garch_weights


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """What forecasts one symbol, and what should be said of how it was found."""

    lags: Lags
    notes: tuple[str, ...] = ()


def estimate(spec: ModelSpec, sample: SymbolSample, horizon: int) -> Estimate:
    """Return what forecasts a symbol's volatility over the next `horizon` bars."""
    found = _ESTIMATES[spec.type](spec.architecture, sample, horizon)
    rescale = spec.architecture.get("rescale", "none")
    if rescale == "none":
        return found
    made = LagForecast.of(power_of(spec), {0: found.lags})(sample.returns, np.zeros(len(sample.returns)), sample.ends)
    return replace(found, lags=replace(found.lags, scale=best_scale(rescale, sample.targets, made, sample.weights)))


def power_of(spec: ModelSpec) -> int:
    """Return to which power a type takes absolute returns, see `LagForecast`."""
    return 1 if spec.type == "har" else 2


def _ewma(architecture: Architecture, _: SymbolSample, __: int) -> Estimate:
    return Estimate(Lags(0.0, ewma_weights(architecture["decay"], architecture["memory"])))


def _har(architecture: Architecture, sample: SymbolSample, _: int) -> Estimate:
    lags = span_lags(architecture["spans"], sample.returns, sample.ends, sample.targets, sample.weights)
    if lags is not None:
        return Estimate(lags)
    spans, mean = architecture["spans"], float(np.average(sample.targets, weights=sample.weights))
    note = (
        f"{sample.name}: {len(sample.ends)} train rows do not decide {len(spans) + 1} weights; the train mean is used"
    )
    return Estimate(Lags(mean, np.zeros(max(spans))), (note,))


def _garch(architecture: Architecture, sample: SymbolSample, horizon: int) -> Estimate:
    memory, n = architecture["memory"], len(sample.returns)
    if n < LEAST_RETURNS:
        return _fallback(sample, memory, f"{n} train returns are fewer than {LEAST_RETURNS}")
    if np.ptp(sample.returns) == 0:
        return _fallback(sample, memory, "all train returns are equal")
    from ktrdr.adapters.models.volatility.garch import fit_garch

    student = architecture["distribution"] == "student_t"
    fit = fit_garch(sample.returns, architecture["p"], architecture["q"], student=student)
    if fit is None:
        return _fallback(sample, memory, "no likelihood of its returns has a maximum")
    process = fit.process
    said = ", ".join(f"{name} {' '.join(f'{one:.4g}' for one in values)}" for name, values in _named(process).items())
    if process.persistence >= ALMOST_INTEGRATED:
        return _fallback(sample, memory, f"a shock would never fade: {said}")
    degrees = "" if fit.degrees is None else f", {fit.degrees:.3g} degrees of freedom"
    constant, weights = garch_weights(process, memory, horizon)
    return Estimate(Lags(constant, weights), (f"{sample.name}: garch with {said}{degrees}",))


def _named(process: Garch) -> dict[str, tuple[float, ...]]:
    named = {"omega": (process.omega,), "alpha": process.alpha, "beta": process.beta}
    return {name: values for name, values in named.items() if values}


def _fallback(sample: SymbolSample, memory: int, reason: str) -> Estimate:
    note = f"{sample.name}: garch falls back to ewma with decay {DECAY:g}: {reason}"
    return Estimate(Lags(0.0, ewma_weights(DECAY, memory)), (note,))


_ESTIMATES: Mapping[str, Callable[[Architecture, SymbolSample, int], Estimate]] = {
    "garch": _garch,
    "ewma": _ewma,
    "har": _har,
}

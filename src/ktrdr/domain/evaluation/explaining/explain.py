"""Explanations of samples: what each group of inputs adds to what a model says, so that it adds up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.evaluation.explaining.grouping import Groups
from ktrdr.domain.evaluation.explaining.lime import Lime, lime
from ktrdr.domain.evaluation.explaining.shapley import Function, shapley_sampling
from ktrdr.domain.evaluation.explaining.spoken import Spoken, Unit
from ktrdr.domain.training.inference import Inference
from ktrdr.domain.training.model import FittedModel

Method = Literal["auto", "sampling"]
BACKGROUND = 100
DRAWS = 100
LIME_SEEDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A model, and the rows that it is explained on.

    Attributes
    ----------
    model : FittedModel
    inference : Inference
    values : ndarray of float32, shape (n_rows, n_columns)
        Rows of the matrix, not scaled.
    background : ndarray of int64, shape (n_background,)
        Rows, each with a whole window, that say what is usual.
    groups : Groups
        Of the columns.
    column_of : ndarray of int64, shape (n_features,)
        The column that each feature is made from; where no set is learned, feature i is column i.
    seed : int
    """

    model: FittedModel
    inference: Inference
    values: Float32s
    background: Int64s
    groups: Groups
    column_of: Int64s
    seed: int = 0

    def samples(self, rows: Int64s) -> Float32s:
        """Return the scaled windows that end at some rows, shape (n_samples, window, n_columns)."""
        reach = np.arange(1 - self.model.window, 1)
        read = self.inference.scaler.transform(self.values[(rows[:, None] + reach).reshape(-1)])
        return read.reshape(len(rows), self.model.window, -1)

    def raw(self, samples: Float32s) -> Floats:
        """Return the raw outputs of scaled windows."""
        return self.model.predict(*self.flat(samples))

    def function(self, spoken: Spoken) -> Function:
        """Return samples to numbers, of one sample's class."""
        return lambda samples: spoken.numbers(self.raw(samples))

    def baseline(self) -> Float32s:
        """Return the mean of the scaled background rows."""
        mean: Float32s = np.nan_to_num(np.nanmean(self._usual(), axis=0, dtype=np.float64)).astype(np.float32)
        return mean

    def spread(self) -> Floats:
        """Return the standard deviation of each scaled column over the background rows."""
        spread: Floats = np.nan_to_num(np.nanstd(self._usual(), axis=0, dtype=np.float64))
        return spread

    def _usual(self) -> Float32s:
        return self.inference.scaler.transform(self.values[self.background])

    def flat(self, samples: Float32s) -> tuple[Float32s, Int64s]:
        """Return the rows of windows one below the other, and where each ends."""
        n_samples, window, n_columns = samples.shape
        return samples.reshape(-1, n_columns), np.arange(1, n_samples + 1, dtype=np.int64) * window - 1


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """What adds up to each sample's number.

    Attributes
    ----------
    groups : tuple of str, length n_groups
    values : ndarray of float64, shape (n_samples, n_groups)
    features : ndarray of float64, shape (n_samples, n_features), or None
        The same feature by feature; None where groups were explained as wholes.
    base, outputs : ndarray of float64, shape (n_samples,)
        Where the contributions start, and what the model says itself.
    classes : ndarray of int64, shape (n_samples,), or None
        Which class is explained; None for a regression.
    unit, method : str
        See `Spoken` and `Contributions`.
    tolerance : float
        How far base and values together may lie from the output.
    errors : ndarray of float64, shape (n_samples, n_groups), or None
        Standard errors of values that were drawn.
    draws : ndarray of float64, shape (n_samples, n_draws, n_groups), or None
    """

    groups: tuple[str, ...]
    values: Floats
    features: Floats | None
    base: Floats
    outputs: Floats
    classes: Int64s | None
    unit: Unit
    method: str
    tolerance: float
    errors: Floats | None = None
    draws: Floats | None = None

    @property
    def sums(self) -> Floats:
        """What base and contributions add up to, shape (n_samples,)."""
        total: Floats = self.base + self.values.sum(axis=1)
        return total

    @property
    def add_up(self) -> bool:
        """Whether every sum is the model's own number, as exactly as the method says."""
        return bool((np.abs(self.sums - self.outputs) <= self.tolerance).all())


def explain(subject: Subject, rows: Int64s, method: Method = "auto", draws: int = DRAWS) -> Explained:
    """Return the explanation of some rows: in the model's own exact way, or drawn where it has none.

    Parameters
    ----------
    subject : Subject
    rows : ndarray of int64, shape (n_samples,)
        Each with a whole window.
    method : str
        ``sampling`` draws although there is an exact way.
    draws : int
        Per sample, see `shapley_sampling`.
    """
    samples = subject.samples(rows)
    raw = subject.raw(samples)
    spoken = Spoken.of(subject.inference, raw)
    found = _exactly(subject, samples, raw, spoken) if method == "auto" else None
    return _drawn(subject, samples, raw, spoken, draws) if found is None else found


def has_own_way(subject: Subject, row: int) -> bool:
    """Whether a model explains itself exactly at a row."""
    samples = subject.samples(np.array([row]))
    raw = subject.raw(samples)
    return _exactly(subject, samples, raw, Spoken.of(subject.inference, raw)) is not None


def explain_locally(subject: Subject, row: int) -> Lime:
    """Return straight lines through what the model says near one row, one per seed."""
    samples = subject.samples(np.array([row]))
    spoken = Spoken.of(subject.inference, subject.raw(samples)).at(0)
    seeds = range(subject.seed, subject.seed + LIME_SEEDS)
    return lime(subject.function(spoken), samples[0], subject.spread(), seeds)


def _exactly(subject: Subject, samples: Float32s, raw: Floats, spoken: Spoken) -> Explained | None:
    """Return an explanation in the model's own way; None where it has none, or it does not add up to what is said.

    Shares of a forest that are raised to the least that can be said are such.
    """
    found = subject.model.contributions(*subject.flat(samples), subject.baseline())
    if found is None:
        return None
    if found.unit == "probability" and spoken.unit == "log-odds":
        spoken = replace(spoken, unit="probability")
    told = spoken.of_contributions(found)
    if told is None:
        return None
    values, base = told
    column_of = subject.column_of if values.shape[1] == len(subject.column_of) else np.arange(values.shape[1])
    groups = replace(subject.groups, of_column=subject.groups.of_column[column_of])
    scale = 1.0 if subject.inference.target_scaler is None else subject.inference.target_scaler.std
    size = max(float(np.abs(values).sum(axis=1).max(initial=0.0)) / scale, 1.0)
    made = Explained(
        groups.names,
        groups.summed(values),
        values,
        base,
        spoken.numbers(raw),
        spoken.classes,
        spoken.unit,
        found.method,
        4 * found.tolerance * scale * size,
    )
    return made if made.add_up else None


def _drawn(subject: Subject, samples: Float32s, raw: Floats, spoken: Spoken, draws: int) -> Explained:
    background, names = subject.samples(subject.background), subject.groups.names
    found = [
        shapley_sampling(
            subject.function(spoken.at(place)),
            sample,
            background,
            subject.groups.of_column,
            draws,
            np.random.default_rng([subject.seed, place]),
        )
        for place, sample in enumerate(samples)
    ]
    shape = (0, draws, len(names))
    every = np.stack([one.draws for one in found]) if found else np.zeros(shape)
    return Explained(
        names,
        every.mean(axis=1),
        None,
        np.array([one.base for one in found]),
        spoken.numbers(raw),
        spoken.classes,
        spoken.unit,
        "shapley_sampling",
        1e-6 * max(float(np.abs(every).sum(axis=-1).max(initial=1.0)), 1.0),
        every.std(axis=1, ddof=1) / np.sqrt(draws),
        every,
    )

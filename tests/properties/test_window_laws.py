"""Law 7: windows never reach across a gap, a dropped row or another symbol; only the last row decides the part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from dependency_injector import providers
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.documents import changed
from samples.fits import CLASSES, rows, task, window_spec

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.adapters.data.simulation import simulate
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.model import FitTask, Rows
from ktrdr.domain.training.watch import UNWATCHED, Watch
from ktrdr.domain.training.windows import look_back
from ktrdr.entrypoints.container import make_container

STEP = Timeframe("1h").ns


def expected_stamps(sessions: Sessions) -> list[int]:
    """Every bar that the calendar asks for: hour by hour from each open to before each close."""
    pairs = zip(sessions.opens.tolist(), sessions.closes.tolist(), strict=True)
    return [stamp for start, end in pairs for stamp in range(start, end, STEP)]


FIRST = 1_720_000_000 * 10**9
CALENDARS = {name: sessions_for(name, FIRST, FIRST) for name in ("XNYS", "24/5", "24/7")}


@settings(max_examples=examples(60))
@given(st.sampled_from(sorted(CALENDARS)), st.data(), st.booleans())
def test_look_back_is_that_of_a_walk_from_bar_to_bar(calendar: str, data: st.DataObject, at_session: bool) -> None:
    sessions = CALENDARS[calendar]
    due = expected_stamps(sessions)[:80]
    there = np.array(data.draw(st.lists(st.sampled_from([True, True, True, False]), min_size=80, max_size=80)))[
        : len(due)
    ]
    stamps = np.array(due, dtype=np.int64)[there]
    flat = np.full(len(stamps), 10.0)
    base = Bars("X", Timeframe("1h"), stamps, flat, flat, flat, flat, flat, sessions=sessions)
    values = np.zeros((len(stamps), 1), dtype=np.float32)
    for row in data.draw(st.lists(st.integers(0, max(len(stamps) - 1, 0)), max_size=4)):
        values[row : row + 1] = np.nan
    matrix = FeatureMatrix.of_usable_rows(values, ["f"], base)

    session_of = {stamp: i for i, (a, b) in enumerate(zip(sessions.opens, sessions.closes, strict=True))
                  for stamp in range(int(a), int(b), STEP)}  # fmt: skip
    usable = set(matrix.stamps.tolist())
    found = look_back(matrix, base, at_session)
    for stamp, length in zip(matrix.stamps.tolist(), found.tolist(), strict=True):
        position, walked = due.index(stamp), 1
        while position > 0 and due[position - 1] in usable:
            if at_session and session_of[due[position - 1]] != session_of[due[position]]:
                break
            position, walked = position - 1, walked + 1
        assert length == walked


class Seen(PriorTrainer):
    """Remembers what it was given to fit."""

    task: FitTask

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> Any:
        self.task = task
        return super().fit(task, watch)


BARS = simulate("SIM_STOCK", Timeframe("5m"), 700, 3)


@settings(max_examples=examples(8))
@given(st.lists(st.integers(60, 690), max_size=6), st.integers(1, 25))
def test_training_sees_only_whole_windows_whose_last_row_lies_in_the_part(holes: list[int], length: int) -> None:
    kept = np.ones(len(BARS), dtype=bool)
    kept[holes] = False
    bars = BARS.take(kept)
    document = changed("model", {"type": "gru", "architecture": {"sequence_length": length, "hidden_size": 2}})
    container, trainer = make_container(), Seen()
    container.data_repository.override(providers.Object(MemoryRepository([bars])))
    container.model_trainer.override(providers.Object(trainer))
    container.model_storage.override(providers.Object(MemoryStorage()))
    (model,) = container.training_orchestrator().execute(TrainingRequest(parse(document))).models
    split = container.model_storage().load(model.stored.reference).manifest.split
    train, validation = trainer.task.train, trainer.task.validation
    assert train.inputs is validation.inputs
    assert train.ends is not None
    assert validation.ends is not None
    assert train.ends.max() < validation.ends.min()
    assert (len(train.ends), len(validation.ends)) == tuple(split["parts"][n]["rows"] for n in ("train", "validation"))
    warmup = len(bars) - len(train.inputs)
    for end in np.concatenate((train.ends, validation.ends)).tolist():
        stamps = bars.stamps[warmup + end - length + 1 : warmup + end + 1]
        assert len(stamps) == length
        first, last = np.searchsorted(BARS.stamps, (stamps[0], stamps[-1]))
        assert last - first == length - 1, "a window reaches across a bar that was taken out"


@settings(max_examples=examples(10))
@given(st.sampled_from(["lstm", "gru", "transformer"]), st.integers(1, 6), st.integers(0, 2**31), st.data())
def test_a_fit_reads_the_rows_of_its_windows_and_nothing_else(
    kind: str, length: int, seed: int, data: st.DataObject
) -> None:
    """Chosen windows of a long series, and the same windows cut out and laid end to end, give the same bytes."""
    ends = np.sort(data.draw(st.lists(st.integers(length - 1, 99), min_size=20, max_size=40, unique=True)))
    series, labels = rows(100, 3, seed).inputs, rows(100, 3, seed).targets
    apart = np.concatenate([series[end - length + 1 : end + 1] for end in ends])
    targets = labels[ends]
    spec = window_spec(kind, sequence_length=length)
    given_task = task(target=CLASSES, model=spec, n_inputs=3, epochs=1, seed=seed)
    whole = Rows(series, targets, ends)
    cut = Rows(apart, targets, np.arange(1, len(ends) + 1, dtype=np.int64) * length - 1)
    fits = [TorchTrainer("cpu").fit(_with(given_task, part)).state()["model.safetensors"] for part in (whole, cut)]
    assert fits[0] == fits[1]


def _with(given_task: FitTask, part: Rows) -> FitTask:
    return replace(given_task, train=part, validation=part)

"""Rows prepared as training prepares them, without the rest of a training."""

from __future__ import annotations

from collections.abc import Sequence

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.preparing.pool import Prepared, prepare
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.plan import TrainingJob
from ktrdr.domain.training.pool.hours import Calendar
from ktrdr.domain.training.request import Mode, TrainingRequest


def prepare_one(data: DataRepository, engineer: FeatureEngineer, strategy: Strategy, symbol: str) -> Prepared:
    return prepare(PoolSources(data, engineer), TrainingJob((symbol,), TrainingRequest(strategy, mode=Mode.SINGLE)))


def prepare_pool(
    data: DataRepository,
    engineer: FeatureEngineer,
    strategy: Strategy,
    symbols: Sequence[str],
    held_out: Sequence[str] = (),
    calendar: Calendar | None = None,
) -> Prepared:
    request = TrainingRequest(strategy, mode=Mode.UNIVERSAL, hold_out=tuple(held_out))
    job = TrainingJob(tuple(symbols), request, request.pooling)
    return prepare(PoolSources(data, engineer, calendar=calendar), job)

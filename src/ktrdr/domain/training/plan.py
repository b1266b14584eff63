"""From a request to jobs: modes are data."""

from __future__ import annotations

from dataclasses import dataclass

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.strategy.document import Strategy


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What to train.

    Attributes
    ----------
    strategy : Strategy
        The effective one, overrides applied.
    seeds : int
        How many seeds to fit, counting up from the strategy's own; only the first is shipped, the others show the
        spread.
    importance : bool
        Whether to measure permutation importance.
    """

    strategy: Strategy
    seeds: int = 1
    importance: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.seeds <= 1000:
            raise InvalidInput(f"seeds must be 1 to 1000, found {self.seeds}")


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """One model to train: its symbols, and the request it comes from."""

    symbols: tuple[str, ...]
    request: TrainingRequest

    @property
    def strategy(self) -> Strategy:
        """The effective strategy."""
        return self.request.strategy

    @property
    def timeframe(self) -> str:
        """The base timeframe."""
        return self.strategy.training_data.timeframes.base


def plan_training(request: TrainingRequest) -> tuple[TrainingJob, ...]:
    """Return the jobs of a request: one symbol, one job.

    Raises
    ------
    InvalidInput
        If the strategy names several symbols: training on many comes in a later version.
    """
    symbols = request.strategy.training_data.symbols.symbols
    if len(symbols) > 1:
        raise InvalidInput(
            f"strategy {request.strategy.name!r} names {len(symbols)} symbols ({', '.join(symbols)}); this version "
            "trains one symbol at a time; choose one with --symbol"
        )
    return (TrainingJob(symbols, request),)

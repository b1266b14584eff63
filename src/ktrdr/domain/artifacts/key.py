"""Which model: its key, and the text that refers to one version of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.file_names import LONGEST, from_file_name, to_file_name
from ktrdr.domain.market.symbol import Symbol
from ktrdr.domain.market.timeframe import Timeframe

if TYPE_CHECKING:
    from ktrdr.domain.training.plan import TrainingJob

UNIVERSAL = "universal"
_REFERENCE = re.compile(r"(?P<strategy>[^/]+)/(?P<stem>[^/]+)_(?:v(?P<number>[1-9][0-9]{0,17})|latest)")


@dataclass(frozen=True, slots=True)
class ModelKey:
    """A strategy's model of one symbol and timeframe; symbol and timeframe are both None for the universal model.

    Raises
    ------
    InvalidInput
        If the strategy's name cannot be a folder (empty, unprintable, too long), only one of symbol and timeframe is
        given, or one of them is not spelled as it must be.
    """

    strategy: str
    symbol: str | None = None
    timeframe: str | None = None

    def __post_init__(self) -> None:
        if not self.strategy.strip() or not self.strategy.isprintable() or len(self.folder) > LONGEST:
            raise InvalidInput(
                f"strategy name {self.strategy[:80]!r} cannot be the name of a folder; "
                f"write printable characters, at most {LONGEST} bytes of them"
            )
        if (self.symbol is None) != (self.timeframe is None):
            raise InvalidInput(f"model of {self.strategy!r}: give both symbol and timeframe, or neither (universal)")
        if self.symbol is not None and self.timeframe is not None:
            Symbol(self.symbol)
            Timeframe(self.timeframe)

    @property
    def folder(self) -> str:
        """The strategy as a path component."""
        return to_file_name(self.strategy)

    @property
    def stem(self) -> str:
        """``{symbol}_{timeframe}`` or ``universal``, as a path component."""
        return UNIVERSAL if self.symbol is None else f"{to_file_name(self.symbol)}_{self.timeframe}"

    def name(self, number: int | None) -> str:
        """Return ``stem_vN``, or ``stem_latest`` for None, as a path component."""
        return f"{self.stem}_{'latest' if number is None else f'v{number}'}"

    def reference(self, number: int | None) -> str:
        """Return ``strategy/stem_vN``, or ``strategy/stem_latest`` for None."""
        return f"{self.folder}/{self.name(number)}"

    @classmethod
    def of(cls, job: TrainingJob) -> ModelKey:
        """Return the key under which the model of a job is published."""
        name = job.strategy.name
        return cls(name) if job.pooled else cls(name, job.symbol, job.timeframe)

    @classmethod
    def from_parts(cls, folder: str, stem: str) -> ModelKey:
        """Return the key that has this `folder` and `stem`.

        Raises
        ------
        InvalidInput
            If there is no such key.
        """
        strategy = from_file_name(folder)
        if stem == UNIVERSAL:
            return cls(strategy)
        symbol, _, timeframe = stem.rpartition("_")
        if not symbol:
            raise InvalidInput(f"model name {stem!r} is neither {{symbol}}_{{timeframe}} nor {UNIVERSAL!r}")
        return cls(strategy, from_file_name(symbol), timeframe)


def parse_reference(text: str) -> tuple[ModelKey, int | None]:
    """Return the key and version number (None: latest) of ``strategy/key_vN`` or ``strategy/key_latest``.

    Raises
    ------
    InvalidInput
        If the text has another form.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise InvalidInput(f"model {text!r}: write strategy/SYMBOL_TIMEFRAME_vN or strategy/SYMBOL_TIMEFRAME_latest")
    number = match["number"]
    return ModelKey.from_parts(match["strategy"], match["stem"]), int(number) if number else None

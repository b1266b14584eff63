"""Which model: its key, and the text that refers to one version of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.file_names import from_file_name, to_file_name

UNIVERSAL = "universal"
_REFERENCE = re.compile(r"(?P<strategy>[^/]+)/(?P<stem>[^/]+)_(?:v(?P<number>[1-9][0-9]{0,8})|latest)")


@dataclass(frozen=True, slots=True, order=True)
class ModelKey:
    """A strategy's model of one symbol and timeframe; symbol and timeframe are both None for the universal model."""

    strategy: str
    symbol: str | None = None
    timeframe: str | None = None

    @property
    def folder(self) -> str:
        """The strategy as a path component."""
        return to_file_name(self.strategy)

    @property
    def stem(self) -> str:
        """``{symbol}_{timeframe}`` or ``universal``, as a path component."""
        return UNIVERSAL if self.symbol is None else f"{to_file_name(self.symbol)}_{self.timeframe}"

    def reference(self, number: int | None) -> str:
        """Return ``strategy/stem_vN``, or ``strategy/stem_latest`` for None."""
        return f"{self.folder}/{self.stem}_{'latest' if number is None else f'v{number}'}"

    @classmethod
    def from_parts(cls, folder: str, stem: str) -> ModelKey:
        """Return the key that has this `folder` and `stem`."""
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

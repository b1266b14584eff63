"""What a kernel is, and how one is made of a function of TA-Lib or of our own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import talib

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Floats

Columns = tuple[Floats, ...]
Parameters = Mapping[str, Any]
Compute = Callable[[Columns, Parameters], Columns]

LIBRARY = f"talib {talib.__ta_version__.decode().split()[0]}"  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Kernel:
    """A function that computes outputs of one indicator.

    Attributes
    ----------
    name : str
        What the contract records: library, version, function.
    compute : callable
        Takes the columns that the specification names (float64, contiguous, shape (n,)) and all parameters; returns
        one float64 array of shape (n,) per output.
    outputs : tuple of str
        The outputs it computes, in order; empty for all of the specification's.
    """

    name: str
    compute: Compute
    outputs: tuple[str, ...] = ()


def talib_kernel(function: str, outputs: tuple[str, ...] = (), /, **arguments: str) -> Kernel:
    """Return a kernel of TA-Lib; `arguments` says which of our parameters each of its own takes."""
    call = getattr(talib, function)

    def compute(columns: Columns, parameters: Parameters) -> Columns:
        given = {theirs: parameters[ours] for theirs, ours in arguments.items()}
        try:
            result = call(*columns, **given)
        except Exception as error:  # the binding raises nothing more specific
            raise InvalidInput(f"{LIBRARY} {function} refuses {given}: {error}") from error
        return tuple(result) if isinstance(result, list | tuple) else (result,)

    return Kernel(f"{LIBRARY} {function}", compute, outputs)


def own_kernel(name: str, compute: Compute, outputs: tuple[str, ...] = (), *, revision: int = 1) -> Kernel:
    """Return a kernel of our own; `revision` grows whenever its values change, as the contract records it."""
    return Kernel(f"ktrdr {name} {revision} on {LIBRARY}", compute, outputs)

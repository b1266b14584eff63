"""What a kernel is, and how one is made of a function of TA-Lib or of our own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import talib

from ktrdr.adapters.features.kernels.step import Columns, OpenStep, Parameters, tail_step, talib_step
from ktrdr.domain.errors import InvalidInput

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
    step : callable or None
        Opens the same computation bar by bar; None where there is none, and each bar costs a computation over all.
    """

    name: str
    compute: Compute
    outputs: tuple[str, ...] = ()
    step: OpenStep | None = None

    def stepping(self, step: OpenStep) -> Kernel:
        """Return the kernel with a way to compute it bar by bar."""
        return replace(self, step=step)

    def looking_back(self, bars: Callable[[Parameters], int]) -> Kernel:
        """Return the kernel, whose values depend on so many bars alone, as one that computes bar by bar over these."""
        return replace(self, step=tail_step(self.compute, bars))


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

    return Kernel(f"{LIBRARY} {function}", compute, outputs, talib_step(function, arguments))


def own_kernel(name: str, compute: Compute, outputs: tuple[str, ...] = (), *, revision: int = 1) -> Kernel:
    """Return a kernel of our own; `revision` grows whenever its values change, as the contract records it."""
    return Kernel(f"ktrdr {name} {revision} on {LIBRARY}", compute, outputs)

"""Fuzzy membership functions that a strategy may name, as pure data; `domain.features.memberships` evaluates them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_LARGEST = 1e30  # far beyond any price or volume, and differences still fit a float32


@dataclass(frozen=True, slots=True)
class MembershipSpec:
    """One kind of membership function.

    Attributes
    ----------
    name : str
    parameters : tuple of str
        Names in the order they are written.
    rule : callable
        Their values to a message where they contradict each other, else None.
    description : str
        One line for the reference pages.
    """

    name: str
    parameters: tuple[str, ...]
    rule: Callable[[Sequence[float]], str | None]
    description: str

    def check(self, values: Sequence[float]) -> str | None:
        """Return what is wrong with the numbers a strategy gives, or None."""
        if len(values) != len(self.parameters):
            wanted = ", ".join(self.parameters)
            return f"{self.name} takes {len(self.parameters)} numbers [{wanted}]; found {len(values)}"
        if not all(abs(value) <= _LARGEST for value in values):
            return f"{self.name} takes numbers from {-_LARGEST:g} to {_LARGEST:g}; found {_listed(values)}"
        message = self.rule(values)
        return message and f"{self.name} {message}; found {_listed(values)}"


def _listed(values: Sequence[float]) -> str:
    return "[" + ", ".join(f"{value:g}" for value in values) + "]"


def _ascending(names: str) -> Callable[[Sequence[float]], str | None]:
    message = f"must be in order {' <= '.join(names)}"
    return lambda values: None if all(low <= high for low, high in pairwise(values)) else message


_FEET = "0 outside the feet; a foot on the peak is a vertical edge and the peak is 1"
_KINDS = (
    MembershipSpec("triangular", ("a", "b", "c"), _ascending("abc"), f"feet a and c, peak b; {_FEET}"),
    MembershipSpec("trapezoidal", ("a", "b", "c", "d"), _ascending("abcd"), f"feet a and d, 1 from b to c; {_FEET}"),
    MembershipSpec(
        "gaussian",
        ("mu", "sigma"),
        lambda values: None if values[1] > 0 else "needs sigma above 0",
        "exp(-(x - mu)^2 / (2 sigma^2))",
    ),
    MembershipSpec(
        "bell",
        ("a", "b", "c"),
        lambda values: None if min(values[:2]) > 0 else "needs a and b above 0",
        "1 / (1 + |(x - c) / a|^(2 b))",
    ),
    MembershipSpec(
        "sigmoid",
        ("slope", "centre"),
        lambda values: None if values[0] else "needs a slope other than 0",
        "1 / (1 + exp(-slope (x - centre)))",
    ),
    MembershipSpec("left_shoulder", ("a", "b"), _ascending("ab"), "1 up to a, falling to 0 at b"),
    MembershipSpec("right_shoulder", ("a", "b"), _ascending("ab"), "0 up to a, rising to 1 at b"),
)

MEMBERSHIPS: Mapping[str, MembershipSpec] = {spec.name: spec for spec in _KINDS}
"""Every kind by its name."""

SHORTHAND: Mapping[int, str] = {3: "triangular", 4: "trapezoidal", 2: "gaussian"}
"""What a bare list of that many numbers means."""

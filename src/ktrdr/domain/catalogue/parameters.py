"""A named, bounded value, described once for the parser, the schema and the reference pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

PRICE_SOURCES = ("open", "high", "low", "close", "volume", "hl2", "hlc3", "ohlc4")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an indicator, a membership, a labeler, a model or a section.

    Attributes
    ----------
    name : str
    kind : str
        ``int``, ``float``, ``bool``, ``str``, ``ints`` (a list; the bounds hold for each), ``threshold`` (a number,
        or ``{atr: multiple}``), or ``model`` (one of `models`, as ``{type: name}`` with its parameters, or its name).
    default : object
        Used where the document is silent; must fit kind and bounds. None where `required`.
    low, high : float or None
        Inclusive bounds. `above` excludes `low` itself.
    above : bool
    choices : tuple of str
        Allowed values of a ``str``; empty allows any.
    missing : tuple of str
        Values of a ``str`` with `choices` that the field knows and that are not there yet; refused as that.
    aliases : tuple of str
        Other spellings of the name.
    description : str
        One line for the reference pages, with the unit.
    required : bool
        Whether a document that is silent is refused.
    switch : tuple of str
        What false and true mean for a ``str`` that may be written as a switch; empty where it may not.
    silent : bool
        Whether documents and settings leave the default out, so that those from before there was such a parameter stay
        as they are.
    models : mapping of str to tuple of Parameter
        Which models a ``model`` may be, and what each decides.
    """

    name: str
    kind: Literal["int", "float", "bool", "str", "ints", "threshold", "model"]
    default: Any
    low: float | None = None
    high: float | None = None
    above: bool = False
    choices: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    description: str = ""
    required: bool = False
    switch: tuple[str, ...] = ()
    silent: bool = False
    models: Mapping[str, tuple[Parameter, ...]] = field(default_factory=dict, hash=False)


def period(default: int, name: str = "period", *, low: int = 1, aliases: tuple[str, ...] = ()) -> Parameter:
    """Return a window length in bars."""
    return Parameter(name, "int", default, low=low, high=10_000, aliases=aliases, description="window length, bars")


SOURCE = Parameter("source", "str", "close", choices=PRICE_SOURCES, description="which price the values come from")

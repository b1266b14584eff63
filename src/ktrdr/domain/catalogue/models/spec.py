"""What is known of a kind of model before any of its code is imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.training import FORECAST_STEPS, INITIALISE, LOSSES, SEED
from ktrdr.domain.catalogue.values import coerced, fault
from ktrdr.domain.errors import InvalidInput

Architecture = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """How a model reads windows of rows.

    Attributes
    ----------
    length : int
        Rows per sample: the row itself and those before it.
    parameter : str
        What of the architecture decides the length.
    break_at_session : bool
        Whether no window reaches from one trading session into the next.
    unbroken : int or None
        How many of the rows, the newest ones, must follow each other without a missing bar; None: all of them.
    """

    length: int
    parameter: str
    break_at_session: bool = False
    unbroken: int | None = None


def joined(windows: Iterable[Window | None]) -> Window | None:
    """Return the window in which all of these fit; None where nobody reads one."""
    known = [window for window in windows if window is not None]
    if not known:
        return None
    longest = max(known, key=lambda window: window.length)
    unbroken = max(window.length if window.unbroken is None else window.unbroken for window in known)
    broken = any(window.break_at_session for window in known)
    return replace(longest, break_at_session=broken, unbroken=None if unbroken == longest.length else unbroken)


@dataclass(frozen=True, slots=True)
class Advice:
    """What to try with a model that learned too much, or too little.

    Attributes
    ----------
    simpler, restrained : str
        Orders.
    larger : str
        What may help where it learned too little.
    passes : str
        The setting that says how long it learns.
    """

    simpler: str
    restrained: str
    larger: str
    passes: str = "epochs"


@dataclass(frozen=True, slots=True)
class ModelType:
    """One kind of model, as facts: the grammar, the settings, the report and the tests ask these, never the name.

    Attributes
    ----------
    name : str
        What ``model.type`` says.
    description : str
        One line for the reference pages.
    parameters : tuple of Parameter
        All that ``model.architecture`` decides.
    settings : tuple of Parameter
        All that ``training`` decides of its fit, with its own defaults, beside `seed` and the sections.
    sections : mapping of name to tuple of Parameter
        Which of ``training.early_stopping`` and ``training.lr_scheduler`` it has, and what they decide.
    losses : mapping of kind of target to tuple of str
        What it can be fitted to, the default first; a kind that is not there is refused.
    aliases : tuple of str
        Other spellings of the name.
    ignored : mapping of str to str
        Keys of ``model.architecture`` that older files carry and that have no effect, each with the reason to warn
        with.
    check : callable
        Architecture to the name of a parameter and what is wrong with it where parameters contradict each other,
        else None.
    idle : callable
        Architecture to its parameters that change nothing beside the others, each with the reason to warn with.
    unfit : callable
        Architecture and settings of ``training`` to the name of a setting and what is wrong with it beside the
        architecture, else None.
    window : callable
        Architecture to how windows of rows are read; None where a sample is a single row.
    learns_sets : bool
        Whether it can tune learnable fuzzy sets.
    can_begin : bool
        Whether it can begin with the weights of a fitted model.
    forecasts_steps : bool
        Whether it can forecast several numbers of bars ahead at once.
    labels : tuple of str
        The only label sources that it fits; empty: any whose kind is in `losses`.
    reads_inputs : bool
        Whether it reads ``nn_inputs``; one that does not needs none.
    reads_returns : bool
        Whether it reads the returns of the base bars and the symbol's code, see `returns_features`, after its inputs.
    standardised : bool
        Whether the targets of a regression come to it with mean 0 and deviation 1, on the train rows.
    extra : str or None
        The extra of this package that brings what it needs; None: it comes with the package.
    starter : mapping
        Architecture of a first strategy.
    advice : Advice
    section : str
        Where in ``model`` the parameters stand.
    of_members : bool
        Whether it is made of the models in ``model.members``.
    members : tuple of mapping
        Those of a first strategy, as it writes them.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    advice: Advice
    settings: tuple[Parameter, ...] = ()
    sections: Mapping[str, tuple[Parameter, ...]] = field(default_factory=dict)
    losses: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: LOSSES)
    aliases: tuple[str, ...] = ()
    ignored: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[Architecture], tuple[str, str] | None] = lambda _: None
    idle: Callable[[Architecture], Mapping[str, str]] = lambda _: {}
    unfit: Callable[[Architecture, Mapping[str, Any]], tuple[str, str] | None] = lambda _, __: None
    window: Callable[[Architecture], Window | None] = lambda _: None
    learns_sets: bool = False
    can_begin: bool = False
    forecasts_steps: bool = False
    labels: tuple[str, ...] = ()
    reads_inputs: bool = True
    reads_returns: bool = False
    standardised: bool = True
    extra: str | None = None
    starter: Architecture = field(default_factory=dict)
    section: str = "architecture"
    of_members: bool = False
    members: tuple[Mapping[str, Any], ...] = ()

    @property
    def all_settings(self) -> tuple[Parameter, ...]:
        """All plain keys of ``training`` that count for its fit."""
        steps = (FORECAST_STEPS,) if self.forecasts_steps else ()
        return (*self.settings, *steps, SEED, *((INITIALISE,) if self.can_begin else ()))

    @property
    def example(self) -> Architecture:
        """A whole architecture: that of a first strategy, with the defaults for the rest."""
        return {item.name: self.starter.get(item.name, item.default) for item in self.parameters}

    def with_idle(self, architecture: Architecture) -> dict[str, Any]:
        """Return an architecture with the defaults of what changes nothing beside the rest: documents leave it out."""
        idle = self.idle(architecture)
        return {item.name: item.default for item in self.parameters if item.name in idle} | dict(architecture)

    def checked(self, architecture: Architecture) -> dict[str, Any]:
        """Return a whole architecture in canonical form.

        Raises
        ------
        InvalidInput
            If it lacks a parameter that is not silent, names another, breaks a bound, or contradicts itself.
        """
        architecture = {item.name: item.default for item in self.parameters if item.silent} | dict(architecture)
        names = [parameter.name for parameter in self.parameters]
        if architecture.keys() != set(names):
            found = ", ".join(map(str, architecture))
            raise InvalidInput(f"model {self.name}: the architecture must name {', '.join(names)}; found: {found}")
        for parameter in self.parameters:
            message = fault(parameter, architecture[parameter.name])
            if message:
                raise InvalidInput(f"model {self.name}: {parameter.name} {message}")
        values = {item.name: coerced(item, architecture[item.name]) for item in self.parameters}
        contradiction = self.check(values)
        if contradiction is not None:
            raise InvalidInput(f"model {self.name}: {' '.join(contradiction)}")
        return values

"""The effective settings of one training run, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ktrdr.domain.catalogue.models import model_type
from ktrdr.domain.catalogue.models.spec import ModelType, Window, joined
from ktrdr.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """When to stop before the last epoch, and which epoch is the best."""

    enabled: bool = True
    patience: int = 15
    min_delta: float = 1e-4
    monitor: Literal["val_loss", "val_accuracy"] = "val_loss"


@dataclass(frozen=True, slots=True)
class Scheduler:
    """How the learning rate changes over the epochs.

    ``constant``; ``step`` (step_size epochs, gamma); ``exponential`` (gamma); ``reduce_on_plateau`` (factor, patience);
    ``cosine`` (over all epochs, down to min_lr).
    """

    type: Literal["constant", "step", "exponential", "reduce_on_plateau", "cosine"] = "constant"
    step_size: int = 30
    gamma: float = 0.1
    factor: float = 0.5
    patience: int = 5
    min_lr: float = 0.0


@dataclass(frozen=True, slots=True)
class Reptile:
    """How a start for other fits is learned: steps on one task, and how far the start follows them at first."""

    inner_steps: int = 8
    outer_rate: float = 1.0


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """Everything that decides how a model is fitted, after precedence was applied.

    What a model type has not keeps its default and counts for nothing; `own` holds what only its own type has.
    `reptile` is None where weights are fitted to be used as they are.
    """

    epochs: int = 100
    batch_size: int = 32
    learning_rate: float = 1e-3
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = "adam"
    weight_decay: float = 0.0
    loss: str = "cross_entropy"
    focal_gamma: float = 2.0
    huber_delta: float = 1.0
    class_weights: Literal["none", "balanced"] = "none"
    gradient_clip: float = 1.0
    lr_scheduler: Scheduler = field(default_factory=Scheduler)
    early_stopping: EarlyStopping = field(default_factory=EarlyStopping)
    seed: int = 0
    own: Mapping[str, Any] = field(default_factory=dict)
    reptile: Reptile | None = None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Which model, and its architecture with every parameter filled in.

    Attributes
    ----------
    type : str
    architecture : mapping
    members : tuple of Member
        The models that a model of several is made of; empty for others.

    Raises
    ------
    InvalidInput
        If the type is not known, the architecture is not one of that type, or it has members where the type has none,
        none where it is made of them, two of one name, or some that are made of members themselves.
    """

    type: str
    architecture: Mapping[str, Any]
    members: tuple[Member, ...] = ()

    def __post_init__(self) -> None:
        self.kind.checked(self.architecture)
        names = [member.name.casefold() for member in self.members]
        nested = any(member.model.members for member in self.members)
        if bool(names) != self.kind.of_members or len(set(names)) < len(names) or nested:
            wanted = "plain members, each with its own name" if self.kind.of_members else "no members"
            raise InvalidInput(f"model {self.type}: needs {wanted}, found {', '.join(names) or 'none'}")

    @property
    def kind(self) -> ModelType:
        """What is known of the type."""
        return model_type(self.type)

    @property
    def reads_windows(self) -> bool:
        """Whether a sample is a window of rows, be it of one row, not a single row."""
        return self._window is not None

    @property
    def window(self) -> int:
        """Rows read per sample: the row itself and those before it; 1 for a model that reads single rows."""
        window = self._window
        return 1 if window is None else window.length

    @property
    def unbroken(self) -> int:
        """How many of these rows, the newest ones, must follow each other without a break."""
        window = self._window
        return self.window if window is None or window.unbroken is None else window.unbroken

    @property
    def break_at_session(self) -> bool:
        """Whether no window reaches from one trading session into the next."""
        window = self._window
        return window is not None and window.break_at_session

    @property
    def window_parameter(self) -> str:
        """What of the architecture decides the window; empty for a model that reads single rows."""
        window = self._window
        return "" if window is None else window.parameter

    @property
    def standardised(self) -> bool:
        """Whether targets of a regression come to it with mean 0 and deviation 1."""
        return self.kind.standardised and all(member.model.standardised for member in self.members)

    @property
    def has_prior(self) -> bool:
        """Whether one of the members is what needs no features."""
        return bool(self._counts("prior"))

    @property
    def fits(self) -> int:
        """How many single models are fitted: one of each member, and of each one more a fold where rows are folded."""
        return max(len(self.members), 1) * (1 + int(self._counts("folds")))

    def _counts(self, name: str) -> Any:
        """Return a parameter that counts beside the others; 0 for one that does not."""
        return 0 if name in self.kind.idle(self.architecture) else self.architecture.get(name, 0)

    @property
    def _window(self) -> Window | None:
        return joined([member.model._window for member in self.members]) or self.kind.window(self.architecture)


@dataclass(frozen=True, slots=True)
class Member:
    """One of the models that a model of several is made of.

    Attributes
    ----------
    name : str
        Unique among the members; its blobs are named by it.
    model : ModelSpec
    settings : TrainingSettings
        Its seed is added to that of the fit.
    inputs : tuple of str
        The features that it reads, in the order of the columns; empty: all.
    symbol : str
        The symbol whose rows it is fitted to; empty: those of all.
    weight : float
        What it counts in a vote.
    """

    name: str
    model: ModelSpec
    settings: TrainingSettings
    inputs: tuple[str, ...] = ()
    symbol: str = ""
    weight: float = 1.0

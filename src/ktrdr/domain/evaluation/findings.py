"""What a diagnosis is made of, and what it looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ktrdr.domain.catalogue.models.networks import MLP
from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.evaluation.episodes import Episodes
from ktrdr.domain.evaluation.evaluate import Evaluation
from ktrdr.domain.training.history import Epoch, TrainingHistory


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on a run.

    Attributes
    ----------
    topic : str
        ``leak``, ``stopping``, ``fit``, ``plateau``, ``gradients``, ``classes``, ``episodes``, ``forecasts``,
        ``generalisation``, ``seeds``.
    finding : str
        One sentence.
    figures : dict
        The numbers that say so.
    suggestion : str
        One thing to try, or why there is nothing to do.
    """

    topic: str
    finding: str
    figures: dict[str, Any]
    suggestion: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Run:
    """What a diagnosis looks at.

    Attributes
    ----------
    history : TrainingHistory
    evaluation : Evaluation
    class_shares : mapping of part to mapping of class to share
        Parts ``train``, ``validation``, ``test``; empty for regression.
    seeds : sequence of mapping
        One entry per seed with ``seed``, ``metrics`` (as in `Evaluation`) and ``shipped``; empty where one was trained.
    model : ModelType
        What the advice is about.
    episodes : mapping of part to mapping of class to int
        See `episodes_of`; empty where the classes do not last.
    """

    history: TrainingHistory
    evaluation: Evaluation
    class_shares: Mapping[str, Mapping[str, float]]
    seeds: Sequence[Mapping[str, Any]] = ()
    model: ModelType = MLP
    episodes: Episodes = field(default_factory=dict)

    @property
    def kept(self) -> Epoch:
        """The epoch whose weights are the model (the first, should it be the initial weights); there must be epochs."""
        return self.history.epochs[max(self.history.best_epoch, 1) - 1]

"""A model type that ktrdr has not: what a newcomer adds, a row of facts and a trainer, and nothing else."""

from __future__ import annotations

from ktrdr.adapters.memory.model_trainer import PriorModel, PriorTrainer
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.catalogue.models.spec import Advice, ModelType
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.training import EARLY_STOPPING
from ktrdr.domain.training.history import Epoch, TrainingHistory
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.watch import UNWATCHED, Watch

STUMP = ModelType(
    name="stump",
    description="The shares of the classes, said again and again.",
    parameters=(
        Parameter("leaves", "int", 15, low=2, high=500, aliases=("num_leaves",), description="leaves a tree"),
        Parameter("missing", "str", "drop", choices=("drop", "keep"), description="what is done with missing values"),
    ),
    advice=Advice("grow fewer leaves", "raise `min_rows`", "a larger `leaves`", "rounds"),
    settings=(
        Parameter("rounds", "int", 6, low=1, high=10_000, description="trees at most"),
        Parameter("learning_rate", "float", 0.05, low=0, high=1, above=True, description="share of each tree"),
    ),
    sections={"early_stopping": EARLY_STOPPING[:2]},
    losses={"classification": ("cross_entropy",)},
    aliases=("decision_stump",),
    idle=lambda architecture: {"missing": "has no effect with two leaves"} if architecture["leaves"] == 2 else {},
    extra="trees",
    starter={"leaves": 7},
)


class StumpTrainer(PriorTrainer):
    """Fits the prior in as many rounds as its own setting says; its epochs have losses alone."""

    def __init__(self, device: str | None = None) -> None:
        self.device = device

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> PriorModel:
        model = super().fit(task)
        rounds = task.settings.own["rounds"]
        epochs = tuple(Epoch(number, 1 / number, 1 + number / 10, None) for number in range(1, rounds + 1))
        for epoch in epochs:
            watch.epoch(epoch, rounds)
        model.history = TrainingHistory(epochs, 1, "all_epochs")
        return model

    def restore(self, artifact: Artifact) -> PriorModel:
        return super().restore(artifact)


TARGET = "samples.stump:StumpTrainer"

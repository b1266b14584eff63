"""Explanations of every type add up; integrated gradients are those that are known by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from samples.fits import SPECS, rows, target_for
from samples.fitted import TARGETS, fitted
from torch import nn

from ktrdr.adapters.models.torch.fuzzify import before
from ktrdr.adapters.models.torch.gradients import integrated_gradients
from ktrdr.domain.evaluation.explaining.explain import Subject, explain, explain_locally
from ktrdr.domain.evaluation.explaining.grouping import Groups
from ktrdr.domain.evaluation.explaining.spoken import Spoken
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.learnable import Fuzzified
from ktrdr.domain.training.contributions import Contributions
from ktrdr.domain.training.inference import Inference, softmax
from ktrdr.domain.training.scaling import Scaler, TargetScaler

KINDS = [(name, kind) for name, spec in SPECS.items() for kind in TARGETS if kind in spec.kind.losses]
KINDS = [(name, kind) for name, kind in KINDS if not (kind == "regression" and name == "ensemble, hard")]


def subject_of(name: str, kind: str, *, weighted: bool = False) -> tuple[Subject, Any]:
    model = fitted("table", name, kind)
    given = rows(model.window + 60, seed=5, target=target_for(SPECS[name], kind)).inputs
    scaler = Scaler(np.zeros(4), np.ones(4))
    weights = np.log([2.0, 0.5, 1.0]) if weighted else None
    targets = None if kind == "classification" else TargetScaler(0.3, 2.0)
    groups = Groups(("first", "others"), np.array([0, 1, 1, 1]))
    ends = np.arange(model.window - 1, len(given))
    return Subject(model, Inference(scaler, targets, weights), given, ends[:30], groups, np.arange(4), 3), ends[-6:]


@pytest.mark.parametrize(("name", "kind"), KINDS, ids=[f"{name}: {kind}" for name, kind in KINDS])
def test_contributions_of_every_type_add_up_to_what_it_says(name: str, kind: str) -> None:
    subject, ends = subject_of(name, kind)
    found = explain(subject, ends, draws=4)
    assert found.add_up
    assert found.sums == pytest.approx(found.outputs, abs=1e-4)
    said = subject.inference.outputs(subject.model, subject.values, ends)
    if kind == "classification":
        assert found.classes is not None
        assert found.classes.tolist() == said.argmax(axis=1).tolist()
        own = said[np.arange(6), found.classes]
        logs = np.log(np.maximum(said, 1e-300))
        others = (logs.sum(axis=1) - np.log(np.maximum(own, 1e-300))) / 2
        expected = own if found.unit == "probability" else np.log(own) - others
        assert found.outputs == pytest.approx(expected, rel=1e-5, abs=1e-5)
    else:
        assert found.outputs == pytest.approx(said, rel=1e-6)
    assert found.groups == ("first", "others")
    if found.features is not None:
        assert found.values[:, 0] == pytest.approx(found.features[:, 0])
        assert found.values[:, 1] == pytest.approx(found.features[:, 1:].sum(axis=1))
    again = explain(subject, ends, draws=4)
    assert again.values.tobytes() == found.values.tobytes()


def test_class_weights_are_taken_out_of_what_is_explained() -> None:
    subject, ends = subject_of("mlp", "classification", weighted=True)
    found = explain(subject, ends)
    assert found.add_up
    said = subject.inference.outputs(subject.model, subject.values, ends)
    assert found.classes is not None
    assert found.classes.tolist() == said.argmax(axis=1).tolist()
    drawn = explain(subject, ends, "sampling", draws=20)
    assert drawn.add_up
    assert drawn.outputs == pytest.approx(found.outputs)
    assert drawn.method == "shapley_sampling"
    assert drawn.errors is not None


def test_probabilities_that_are_weighted_are_no_sums() -> None:
    values = np.full((1, 2, 2), 0.1)
    given = Contributions(values, np.array([[0.4, 0.2]]), "tree_shap", unit="probability")
    plain = Inference(Scaler(np.zeros(2), np.ones(2)))
    weighted = Inference(Scaler(np.zeros(2), np.ones(2)), None, np.log([1.0, 3.0]))
    classes = np.array([0])
    assert Spoken(weighted, "probability", classes).of_contributions(given) is None
    told = Spoken(plain, "probability", classes).of_contributions(given)
    assert told is not None
    assert told[0].tolist() == [[0.1, 0.1]]


def test_two_classes_are_explained_by_their_log_odds_whatever_is_added_to_both() -> None:
    raw = np.array([[1.0, 3.0], [11.0, 13.0]])
    spoken = Spoken.of(Inference(Scaler(np.zeros(1), np.ones(1))), raw)
    probability = softmax(raw)[:, 1]
    assert spoken.numbers(raw) == pytest.approx(np.log(probability / (1 - probability)))


def test_lines_near_a_row_are_the_same_again() -> None:
    subject, ends = subject_of("gru", "classification")
    one, other = (explain_locally(subject, int(ends[0])) for _ in range(2))
    assert one.slopes.tobytes() == other.slopes.tobytes()
    assert one.slopes.shape == (5, 4)


class Quadratic(nn.Module):
    """The square of the first input, and the product of the other two."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return torch.stack([inputs[:, 0] ** 2, inputs[:, 1] * inputs[:, 2]], dim=1)


def test_integrated_gradients_of_a_quadratic_are_those_of_the_integral() -> None:
    samples, start = np.array([[3.0, 2.0, 4.0]], dtype=np.float32), np.array([1.0, 0.0, 1.0], dtype=np.float32)
    found = integrated_gradients(Quadratic(), samples, start)
    # of x*y from (0, 1) to (2, 4): 2 * mean of y on the way, 3 * mean of x
    assert found.values[0] == pytest.approx(np.array([[8.0, 0.0], [0.0, 5.0], [0.0, 3.0]]), abs=1e-5)
    assert found.base.tolist() == [[1.0, 0.0]]


def test_integrated_gradients_of_a_line_are_weights_times_inputs_and_rows_of_a_window_are_added() -> None:
    torch.manual_seed(0)
    line = nn.Sequential(nn.Flatten(), nn.Linear(6, 2)).requires_grad_(False)
    samples, start = np.random.default_rng(0).normal(size=(4, 3, 2)).astype(np.float32), np.array([1.0, -1.0])
    found = integrated_gradients(line, samples, start.astype(np.float32))
    weights = line[1].weight.numpy().reshape(2, 3, 2)
    by_hand = np.einsum("krf,nrf->nfk", weights, samples - start)
    assert found.values == pytest.approx(by_hand, abs=1e-5)


def test_networks_with_kinks_are_cut_finer_and_their_contributions_add_up() -> None:
    torch.manual_seed(1)
    kinked = nn.Sequential(nn.Linear(3, 40), nn.ReLU(), nn.Linear(40, 1)).requires_grad_(False)
    samples = 3 * np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    found = integrated_gradients(kinked, samples, np.zeros(3, dtype=np.float32))
    assert found.outputs == pytest.approx(kinked(torch.from_numpy(samples)).numpy(), abs=1e-6)
    steps = (np.arange(20_000) + 0.5) / 20_000
    way = torch.tensor(steps[:, None] * samples[0], dtype=torch.float64).requires_grad_()
    kinked.double()(way).sum().backward()
    assert way.grad is not None
    assert found.values[0, :, 0] == pytest.approx(way.grad.mean(dim=0).numpy() * samples[0], abs=0.03)


def test_of_learned_sets_each_term_has_its_own_contribution() -> None:
    low, high = Membership("left_shoulder", (0.0, 1.0)), Membership("right_shoulder", (0.0, 1.0))
    plan = (Fuzzified(0, low, ("s", "low")), Fuzzified(0, high, ("s", "high")), Fuzzified(1))
    network = before(nn.Linear(3, 1), plan).requires_grad_(False)
    network.network.weight[:], network.network.bias[:] = torch.tensor([[2.0, 5.0, 1.0]]), 0.0
    samples, start = np.array([[0.75, 4.0]], dtype=np.float32), np.array([0.5, 1.0], dtype=np.float32)
    found = integrated_gradients(network, samples, start)
    assert found.values[0, :, 0] == pytest.approx([-0.5, 1.25, 3.0], abs=1e-5)

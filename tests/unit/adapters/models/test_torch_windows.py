"""The networks that read windows against torch's own modules, and what each setting does to their fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from samples.fits import CLASSES, NO_STOPPING, SPECS, VALUE, artifact_of, task, window_spec
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from ktrdr.adapters.models import MODELS
from ktrdr.adapters.models.torch.devices import one_thread
from ktrdr.adapters.models.torch.inference import WINDOW_BLOCK, BlockForward, windows_of
from ktrdr.adapters.models.torch.losses import focal, make_loss
from ktrdr.adapters.models.torch.networks import build
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.settings import EarlyStopping, ModelSpec, Scheduler

CPU = torch.device("cpu")
KINDS = pytest.mark.parametrize("kind", ["lstm", "gru", "transformer"])


@pytest.fixture(autouse=True)
def _same_random_state_for_everyone() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def network(spec: ModelSpec, n_inputs: int = 4) -> nn.Module:
    return build(spec, n_inputs, 3).eval().requires_grad_(False)


def copied(inputs: np.ndarray, length: int) -> np.ndarray:
    return np.stack([inputs[end - length + 1 : end + 1] for end in range(length - 1, len(inputs))])


class Order(torch.utils.data.Sampler[int]):
    """The order in which an epoch takes the samples."""

    def __init__(self, n: int, generator: torch.Generator) -> None:
        self.n, self.generator = n, generator

    def __iter__(self) -> Iterator[int]:
        return iter(torch.randperm(self.n, generator=self.generator).tolist())

    def __len__(self) -> int:
        return self.n


@pytest.mark.parametrize("name", [name for name, spec in SPECS.items() if spec.type in ("lstm", "gru", "transformer")])
def test_fit_is_that_of_a_plain_loop_over_copied_windows(name: str) -> None:
    given = task(90, model=SPECS[name], epochs=2, learning_rate=0.01, batch_size=16, early_stopping=NO_STOPPING, seed=5)
    settings, length = given.settings, given.model.window
    torch.manual_seed(5)
    model = build(given.model, 4, 3)
    data = TensorDataset(torch.tensor(copied(given.train.inputs, length)), torch.tensor(given.train.targets))
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
    loader = DataLoader(data, 16, sampler=Order(len(data), torch.Generator().manual_seed(5)))
    for _ in range(2):
        for inputs, targets in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(inputs), targets).backward()
            nn.utils.clip_grad_norm_(model.parameters(), settings.gradient_clip)
            optimizer.step()
    fitted = TorchTrainer("cpu").fit(given)
    with torch.no_grad():
        expected = model.eval()(torch.tensor(copied(given.validation.inputs, length))).numpy()
    np.testing.assert_allclose(fitted.predict(given.validation.inputs), expected, atol=5e-6)
    losses = nn.functional.cross_entropy(torch.tensor(expected), torch.tensor(given.validation.targets))
    assert fitted.history.epochs[-1].val_loss == pytest.approx(losses.item(), abs=1e-5)


def test_windows_are_a_view_of_the_rows() -> None:
    series = np.arange(20, dtype=np.float32).reshape(10, 2)
    windows = windows_of(series, 4)
    assert np.shares_memory(windows, series)
    assert np.array_equal(windows, copied(series, 4))
    assert windows_of(series[:3], 4).shape == (0, 4, 2)


@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize(("kind", "cell"), [("lstm", nn.LSTM), ("gru", nn.GRU)])
def test_recurrent_network_takes_the_last_hidden_state_of_the_top_layer(
    kind: str, cell: type[nn.LSTM], n_layers: int
) -> None:
    ours, inputs = network(window_spec(kind, num_layers=n_layers)), torch.randn(7, 5, 4)
    theirs = cell(4, 6, n_layers, batch_first=True)
    theirs.load_state_dict(ours.recurrent.state_dict())
    state = theirs(inputs)[1]
    last = (state[0] if kind == "lstm" else state)[-1]
    torch.testing.assert_close(ours(inputs), last @ ours.head.weight.T + ours.head.bias, atol=1e-6, rtol=1e-5)


def test_attention_is_a_mean_weighted_by_the_scores_of_all_states() -> None:
    attention = network(window_spec("lstm", attention=True)).attention
    states = torch.randn(3, 5, 6)
    for window, found in zip(states, attention(states), strict=True):
        scores = []
        for state in window:
            hidden = torch.tanh(attention.query.weight @ window[-1] + attention.key(state[None])[0])
            scores.append(math.exp((attention.score.weight @ hidden).item()))
        expected = sum(score * state for score, state in zip(scores, window, strict=True)) / sum(scores)
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(("size", "heads"), [(6, 2), (5, 1), (9, 3)])
def test_transformer_is_that_of_torch_with_norm_first(size: int, heads: int) -> None:
    ours = network(window_spec("transformer", hidden_size=size, num_heads=heads, num_layers=2))
    layer = nn.TransformerEncoderLayer(size, heads, 9, dropout=0.0, batch_first=True, norm_first=True)
    theirs = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(size), enable_nested_tensor=False).eval()
    names = {
        "projection.weight": "self_attn.in_proj_weight",
        "projection.bias": "self_attn.in_proj_bias",
        "mixed": "self_attn.out_proj",
        "widen": "linear1",
        "narrow": "linear2",
        "norms.0": "norm1",
        "norms.1": "norm2",
    }
    state = {}
    for key, value in ours.layers.state_dict().items():
        number, name = key.split(".", 1)
        old = next(item for item in names if name.startswith(item))
        state[f"layers.{number}.{name.replace(old, names[old])}"] = value
    theirs.load_state_dict(state | {f"norm.{name}": value for name, value in ours.norm.state_dict().items()})
    inputs = torch.randn(4, 5, 4)
    positions = torch.tensor(
        [
            [(math.sin if i % 2 == 0 else math.cos)(place / 10_000 ** ((i - i % 2) / size)) for i in range(size)]
            for place in range(5)
        ]
    )
    with torch.no_grad():
        expected = ours.head(theirs(ours.embedding(inputs) + positions)[:, -1])
    torch.testing.assert_close(ours(inputs), expected, atol=1e-5, rtol=1e-4)


BLOCKS = [
    *(window_spec(kind, hidden_size=size, num_layers=2) for kind in ("lstm", "gru") for size in (1, 7, 33, 64)),
    *(window_spec(kind, hidden_size=31, attention=True, sequence_length=20) for kind in ("lstm", "gru")),
    window_spec("transformer", hidden_size=7, num_heads=1, sequence_length=1),
    window_spec("transformer", hidden_size=24, num_heads=3, sequence_length=17, num_layers=2, feedforward_size=33),
]


@pytest.mark.parametrize("n_inputs", [1, 13])
@pytest.mark.parametrize("spec", BLOCKS, ids=str)
def test_window_gives_the_same_bits_anywhere_in_any_batch(spec: ModelSpec, n_inputs: int) -> None:
    model = network(spec, n_inputs)
    forward = BlockForward(model, n_inputs, spec.window)
    inputs = np.random.default_rng(1).normal(size=(WINDOW_BLOCK + 60, n_inputs)).astype(np.float32)
    whole, first = forward(inputs), spec.window - 1
    alone = np.concatenate([forward(inputs[row : row + spec.window]) for row in range(0, len(whole), 9)])
    assert np.array_equal(alone, whole[::9]), forward.rows
    ends = np.random.default_rng(2).integers(first, len(inputs), 70)
    assert np.array_equal(forward(inputs, ends), whole[ends - first])
    with torch.inference_mode():
        plain = model(torch.tensor(copied(inputs, spec.window))).numpy()
    np.testing.assert_allclose(whole, plain, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_loss_is_the_formula_of_the_paper(gamma: float) -> None:
    logits, targets = torch.randn(50, 3, dtype=torch.float64), torch.randint(0, 3, (50,))
    weights = torch.tensor([2.0, 1.0, 0.5], dtype=torch.float64)
    of_samples = torch.rand(50, dtype=torch.float64)
    given = task(loss="focal", focal_gamma=gamma)
    p = torch.softmax(logits, 1)[torch.arange(50), targets]
    losses = -((1 - p) ** gamma) * torch.log(p)
    for class_weights, chosen, row_weights in (
        (None, None, torch.ones(50)),
        (weights.numpy(), None, weights[targets]),
        (weights.numpy(), of_samples, weights[targets] * of_samples),
    ):
        loss = make_loss(replace(given, class_weights=class_weights), CPU)(logits, targets, chosen)
        assert loss.item() == pytest.approx(((losses * row_weights).sum() / row_weights.sum()).item())
    if gamma == 0:
        assert make_loss(given, CPU)(logits, targets, None).item() == pytest.approx(
            nn.functional.cross_entropy(logits, targets).item()
        )


@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0, 5.0])
def test_gradient_of_the_focal_loss_is_finite_where_nothing_is_in_doubt(gamma: float) -> None:
    logits = torch.tensor([[60.0, -60.0, 0.0], [-60.0, 60.0, 0.0]], requires_grad=True)
    focal(nn.functional.cross_entropy(logits, torch.tensor([0, 0]), reduction="none"), gamma).sum().backward()
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("loss", ["mse", "huber"])
def test_sample_weights_make_a_weighted_mean_of_regression_losses(loss: str) -> None:
    outputs, targets, weights = torch.randn(9, 1), torch.randn(9), torch.rand(9)
    given = make_loss(task(target=VALUE, loss=loss, huber_delta=0.4), CPU)
    error = (outputs[:, 0] - targets).abs()
    of_rows = error**2 if loss == "mse" else torch.where(error < 0.4, error**2 / 2, 0.4 * (error - 0.2))
    assert given(outputs, targets, weights).item() == pytest.approx((of_rows * weights).sum().item() / weights.sum())
    assert given(outputs, targets, None).item() == pytest.approx(of_rows.mean().item())


CHANGES: dict[str, dict[str, Any]] = {
    "epochs": {"epochs": 3},
    "batch_size": {"batch_size": 11},
    "learning_rate": {"learning_rate": 0.02},
    "sgd": {"optimizer": "sgd"},
    "adamw": {"optimizer": "adamw", "weight_decay": 0.3},
    "rmsprop": {"optimizer": "rmsprop"},
    "weight_decay": {"weight_decay": 0.3},
    "focal": {"loss": "focal"},
    "focal_gamma": {"loss": "focal", "focal_gamma": 0.5},
    "gradient_clip": {"gradient_clip": 0.01, "optimizer": "sgd"},
    "step": {"lr_scheduler": Scheduler("step", step_size=1, gamma=0.7)},
    "exponential": {"lr_scheduler": Scheduler("exponential", gamma=0.3)},
    "cosine": {"lr_scheduler": Scheduler("cosine")},
    "seed": {"seed": 9},
}


NETWORKS = [name for name, spec in SPECS.items() if MODELS[spec.type] == MODELS["mlp"]]


def weights_of(given: FitTask) -> bytes:
    return TorchTrainer("cpu").fit(given).state()["model.safetensors"]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_setting_changes_the_fit_of_every_network(name: str) -> None:
    given = task(60, model=SPECS[name], epochs=2, learning_rate=0.01, early_stopping=NO_STOPPING, gradient_clip=0.0)
    fits = {"as it is": weights_of(given)}
    for change, values in CHANGES.items():
        fits[change] = weights_of(replace(given, settings=replace(given.settings, **values)))
    fits["class weights"] = weights_of(replace(given, class_weights=np.array([3.0, 1.0, 0.2])))
    assert len(set(fits.values())) == len(fits), "two settings give the same weights"
    assert weights_of(given) == fits["as it is"]


@KINDS
def test_early_stopping_and_plateaus_count_for_networks_of_windows(kind: str) -> None:
    given = task(60, model=window_spec(kind), epochs=12, learning_rate=0.05, lr_scheduler=Scheduler("reduce_on_plateau",
                 patience=0, factor=0.1))  # fmt: skip
    stopped = replace(given.settings, early_stopping=EarlyStopping(patience=2, min_delta=0.5))
    history = TorchTrainer("cpu").fit(replace(given, settings=stopped)).history
    assert history.ended_by == "early_stopping"
    assert len(history.epochs) == history.best_epoch + 2 < 12
    given = replace(given, settings=replace(given.settings, epochs=20, learning_rate=0.3))
    rates = [epoch.learning_rate for epoch in TorchTrainer("cpu").fit(given).history.epochs]
    assert min(rates) < 0.3


ARCHITECTURES: dict[str, dict[str, Any]] = {
    "sequence_length": {"sequence_length": 4},
    "hidden_size": {"hidden_size": 8},
    "num_layers": {"num_layers": 2},
    "dropout": {"dropout": 0.4},
}
OF_KIND = {"lstm": {"attention": True}, "gru": {"attention": True}, "transformer": {"num_heads": 3}}


@KINDS
def test_every_parameter_of_the_architecture_changes_the_fit(kind: str) -> None:
    changes = [{}, *ARCHITECTURES.values(), OF_KIND[kind]]
    changes += [{"feedforward_size": 7}] if kind == "transformer" else []
    fits = [weights_of(task(60, model=window_spec(kind, **change), epochs=1)) for change in changes]
    assert len(set(fits)) == len(fits)


def test_dropout_counts_with_one_layer_too() -> None:
    given = task(60, model=window_spec("lstm", dropout=0.5), epochs=1)
    assert weights_of(given) != weights_of(replace(given, model=window_spec("lstm")))


def test_windows_learn_what_single_rows_cannot() -> None:
    """The class is the sign of an input three rows ago: one row says nothing of it, a window all."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(600, 2)).astype(np.float32)
    targets = np.concatenate(([0, 0, 0], (inputs[:-3, 0] > 0).astype(np.int64)))
    scores = {}
    for name in ("mlp", *(name for name in NETWORKS if SPECS[name].reads_windows)):
        given = task(model=SPECS[name], n_inputs=2, epochs=60, learning_rate=0.02, batch_size=64)
        ends = np.arange(10, 600)
        train, test = (replace(given.train, inputs=inputs, ends=part, targets=targets[part]) for part in
                       (ends[:400], ends[400:]))  # fmt: skip
        model = TorchTrainer("cpu").fit(replace(given, train=train, validation=test))
        scores[name] = (model.predict(inputs, ends[400:]).argmax(axis=1) == test.targets).mean()
    assert scores.pop("mlp") < 0.65
    assert min(scores.values()) > 0.85, scores


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: replace(t, train=replace(t.train, ends=None)), "inputs of shape"),
        (lambda t: replace(t, train=replace(t.train, ends=t.train.ends - 1)), "reads 5 rows per sample"),
        (lambda t: replace(t, train=replace(t.train, ends=t.train.ends + 1)), "reads 5 rows per sample"),
        (lambda t: replace(t, train=replace(t.train, ends=t.train.ends[1:])), "reads 5 rows per sample"),
        (lambda t: replace(t, train=replace(t.train, weights=np.ones(3, np.float32))), "one finite weight"),
        (lambda t: replace(t, train=replace(t.train, weights=0 * t.train.inputs[4:, 0])), "not all of them 0"),
        (lambda t: replace(t, train=replace(t.train, weights=-np.ones(196, np.float32))), "0 or more"),
        (lambda t: replace(t, model=window_spec("lstm", sequence_length=0)), "sequence_length 0 is out of bounds"),
        (lambda t: replace(t, model=window_spec("transformer", num_heads=4)), "4 does not divide hidden_size 6"),
        (lambda t: replace(t, settings=replace(t.settings, loss="huber")), "cross_entropy, focal"),
    ],
)
def test_task_of_windows_that_cannot_be_fitted_is_refused(spoil: Callable[[FitTask], FitTask], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        TorchTrainer("cpu").fit(spoil(task(target=CLASSES, model=window_spec("lstm"))))


def test_only_the_windows_of_one_batch_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    select = Tensor.index_select

    def counted(self: Tensor, *arguments: Any) -> Tensor:
        result = select(self, *arguments)
        sizes.append(len(result))
        return result

    monkeypatch.setattr(Tensor, "index_select", counted)
    given = task(200, model=window_spec("gru"), epochs=1, batch_size=16)
    with one_thread():
        TorchTrainer("cpu").fit(given)
    assert max(sizes[:12]) == 16
    assert sum(sizes) == len(given.train.targets) + len(given.validation.targets)


@KINDS
@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_size": 4096, "num_layers": 16},
        {"hidden_size": 10**12},
        {"hidden_size": 7},
        {"num_layers": 2},
        {"sequence_length": 10**9},
        {"sequence_length": True},
        {"sequence_length": None},
        {"break_at_session": 3},
        {"surprise": 1},
    ],
    ids=str,
)
def test_architecture_that_the_weights_do_not_fit_is_refused(kind: str, changes: dict[str, Any]) -> None:
    given = task(30, model=window_spec(kind), epochs=0)
    stored = artifact_of(TorchTrainer("cpu").fit(given), given)
    model = stored.manifest.model
    spoiled = {**model, "architecture": model["architecture"] | changes}
    with pytest.raises(CorruptArtifact):
        TorchTrainer("cpu").restore(replace(stored, manifest=replace(stored.manifest, model=spoiled)))


@pytest.mark.parametrize(
    ("kind", "size"), [*((kind, size) for kind in ("lstm", "gru") for size in (6, 33, 50)), ("transformer", 20)]
)
def test_windows_run_in_whole_blocks(kind: str, size: int) -> None:
    """Rows of odd widths lie differently in memory; a recurrent network rounds them alike nevertheless."""
    given = {"num_heads": 2} if kind == "transformer" else {"attention": True}
    model = network(window_spec(kind, hidden_size=size, **given), 7)
    samples = torch.randn(60, 5, 7)
    with torch.inference_mode(), one_thread():
        blocks = [model(sample.expand(WINDOW_BLOCK, 5, 7).contiguous()) for sample in samples]
    assert all(torch.equal(block, block[:1].expand_as(block)) for block in blocks)
    assert BlockForward(model, 7, 5).rows == WINDOW_BLOCK

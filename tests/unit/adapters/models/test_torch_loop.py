"""The training loop against a plain loop over torch.optim, and what it promises beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load
from samples.fits import CLASSES, NO_STOPPING, VALUE, mlp, rows, task, with_train
from samples.watches import Onlooker, raises
from torch import nn

from ktrdr.adapters.models.torch.loop import batch_sizes
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.domain.errors import InvalidInput, TrainingFailed, TrainingInterrupted
from ktrdr.domain.training.model import FitTask, Rows
from ktrdr.domain.training.settings import EarlyStopping, Scheduler
from ktrdr.domain.training.weights import class_weights

WITHIN = {"atol": 1e-6, "rtol": 1e-5}
LAYERS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "leaky_relu": nn.LeakyReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}
OPTIMIZERS = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
}


@pytest.fixture(autouse=True)
def _same_random_state_for_everyone() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        yield


def plain_fit(given: FitTask) -> tuple[nn.Sequential, list[list[float]]]:
    """The loop of the tutorials; per epoch: training loss, gradient norm, validation loss, accuracy."""
    settings, shape = given.settings, given.model.architecture
    torch.manual_seed(settings.seed)
    widths = [len(given.feature_ids), *shape["hidden_layers"], len(given.target.classes) or 1]
    biased = [not shape["batch_norm"]] * len(shape["hidden_layers"]) + [True]
    linear = [nn.Linear(a, b, bias) for a, b, bias in zip(widths, widths[1:], biased, strict=False)]
    layers: list[nn.Module] = []
    for layer, width in zip(linear, shape["hidden_layers"], strict=False):
        norm = [nn.BatchNorm1d(width)] if shape["batch_norm"] else []
        layers += [layer, *norm, LAYERS[shape["activation"]](), nn.Dropout(shape["dropout"])]
    model = nn.Sequential(*layers, linear[-1])
    optimizer = OPTIMIZERS[settings.optimizer](
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    weight = None if given.class_weights is None else torch.tensor(given.class_weights, dtype=torch.float32)
    criterion = {
        "cross_entropy": nn.CrossEntropyLoss(weight),
        "mse": nn.MSELoss(),
        "huber": nn.HuberLoss(delta=settings.huber_delta),
    }[settings.loss]
    inputs, targets = torch.tensor(given.train.inputs), torch.tensor(given.train.targets)
    generator, figures = torch.Generator().manual_seed(settings.seed), []
    for _ in range(settings.epochs):
        order, losses, norms = torch.randperm(len(targets), generator=generator), [], []
        model.train()
        for start in range(0, len(targets), settings.batch_size):
            batch = order[start : start + settings.batch_size]
            optimizer.zero_grad()
            loss = criterion(_shaped(model(inputs[batch]), given), targets[batch])
            loss.backward()
            norms.append(nn.utils.clip_grad_norm_(model.parameters(), settings.gradient_clip or 1e30).item())
            optimizer.step()
            losses += [loss.item()] * len(batch)
        model.eval()
        with torch.no_grad():
            outputs = _shaped(model(torch.tensor(given.validation.inputs)), given)
            truth = torch.tensor(given.validation.targets)
            hits = [(outputs.argmax(1) == truth).float().mean().item()] if given.target.is_classification else []
            figures.append([np.mean(losses), np.mean(norms), criterion(outputs, truth).item(), *hits])
    return model, figures


def _shaped(outputs: torch.Tensor, given: FitTask) -> torch.Tensor:
    return outputs if given.target.is_classification else outputs[:, 0]


def assert_same_fit(given: FitTask) -> None:
    model = TorchTrainer("cpu").fit(given)
    plain, figures = plain_fit(given)
    with torch.no_grad():
        expected = _shaped(plain.eval()(torch.tensor(given.train.inputs)), given).numpy()
    np.testing.assert_allclose(model.predict(given.train.inputs), expected, atol=2e-6, rtol=1e-5)
    ours = [
        [e.train_loss, e.gradient_norm, e.val_loss, *([] if e.val_accuracy is None else [e.val_accuracy])]
        for e in model.history.epochs
    ]
    np.testing.assert_allclose(ours, figures, **WITHIN)
    tensors = load(model.state()["model.safetensors"])
    layers = [layer for layer in plain if isinstance(layer, nn.Linear)]
    for number, layer in enumerate(layers):
        torch.testing.assert_close(tensors[f"layers.{number}.weight"], layer.weight.detach(), **WITHIN)


def fixed(**changes: Any) -> FitTask:
    chosen: dict[str, Any] = {"early_stopping": NO_STOPPING, "epochs": 2, "learning_rate": 0.01, "seed": 5}
    return task(**chosen | changes)


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers_move_weights_as_torch_optim_does(optimizer: str, weight_decay: float) -> None:
    assert_same_fit(fixed(optimizer=optimizer, weight_decay=weight_decay))


@pytest.mark.parametrize("clip", [0.0, 0.05, 100.0])
def test_gradient_clip_is_torch_s_and_zero_means_none(clip: float) -> None:
    assert_same_fit(fixed(gradient_clip=clip, optimizer="sgd"))


@pytest.mark.parametrize("loss", ["mse", "huber"])
def test_regression_losses(loss: str) -> None:
    assert_same_fit(fixed(target=VALUE, loss=loss, huber_delta=0.3))


@pytest.mark.parametrize("activation", LAYERS)
def test_activations(activation: str) -> None:
    assert_same_fit(fixed(model=mlp(activation=activation, hidden_layers=[6, 5])))


@pytest.mark.parametrize(
    "model",
    [mlp(hidden_layers=[]), mlp(batch_norm=True), mlp(dropout=0.4), mlp(dropout=0.4, batch_norm=True)],
    ids=["linear", "batch norm", "dropout", "both"],
)
def test_architectures(model: Any) -> None:
    assert_same_fit(fixed(model=model))


def test_class_weights_weigh_the_loss_and_accuracy_counts_what_would_be_predicted() -> None:
    given = replace(fixed(), class_weights=np.array([4.0, 1.0, 0.25]))
    model = TorchTrainer("cpu").fit(given)
    _, figures = plain_fit(given)
    assert [e.val_loss for e in model.history.epochs] == pytest.approx([f[2] for f in figures], abs=1e-6)
    calibrated = model.predict(given.validation.inputs) - np.log([4.0, 1.0, 0.25])
    accuracy = (calibrated.argmax(axis=1) == given.validation.targets).mean()
    assert model.history.epochs[-1].val_accuracy == pytest.approx(accuracy)


def test_class_that_is_missing_in_train_keeps_every_loss_finite() -> None:
    given = fixed()
    kept = given.train.targets != 2
    given = with_train(given, Rows(given.train.inputs[kept], given.train.targets[kept]))
    weights = class_weights(given.train.targets, 3)
    model = TorchTrainer("cpu").fit(replace(given, class_weights=weights))
    assert all(np.isfinite([e.train_loss, e.val_loss]).all() for e in model.history.epochs)


def test_learning_rate_follows_the_schedule_and_is_recorded() -> None:
    history = TorchTrainer("cpu").fit(fixed(epochs=4, lr_scheduler=Scheduler("exponential", gamma=0.5))).history
    assert [e.learning_rate for e in history.epochs] == [0.01, 0.005, 0.0025, 0.00125]


def overfitting(**stopping: Any) -> FitTask:
    given = task(80, model=mlp(hidden_layers=[32]), epochs=60, learning_rate=0.01, seed=3)
    noisy = np.where(np.arange(80) % 2, given.train.targets, np.random.default_rng(0).integers(0, 3, 80))
    given = with_train(given, Rows(given.train.inputs, noisy))
    return replace(given, settings=replace(given.settings, early_stopping=EarlyStopping(**stopping)))


@pytest.mark.parametrize("monitor", ["val_loss", "val_accuracy"])
def test_early_stopping_restores_a_true_copy_of_the_best_epoch(monitor: str) -> None:
    given = overfitting(patience=6, min_delta=0.0, monitor=monitor)
    model = TorchTrainer("cpu").fit(given)
    costs = [e.val_loss if monitor == "val_loss" else -e.val_accuracy for e in model.history.epochs]
    assert model.history.ended_by == "early_stopping"
    assert 1 < model.history.best_epoch == int(np.argmin(costs)) + 1 < len(costs) < 60
    until_best = replace(given.settings, epochs=model.history.best_epoch, early_stopping=NO_STOPPING)
    assert TorchTrainer("cpu").fit(replace(given, settings=until_best)).state() == model.state()


def test_better_means_by_more_than_min_delta_and_patience_counts_the_epochs_since() -> None:
    given = task(epochs=100, learning_rate=0.005, early_stopping=EarlyStopping(patience=3, min_delta=0.02))
    history = TorchTrainer("cpu").fit(given).history
    losses = [epoch.val_loss for epoch in history.epochs]
    best = 0
    for number, loss in enumerate(losses):
        if loss < losses[best] - 0.02:
            best = number
        assert (number - best >= 3) == (number == len(losses) - 1)
    assert history.best_epoch == best + 1 == len(losses) - 3
    assert 0 < best < int(np.argmin(losses))


def test_without_early_stopping_the_last_epoch_is_kept() -> None:
    given = overfitting(enabled=False)
    model = TorchTrainer("cpu").fit(given)
    assert (model.history.best_epoch, model.history.ended_by) == (60, "all_epochs")
    losses = [e.val_loss for e in model.history.epochs]
    logits = torch.tensor(model.predict(given.validation.inputs))
    last = nn.functional.cross_entropy(logits, torch.tensor(given.validation.targets)).item()
    assert last == pytest.approx(losses[-1], rel=1e-5)
    assert last > min(losses) + 0.01


def test_zero_epochs_give_the_initial_weights() -> None:
    model = TorchTrainer("cpu").fit(task(epochs=0, seed=11))
    torch.manual_seed(11)
    first = nn.Linear(4, 8)
    assert torch.equal(load(model.state()["model.safetensors"])["layers.0.weight"], first.weight)
    assert (model.history.epochs, model.history.best_epoch, model.history.ended_by) == ((), 0, "no_epochs")


@pytest.mark.parametrize(("n", "size"), [(65, 32), (64, 32), (33, 32), (1, 32), (5, 1), (7, 100), (3, 2), (100, 33)])
def test_batches_cover_all_rows_and_leave_no_single_one(n: int, size: int) -> None:
    sizes = batch_sizes(n, size)
    assert sum(sizes) == n
    assert all(s == size for s in sizes[:-1])
    assert sizes[-1] <= size + 1
    assert n == 1 or size == 1 or min(sizes) > 1


def test_batch_norm_survives_a_single_row_left_over() -> None:
    model = TorchTrainer("cpu").fit(task(65, model=mlp(batch_norm=True), batch_size=32))
    assert np.isfinite(model.predict(rows(3).inputs)).all()


@pytest.mark.parametrize(("n", "size"), [(200, 1), (1, 32)])
def test_batch_norm_over_one_row_is_refused(n: int, size: int) -> None:
    with pytest.raises(InvalidInput, match="batch_norm"):
        TorchTrainer("cpu").fit(task(n, model=mlp(batch_norm=True), batch_size=size))


def test_loss_that_is_not_finite_names_epoch_figures_and_what_to_try() -> None:
    given = task(optimizer="sgd", learning_rate=1e30, gradient_clip=0.0, target=VALUE)
    with pytest.raises(TrainingFailed, match=r"epoch 1 of 3.*loss (nan|inf).*learning_rate: 1e\+29.*gradient_clip: 1"):
        TorchTrainer("cpu").fit(given)


def test_exploding_loss_is_a_failure_while_it_is_finite() -> None:
    given = task(40, optimizer="sgd", learning_rate=2.2, gradient_clip=0.0, target=VALUE, model=mlp(hidden_layers=[]))
    given = replace(given, settings=replace(given.settings, batch_size=100, epochs=100, early_stopping=NO_STOPPING))
    with pytest.raises(TrainingFailed, match=r"epoch [0-9]+ of 100: training loss [0-9.e+]+ \(after"):
        TorchTrainer("cpu").fit(given)


def test_inputs_that_are_not_scaled_are_named() -> None:
    given = task()
    inputs = given.train.inputs.copy()
    inputs[0, 0] = 3e38
    with pytest.raises(TrainingFailed, match=r"largest input is 3e\+38"):
        TorchTrainer("cpu").fit(with_train(given, Rows(inputs, given.train.targets)))


def test_interruption_names_the_epoch_and_puts_everything_back() -> None:
    watch = Onlooker(raises(KeyboardInterrupt(), 2))
    torch.set_num_threads(2)
    state = torch.get_rng_state()
    with pytest.raises(TrainingInterrupted, match="after epoch 2 of 9") as caught:
        TorchTrainer("cpu").fit(task(epochs=9), watch)
    assert isinstance(caught.value.__cause__, KeyboardInterrupt)
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.get_rng_state(), state)


def test_fit_and_predict_leave_threads_and_random_state_alone() -> None:
    seen: list[int] = []
    torch.set_num_threads(2)
    state = torch.get_rng_state()
    watch = Onlooker(lambda _: seen.append(torch.get_num_threads()))
    TorchTrainer("cpu").fit(task(model=mlp(dropout=0.5)), watch).predict(rows(3).inputs)
    assert seen == [1, 1, 1]
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.get_rng_state(), state)


def test_bytes_depend_on_the_seed_alone() -> None:
    given = task(model=mlp(dropout=0.3), seed=1)
    first = TorchTrainer("cpu").fit(given).state()
    torch.manual_seed(99)
    torch.set_num_threads(2)
    assert TorchTrainer("cpu").fit(given).state() == first
    other = replace(given, settings=replace(given.settings, seed=2))
    assert TorchTrainer("cpu").fit(other).state() != first


def test_progress_gets_every_epoch_as_it_stands_in_the_history() -> None:
    watch = Onlooker()
    history = TorchTrainer("cpu").fit(task(), watch).history
    assert watch.seen == [(epoch, 3) for epoch in history.epochs]
    assert watch.states == []
    assert [epoch.number for epoch in history.epochs] == [1, 2, 3]


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "cpu:3"])
def test_absent_device_is_refused_with_those_that_are_there(name: str) -> None:
    with pytest.raises(InvalidInput, match=rf"device '{name}' is not there; here: auto, .*cpu"):
        TorchTrainer(name)


@pytest.mark.parametrize("name", [None, "auto", "CPU"])
def test_device_is_chosen_or_named(name: str | None) -> None:
    assert "torch device" in TorchTrainer(name).fit(task(epochs=0)).provenance()


def _empty(given: FitTask) -> Rows:
    return Rows(given.train.inputs[:0], given.train.targets[:0])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: replace(t, train=_empty(t)), "train has 0 targets"),
        (lambda t: replace(t, validation=_empty(t)), "validation has 0 targets"),
        (lambda t: replace(t, feature_ids=("f0",)), "inputs of shape"),
        (lambda t: replace(t, feature_ids=()), "no features"),
        (lambda t: with_train(t, Rows(t.train.inputs, t.train.targets + 1)), "outside the classes 0 to 2"),
        (lambda t: replace(t, settings=replace(t.settings, loss="mse")), "'mse' does not fit classification"),
        (lambda t: replace(t, target=VALUE), "'cross_entropy' does not fit regression"),
        (lambda t: replace(t, model=mlp(hidden_layers=[0])), "hidden_layers 0 is out of bounds"),
        (lambda t: replace(t, model=mlp(hidden_layers=[2] * 65)), "65 layers are too many"),
        (lambda t: replace(t, model=mlp(dropout=1.0)), "dropout 1.0 is out of bounds"),
        (lambda t: replace(t, model=mlp(activation="rulu")), "did you mean 'relu'"),
        (lambda t: replace(t, model=mlp(size=3)), "architecture must name"),
    ],
)
def test_task_that_cannot_be_fitted_is_refused(spoil: Callable[[FitTask], FitTask], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        TorchTrainer("cpu").fit(spoil(task(target=CLASSES)))


def test_monitoring_accuracy_of_a_regression_is_refused() -> None:
    with pytest.raises(InvalidInput, match="val_accuracy needs classes"):
        TorchTrainer("cpu").fit(task(target=VALUE, early_stopping=EarlyStopping(monitor="val_accuracy")))

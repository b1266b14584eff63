"""Batches that take symbols in turn, and samples that are read out of one matrix."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from samples.fits import CLASSES, VALUE, rows, task, window_spec

from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.adapters.models.torch.loop import batch_sizes
from ktrdr.adapters.models.torch.losses import make_loss, make_shares
from ktrdr.adapters.models.torch.samples import Part, Series
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.domain.errors import InvalidInput

CPU = torch.device("cpu")
GROUPS = np.repeat(np.array([0, 2, 5], dtype=np.int32), [20, 7, 33])


def part_of(given):
    return Part.of(given, Series.of(given, CPU))


def grouped(**changes):
    return replace(rows(60), groups=GROUPS, **changes)


def test_every_batch_has_equal_shares_and_no_row_returns_before_all_were_there() -> None:
    part = part_of(grouped())
    order = part.shuffled(torch.Generator().manual_seed(1))
    assert len(order) == part.drawn == 60
    for batch in torch.split(order, batch_sizes(part.drawn, 6)):
        assert Counter(GROUPS[batch.numpy()].tolist()) == {0: 2, 2: 2, 5: 2}
    taken = Counter(order.tolist())
    of_small = [taken[row] for row in range(20, 27)]
    assert sum(of_small) == 20
    assert set(of_small) == {2, 3}
    assert [taken[row] for row in range(20)] == [1] * 20
    assert max(taken[row] for row in range(27, 60)) == 1


def test_a_new_epoch_is_a_new_order_and_seeds_decide_it() -> None:
    part = part_of(grouped())
    generator = torch.Generator().manual_seed(1)
    first, second = part.shuffled(generator), part.shuffled(generator)
    assert first.tolist() != second.tolist()
    assert first.tolist() == part.shuffled(torch.Generator().manual_seed(1)).tolist()


def test_samples_of_weight_0_are_left_out_of_their_group() -> None:
    weights = np.ones(60, dtype=np.float32)
    weights[20:25] = 0
    part = part_of(grouped(weights=weights))
    assert part.counts == (20, 2, 33)
    order = part.shuffled(torch.Generator().manual_seed(0))
    assert len(order) == 54


@pytest.mark.parametrize("target", [CLASSES, VALUE])
def test_a_fit_with_groups_is_fixed_by_its_seed(target) -> None:
    given = task(60, target=target)
    given = replace(given, train=replace(given.train, groups=GROUPS))
    one, two = TorchTrainer("cpu").fit(given), TorchTrainer("cpu").fit(given)
    assert one.state() == two.state()
    assert one.state() != TorchTrainer("cpu").fit(replace(given, train=replace(given.train, groups=None))).state()


def test_groups_must_be_sorted_and_one_per_target() -> None:
    given = task(60)
    for groups in (GROUPS[::-1].copy(), GROUPS[:-1]):
        with pytest.raises(InvalidInput, match="one group per target, ascending"):
            TorchTrainer("cpu").fit(replace(given, train=replace(given.train, groups=groups)))


@pytest.mark.parametrize("model", [None, window_spec("lstm")])
def test_rows_out_of_a_larger_matrix_are_fitted_as_if_they_stood_alone(model) -> None:
    alone = task(120, model=model)
    noise = np.full((9, 4), 1e9, dtype=np.float32)

    def inside(part):
        ends = np.arange(len(part.targets)) if part.ends is None else part.ends
        return replace(part, inputs=np.concatenate((noise, part.inputs, noise)), ends=ends + 9)

    pooled = replace(alone, train=inside(alone.train), validation=inside(alone.validation))
    one, two = TorchTrainer("cpu").fit(alone), TorchTrainer("cpu").fit(pooled)
    assert one.state() == two.state()
    assert one.history == two.history


def test_inputs_are_shared_and_left_as_they_were() -> None:
    given = task(120)
    matrix = given.train.inputs.copy()
    ends = np.arange(120)
    shared = replace(given, train=replace(given.train, inputs=matrix, ends=ends))
    part = part_of(shared.train)
    assert np.shares_memory(part.inputs.numpy(), matrix)
    TorchTrainer("cpu").fit(shared)
    np.testing.assert_array_equal(matrix, given.train.inputs)


def test_the_prior_of_groups_weighs_them_the_same() -> None:
    given = task(60, target=VALUE)
    fitted = PriorTrainer().fit(replace(given, train=replace(given.train, groups=GROUPS)))
    means = [given.train.targets[group == GROUPS].mean() for group in (0, 2, 5)]
    assert fitted.predict(given.train.inputs)[0] == pytest.approx(np.mean(means), rel=1e-6)


@pytest.mark.parametrize("of_class", [None, np.array([2.0, 0.5, 1.0])])
def test_weights_as_shares_give_the_loss_and_gradient_of_weights(of_class) -> None:
    given = task(70)
    weights = np.random.default_rng(0).uniform(0.1, 5, 70).astype(np.float32)
    given = replace(given, train=replace(given.train, weights=weights), class_weights=of_class)
    shares, loss = make_shares(given, CPU), make_loss(given, CPU)
    targets, sizes = torch.tensor(given.train.targets), [32, 32, 6]
    made = torch.split(shares(targets, torch.tensor(weights), sizes), sizes)
    for batch, (wanted, known) in enumerate(zip(made, torch.split(targets, sizes), strict=True)):
        outputs = torch.randn(sizes[batch], 3, generator=torch.Generator().manual_seed(batch), requires_grad=True)
        start = sum(sizes[:batch])
        one = loss(outputs, wanted, None)
        (gradient,) = torch.autograd.grad(one, outputs)
        plain = loss(outputs, known, torch.tensor(weights[start : start + sizes[batch]]))
        (expected,) = torch.autograd.grad(plain, outputs)
        assert one.item() == pytest.approx(plain.item(), rel=1e-6)
        torch.testing.assert_close(gradient, expected)


def test_other_losses_and_unweighted_samples_have_no_shares() -> None:
    weighted = replace(task(60), train=replace(task(60).train, weights=np.ones(60, dtype=np.float32)))
    assert make_shares(task(60), CPU) is None
    assert make_shares(replace(weighted, settings=replace(weighted.settings, loss="focal")), CPU) is None

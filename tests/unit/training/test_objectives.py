"""The losses, against hand-computed examples and their invariances."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.training import objectives
from engine.training.objectives import Proxies


def plane_proxies() -> Proxies:
    proxies = Proxies(2, 2)
    proxies.weight.data = torch.tensor([[3.0, 0.0], [0.0, 0.5]])
    return proxies


def test_hard_proxy_loss_by_hand() -> None:
    # Cosines 1 and 0; the margin leaves 0.85 for the right one: loss = log(1 + exp(-24 * 0.85)).
    loss = plane_proxies().hard(torch.tensor([[1.0, 0.0]]), torch.tensor([0])).detach()
    assert math.isclose(float(loss), math.log1p(math.exp(-24 * 0.85)), abs_tol=1e-6)


def test_soft_proxy_loss_by_hand() -> None:
    # On the diagonal both proxies are equally near, whatever the shares: loss = log 2.
    vector = torch.tensor([[math.sqrt(0.5), math.sqrt(0.5)]])
    loss = plane_proxies().soft(vector, torch.tensor([[0, 1]]), torch.tensor([[0.3, 0.7]])).detach()
    assert math.isclose(float(loss), math.log(2), abs_tol=1e-6)


def test_soft_proxy_loss_weighs_by_share() -> None:
    # On the first proxy: log(exp(24) + 1) less 24 times the share of the first owner.
    vector, labels = torch.tensor([[1.0, 0.0]]), torch.tensor([[0, 1]])
    for share in (0.3, 0.9):
        loss = plane_proxies().soft(vector, labels, torch.tensor([[share, 1 - share]])).detach()
        assert math.isclose(float(loss), math.log(math.exp(24) + 1) - 24 * share, abs_tol=1e-4)


def test_a_cell_without_an_owner_costs_nothing() -> None:
    vector = torch.tensor([[1.0, 0.0]])
    assert float(plane_proxies().soft(vector, torch.tensor([[-1, -1]]), torch.zeros(1, 2)).detach()) == 0.0


def test_part_loss_by_hand() -> None:
    # Instruments 0 and 1 play part 0, and there is no third stem: a vector on the diagonal is as near to either, log 2.
    # Part 1 has no stem, so where its vector points does not matter.
    diagonal = [math.sqrt(0.5), math.sqrt(0.5)]
    labels, energy = torch.tensor([[0, 1, -1]]), torch.tensor([1.0, 1.0, 0.0]).view(1, 3, 1, 1)
    part_of = torch.tensor([0, 0])
    for elsewhere in ([1.0, 0.0], [0.0, 1.0]):
        parts = torch.tensor([[diagonal, elsewhere]])
        loss = objectives.part_loss(parts, labels, energy, part_of, plane_proxies()).detach()
        assert math.isclose(float(loss), math.log(2), abs_tol=1e-6)


def test_mixtures_without_parts_have_no_part_loss() -> None:
    parts, energy = torch.ones(1, 2, 2), torch.ones(1, 1, 1, 1)
    loss = objectives.part_loss(parts, torch.tensor([[0]]), energy, torch.tensor([-1, -1]), plane_proxies())
    assert float(loss.detach()) == 0.0


def test_info_nce_by_hand() -> None:
    queries = torch.eye(2)
    loss = objectives.info_nce(queries, queries, torch.tensor([4, 5]), torch.tensor([4, 5]))
    assert math.isclose(float(loss), math.log1p(math.exp(-1 / objectives.TEMPERATURE)), abs_tol=1e-6)


def test_info_nce_leaves_out_queries_without_a_positive() -> None:
    queries, targets = torch.eye(3), torch.eye(3)[:2]
    with_stranger = objectives.info_nce(queries, targets, torch.tensor([0, 1, 9]), torch.tensor([0, 1]))
    assert torch.isfinite(with_stranger)


def test_unknown_families_do_not_count() -> None:
    logits = torch.randn(3, 19)
    assert float(objectives.family_loss(logits, torch.full((3,), -1))) == 0.0
    one = objectives.family_loss(logits, torch.tensor([-1, 4, -1]))
    torch.testing.assert_close(one, torch.nn.functional.cross_entropy(logits[1:2], torch.tensor([4])))


def random_slots(seed: int) -> tuple[dict[str, torch.Tensor], torch.Tensor, torch.Tensor, Proxies]:
    generator = torch.Generator().manual_seed(seed)
    proxies = Proxies(6, 8)
    slots = {
        "vectors": torch.nn.functional.normalize(torch.randn(1, 4, 8, generator=generator), dim=-1),
        "presence": torch.randn(1, 4, generator=generator),
        "family": torch.randn(1, 4, 19, generator=generator),
        "share": torch.randn(1, 4, 8, generator=generator),
        "activity": torch.randn(1, 4, 8, generator=generator),
        "sounding": torch.ones(1, 8, dtype=torch.bool),
    }
    labels = torch.tensor([[0, 3, 5]])
    energy = torch.rand(1, 3, 8, 2, generator=generator) + 0.01
    return slots, labels, energy, proxies


@given(st.permutations(range(3)), st.integers(0, 20))
def test_order_of_stems_does_not_matter(order: list[int], seed: int) -> None:
    slots, labels, energy, proxies = random_slots(seed)
    families = torch.tensor([0, 1, 2, 3, 4, 5])

    def losses(labels: torch.Tensor, energy: torch.Tensor) -> dict[str, torch.Tensor]:
        pairs = objectives.match(slots, labels, energy, proxies)
        return objectives.slot_losses(slots, labels, energy, families, proxies, pairs)

    straight, shuffled = losses(labels, energy), losses(labels[:, order], energy[:, order])
    for name, value in straight.items():
        assert torch.allclose(value, shuffled[name], atol=1e-5), name


def test_matching_finds_the_planted_assignment() -> None:
    slots, labels, energy, proxies = random_slots(0)
    directions = torch.nn.functional.normalize(proxies.weight.detach(), dim=-1)
    slots["vectors"] = directions[torch.tensor([5, 1, 0, 3])][None]
    slots["presence"][:] = 0.0
    slots["share"][:] = 0.0
    ((slot, stem),) = objectives.match(slots, labels, energy, proxies)
    assert dict(zip(stem.tolist(), slot.tolist(), strict=True)) == {0: 2, 1: 3, 2: 0}


def test_inaudible_stems_are_not_asked_for() -> None:
    slots, labels, energy, proxies = random_slots(1)
    energy[:, 1] *= 1e-6
    ((_, stem),) = objectives.match(slots, labels, energy, proxies)
    assert 1 not in stem.tolist()

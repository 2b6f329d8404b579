"""The published systems' losses, against examples computed by hand."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.training.methods.cir import full_triplet, mixture_info_nce
from engine.training.methods.csn import masked_triplet
from engine.training.methods.smti import permutation_invariant_cosine


class TestPermutationInvariantCosine:
    def test_by_hand(self) -> None:
        # Two stems, three outputs. Straight on, 1 - 0.6 and 1 - 0; the best assignment crosses: 1 - 0.8 and 1 - 1.
        outputs = torch.tensor([[[0.6, 0.8], [1.0, 0.0], [-1.0, 0.0]]])
        targets = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
        loss = permutation_invariant_cosine(outputs, targets, torch.tensor([[True, True]]))
        assert math.isclose(float(loss), 0.2 + 0.0, abs_tol=1e-6)

    def test_stems_that_are_not_there_cost_nothing(self) -> None:
        outputs = torch.tensor([[[0.6, 0.8], [0.8, 0.6]]])
        targets = torch.tensor([[[1.0, 0.0], [-1.0, 0.0]]])
        loss = permutation_invariant_cosine(outputs, targets, torch.tensor([[True, False]]))
        assert math.isclose(float(loss), 0.2, abs_tol=1e-6)

    def test_it_is_summed_over_stems_and_averaged_over_mixtures(self) -> None:
        outputs = torch.tensor([[[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]]])
        targets = torch.tensor([[[0.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 0.0]]])
        loss = permutation_invariant_cosine(outputs, targets, torch.ones((2, 2), dtype=torch.bool))
        assert math.isclose(float(loss), (2.0 + 0.0) / 2, abs_tol=1e-6)

    @given(st.permutations(range(4)), st.integers(0, 20))
    def test_the_order_of_outputs_does_not_matter(self, order: list[int], seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        outputs = torch.nn.functional.normalize(torch.randn(2, 4, 8, generator=generator), dim=-1)
        targets = torch.nn.functional.normalize(torch.randn(2, 3, 8, generator=generator), dim=-1)
        asked = torch.ones((2, 3), dtype=torch.bool)
        straight = permutation_invariant_cosine(outputs, targets, asked)
        torch.testing.assert_close(straight, permutation_invariant_cosine(outputs[:, order], targets, asked))


class TestFullTriplet:
    def test_by_hand(self) -> None:
        # One mixture at 0, its two sounds at 1 and 3 on a line, margin 1. Triplets (anchor, positive, negative):
        # (sound 1, mixture, sound 3): 1 - 2 + 1 = 0; (sound 3, mixture, sound 1): 3 - 2 + 1 = 2;
        # the mixture as anchor has both sounds for positives and no negative. Mean of 0 and 2.
        loss = full_triplet(torch.tensor([[1.0, 0.0], [3.0, 0.0]]), torch.tensor([[0.0, 0.0]]))
        assert math.isclose(float(loss), 1.0, abs_tol=1e-4)

    def test_two_mixtures_by_hand(self) -> None:
        # One sound each: mixture and sound of the first at 0 and 0, of the second at 5 and 5. Each of the four is an
        # anchor with one positive at distance 0 and two negatives at 5: 0 - 5 + 1 < 0, nothing to learn.
        sounds, mixtures = torch.tensor([[0.0], [5.0]]), torch.tensor([[0.0], [5.0]])
        assert float(full_triplet(sounds, mixtures)) == 0.0
        # With owners crossed every positive is at 5 and of the two negatives one is at 0, one at 5:
        # hinges 5 - 0 + 1 = 6 and 5 - 5 + 1 = 1, mean 3.5.
        assert math.isclose(float(full_triplet(sounds, mixtures.flip(0))), 3.5, abs_tol=1e-4)


def test_mixture_info_nce_by_hand() -> None:
    # Two mixtures at right angles, each with two sounds on its own axis: cosines 1 and 0, temperature 0.1.
    mixtures = torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    sounds = torch.tensor([[1.0, 0.0], [4.0, 0.0], [0.0, 1.0], [0.0, 0.5]])
    expected = math.log1p(math.exp(-10))
    assert math.isclose(float(mixture_info_nce(sounds, mixtures)), expected, rel_tol=1e-2)
    assert math.isclose(float(mixture_info_nce(sounds, mixtures.flip(0))), 10 + expected, rel_tol=1e-4)


class TestMaskedTriplet:
    def test_by_hand(self) -> None:
        # Two parts, one dimension each. Under mask 0 the positive is mix 0 at distance 0.1, the negative mix 1 at 0.5:
        # 0.1 - 0.5 + 0.2 < 0. Under mask 1 the positive is mix 1 at 0.4, the negative mix 0 at 0.3: 0.4 - 0.3 + 0.2.
        anchors = torch.zeros(1, 2, 1)
        sharing = torch.tensor([[[[0.1], [0.3]], [[0.5], [0.4]]]])
        assert math.isclose(float(masked_triplet(anchors, sharing)), (0.0 + 0.3) / 2, abs_tol=1e-4)

    @pytest.mark.parametrize("part", [0, 1, 2])
    def test_a_mask_hides_the_other_sub_spaces(self, part: int) -> None:
        anchors, sharing = torch.randn(4, 3, 8), torch.randn(4, 3, 3, 8)
        moved = sharing.clone().requires_grad_()
        hidden = masked_triplet(anchors, moved, margin=100.0)
        (gradient,) = torch.autograd.grad(hidden, moved)
        # Every sub-space of every mix counts under its own mask only, positives with twice a negative's weight.
        own = torch.linalg.vector_norm(gradient[:, part, part], dim=-1)
        other = torch.linalg.vector_norm(gradient[:, (part + 1) % 3, part], dim=-1)
        torch.testing.assert_close(own, 2 * other, rtol=1e-3, atol=1e-6)

"""The benchmark of the ear measures what it says."""

import pytest
import torch

from engine.encoder.ear import Ear
from engine.training import bench
from engine.training.architectures import AstBase, SmtiLarge, SmtiSmall


@pytest.mark.parametrize(
    ("kind", "answer", "millions"),
    # Sizes as published: ConvNeXt-small 50 million without its classifier, AST-base 86 million.
    [(SmtiSmall, 9 * 1024, (5, 15)), (SmtiLarge, 9 * 1024, (49, 60)), (AstBase, 768, (84, 90))],
)
def test_architectures_have_their_size_and_answer(kind: type, answer: int, millions: tuple[int, int]) -> None:
    network = kind().eval()
    assert millions[0] < sum(parameter.numel() for parameter in network.parameters()) / 1e6 < millions[1]
    with torch.inference_mode():
        assert network(torch.zeros(1, *kind.shape)).shape == (1, answer)


def test_rates_are_positive_and_ours_is_the_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "BATCH", 1)
    rows = bench.bench_ear(Ear.untrained())
    assert len(rows) == 6
    assert all(rate > 0 for _, rate, _ in rows)
    assert rows[0][2] == 1.0

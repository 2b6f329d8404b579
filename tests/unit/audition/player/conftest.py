"""A player, and an output that the test asks for blocks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.audition import line
from engine.audition.player import Player
from tests.unit.audition.player.stand_in import StandIn


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    StandIn.opened, StandIn.refuses, StandIn.while_opening = [], 0, lambda: None
    monkeypatch.setattr(line, "Output", StandIn)
    monkeypatch.setattr(line, "refresh", lambda: None)
    monkeypatch.setattr(line, "IDLE_SECONDS", 0.1)
    monkeypatch.setattr(line, "_SUPERVISION_SECONDS", 0.02)


@pytest.fixture
def a_player() -> Iterator[Player]:
    with Player() as made:
        yield made

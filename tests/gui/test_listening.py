"""What is heard when one thing is asked for before the last one has come, or does not come at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app import audio_files
from app.audio_files import Clip
from app.controllers.audition import POSITION_MILLISECONDS
from app.main_window import MainWindow
from app.models.columns import Row
from app.models.sonogram import MelPicture
from engine.errors import AudioError
from tests.gui.conftest import PATIENCE_MILLISECONDS, player_of, press, until


class Held:
    """What is decoded waits, from now on until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._decode, self._go_on = audio_files.clip, threading.Event()
        monkeypatch.setattr(audio_files, "clip", self._clip)

    def _clip(self, *place: object, **how: object) -> Clip:
        assert self._go_on.wait(PATIENCE_MILLISECONDS / 1000)
        return self._decode(*place, **how)  # type: ignore[arg-type]

    def let_go(self) -> None:
        self._go_on.set()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Held]]:
    made: list[Held] = []
    yield made
    for one in made:
        one.let_go()


def as_loop(row: Row) -> Row:
    return replace(row, sound=replace(row.sound, kind="loop"))


def test_a_sound_that_cannot_be_played_leaves_none_sounding(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    work, player = filled.workspace, player_of(filled)
    first, second = work.matches.rows[:2]
    work.auditioner.set_loop(True)
    work.listening.choose(as_loop(first))
    until(qtbot, lambda: work.auditioner.playing)
    work.listening.choose(replace(second, sound=replace(second.sound, path=str(tmp_path / "gone.wav"))))
    until(qtbot, filled.notice.isVisible)
    assert not work.auditioner.playing
    assert not player.playing, "what is said to be silent is silent"


def test_the_place_shown_is_not_that_of_the_sound_before(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, held: list[Held]
) -> None:
    work, player = filled.workspace, player_of(filled)
    work.listening.play_from(2.0)
    until(qtbot, lambda: work.auditioner.playing and (player.position_seconds or 0.0) > 2.0)
    held.append(Held(monkeypatch))
    work.listening.choose(as_loop(work.matches.rows[0]))
    qtbot.wait(4 * POSITION_MILLISECONDS)
    assert work.auditioner.loading
    assert work.auditioner.position == 0.0, "it is not heard yet"


def test_a_click_into_the_song_while_it_is_decoded_is_where_it_begins(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, held: list[Held]
) -> None:
    work, player = filled.workspace, player_of(filled)
    held.append(Held(monkeypatch))
    work.listening.play_from(0.0)
    assert work.auditioner.loading
    work.timeline.seek_asked.emit(5.0)
    held[0].let_go()
    until(qtbot, lambda: work.auditioner.playing)
    assert player.starts == [5.0]


def test_the_song_below_a_sound_follows_the_loop_switch(filled: MainWindow, qtbot: QtBot) -> None:
    work, player = filled.workspace, player_of(filled)
    press(qtbot, filled, "lo")
    filled.matches_panel.table.choose(0)
    until(qtbot, lambda: work.auditioner.playing and player.position_seconds is None)
    press(qtbot, filled, "l")
    until(qtbot, lambda: not work.auditioner.playing)
    assert player.bed_position_seconds is None, "it is heard to its end, and no more"


@pytest.mark.parametrize(("broken", "other"), [("close_up", 1), ("sound_picture", 0)])
def test_a_picture_that_cannot_be_drawn_says_why_in_its_own_place(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, broken: str, other: int
) -> None:
    def refuse(path: object, *_: object) -> MelPicture:
        raise AudioError("song.wav", "The drive is away.")

    filled.workspace.listening.autoplay = False
    monkeypatch.setattr(audio_files, broken, refuse)
    compare = filled.workspace.compare
    compare.show(None, None)
    row = filled.workspace.matches.rows[0]
    filled.matches_panel.table.choose(0)
    assert compare.sound == row.sound
    until(qtbot, lambda: (compare.reference, compare.candidate)[other] is not None and len(compare.failures) == 1)
    hints = [plate._hint for plate in filled.compare_panel.plates]
    assert "The drive is away." in hints[1 - other]
    assert hints[other] == ""


def test_a_chosen_sound_that_was_moved_is_played_where_it_lies_now(
    filled: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    work, panel, player = filled.workspace, filled.matches_panel, player_of(filled)
    panel.table.choose(0)
    until(qtbot, lambda: not work.auditioner.loading and not work.auditioner.playing)  # it has begun and ended
    assert len(player.played) == 1
    moved = tmp_path / "Moved.wav"
    assert panel.results is not None
    old = panel.results.rows[0]
    moved.write_bytes(Path(old.sound.path).read_bytes())
    rows = (replace(old, sound=replace(old.sound, path=str(moved))), *panel.results.rows[1:])
    work.matching.results_ready.emit(replace(panel.results, rows=rows))
    assert len(player.played) == 1, "nothing plays for that"
    press(qtbot, filled, " ")
    until(qtbot, lambda: len(player.played) == 2)
    assert work.auditioner.sound is not None
    assert work.auditioner.sound.path == str(moved)

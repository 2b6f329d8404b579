"""The chosen sound played on keys: those of the computer, and of MIDI keyboards."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from engine.errors import PlaybackError
from tests.gui.conftest import (
    pitched_row,
    player_of,
    press,
    until,
)


def key(qtbot: QtBot, window: MainWindow, kind: QEvent.Type, letter: str) -> None:
    event = QKeyEvent(kind, Qt.Key[f"Key_{letter}"], Qt.KeyboardModifier.NoModifier, letter.lower())
    QApplication.sendEvent(QApplication.focusWidget() or window, event)


def test_the_computer_keyboard_plays_the_sound_and_keeps_its_other_keys(filled: MainWindow, qtbot: QtBot) -> None:
    work, player = filled.workspace, player_of(filled)
    row = pitched_row(filled)
    filled.matches_panel.table.choose(work.matches.number_of(row.sound.id))
    until(qtbot, lambda: len(player.played) == 1 and not work.auditioner.loading)
    filled.actions_.typing.trigger()
    assert filled.transport.keyboard.text() == "Keys from C4"
    until(qtbot, lambda: bool(player.keys))
    name, _, root = player.keys[0]
    assert (name, root) == ("sound", pytest.approx(69 + 12 * np.log2(row.sound.pitch_hz / 440)))  # type: ignore[operator]
    key(qtbot, filled, QEvent.Type.KeyPress, "A")
    key(qtbot, filled, QEvent.Type.KeyPress, "W")
    key(qtbot, filled, QEvent.Type.KeyRelease, "A")
    key(qtbot, filled, QEvent.Type.KeyRelease, "W")
    key(qtbot, filled, QEvent.Type.KeyPress, "X")
    key(qtbot, filled, QEvent.Type.KeyPress, "K")
    until(qtbot, lambda: len(player.keys) == 6)
    assert player.keys[1:] == [
        ("press", 60, 0.8),
        ("press", 61, 0.8),
        ("release", 60),
        ("release", 61),
        ("press", 84, 0.8),
    ]
    assert work.auditioner.side == "B"
    qtbot.keyClick(QApplication.focusWidget() or filled, Qt.Key.Key_Down)
    assert work.listening.row != row, "other keys are what they were"
    filled.focus_search()
    qtbot.keyClicks(filled.matches_panel.search, "hawk")
    assert filled.matches_panel.search.text() == "hawk"
    filled.matches_panel.search.clear()
    filled.actions_.typing.trigger()
    until(qtbot, lambda: player.keys[-1] == ("release", 84))
    filled.matches_panel.table.setFocus()
    press(qtbot, filled, "l")
    assert work.auditioner.loop


def test_without_a_midi_system_the_menu_says_how_to_get_one(filled: MainWindow, qtbot: QtBot) -> None:
    def refuse() -> list[str]:
        raise PlaybackError("MIDI keyboards need the package python-rtmidi.")

    filled.workspace.backend.midi_inputs = refuse  # type: ignore[method-assign]
    filled.workspace.keyboard.read_inputs()
    until(qtbot, lambda: "python-rtmidi" in filled.workspace.keyboard.obstacle)
    filled.actions_.midi.actions()[-1].trigger()
    assert "python-rtmidi" in filled.notice.message.text()


class Keyboard:
    """The interface of `engine.audition.midi.MidiInput`."""

    def __init__(self, name: str) -> None:
        self.name, self.closed = name, False

    def close(self) -> None:
        self.closed = True


def test_a_midi_keyboard_is_chosen_remembered_and_missed(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    names = ["Keystation 49"]
    backend = work.backend
    backend.midi_inputs = lambda: list(names)  # type: ignore[method-assign]
    backend.midi_input = Keyboard  # type: ignore[method-assign,assignment]
    work.keyboard.read_inputs()
    until(qtbot, lambda: work.keyboard.inputs == names)
    filled.actions_.midi.actions()[1].trigger()
    until(qtbot, lambda: work.keyboard.input == "Keystation 49")
    assert filled.transport.keyboard.text() == "Keystation 49"
    assert filled.settings.midi_input == "Keystation 49"
    names.clear()
    work.keyboard.read_inputs()
    until(qtbot, filled.notice.isVisible)
    assert "Keystation 49 went away" in filled.notice.message.text()
    assert work.keyboard.input is None
    names.append("Keystation 49")
    work.keyboard.read_inputs()
    until(qtbot, lambda: work.keyboard.input == "Keystation 49")


def test_the_window_does_not_wait_for_a_midi_keyboard_that_closes(filled: MainWindow, qtbot: QtBot) -> None:
    """It closes only when the key that was struck last has found an output."""
    work, go_on = filled.workspace, threading.Event()

    class Waiting(Keyboard):
        def close(self) -> None:
            self.closed = go_on.wait(20.0)

    keyboard = Waiting("Keystation 49")
    work.backend.midi_inputs = lambda: ["Keystation 49"]  # type: ignore[method-assign]
    work.backend.midi_input = lambda name: keyboard  # type: ignore[method-assign,assignment,return-value]
    work.keyboard.choose_input("Keystation 49")
    until(qtbot, lambda: work.keyboard.input == "Keystation 49")
    held_before = len(player_of(filled).keys)
    work.keyboard.choose_input(None)
    assert work.keyboard.input is None
    assert not keyboard.closed
    go_on.set()
    until(qtbot, lambda: ("release all",) in player_of(filled).keys[held_before:])
    assert keyboard.closed

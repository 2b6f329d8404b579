"""Ranking by parts in the window: of the song, of a sound, several at once, and back to the slot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from engine.audio.facts import Facts
from engine.encoder.parts import hear_parts
from engine.library.content import content_digest
from engine.library.found import begin_scan, list_files
from engine.library.library import Library
from engine.library.results import Heard, set_fingerprint, write_outcomes
from engine.library.walk import FoundFile
from tests.gui.conftest import leftover_threads, make_window, tone, until, wait_until_quiet
from tests.gui.stand_in import RATE, StandInBackend, StandInEar

LOOPS = {"Bass": (180.0,), "Lead": (1600.0,), "Pad": (400.0,), "Bass and lead": (180.0, 1600.0), "Both": (180.0, 400.0)}


def fill(folder: Path, root_path: Path) -> None:
    """A library of loops of these tones, as a scan leaves it."""
    root_path.mkdir()
    ear, library = StandInEar(), Library.open(folder, create=True)
    database = library.catalog.database
    samples = {name: sum(tone(hz, 4.0) for hz in hertz) for name, hertz in LOOPS.items()}
    for name, wave in samples.items():
        soundfile.write(root_path / f"{name}.wav", wave, RATE)
    files = [root_path / f"{name}.wav" for name in LOOPS]
    root = library.catalog.add_root(root_path)
    found = [FoundFile(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    list_files(database, begin_scan(database), root.id, root.path, found)
    embeddings = ear.embed(list(samples.values()))
    facts = Facts(4.0, RATE, 1, -6.0, -14.0, "loop", None, 0.0, 120.0)
    order = list(LOOPS)
    outcomes = [
        Heard(
            sound.id,
            facts,
            "bass",
            0.9,
            ("bass",),
            (embeddings.vectors[order.index(sound.name)].astype(np.float16).tobytes(),),
            bytes(range(64)),
            sound.id.to_bytes(16, "big"),
            tuple(
                (part, v.astype(np.float16).tobytes()) for part, v in hear_parts([samples[sound.name]], ear)[0].items()
            ),
        )
        for sound in library.catalog.sounds()
    ]
    write_outcomes(
        database, ear.fingerprint, [replace(item, overview=bytes([n * 20] * 64)) for n, item in enumerate(outcomes)]
    )
    set_fingerprint(database, ear.fingerprint)
    library.close()


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, song: Path) -> Iterator[MainWindow]:
    """A window with the song heard, a bass and a lead, and loops in the library."""
    fill(tmp_path / "library", tmp_path / "Loops")
    window = make_window(StandInBackend(tmp_path / "library"), tmp_path / "settings.ini")
    work = window.workspace
    work.take([song])
    until(qtbot, lambda: work.reference.hearing is not None and work.reference.hearing.done)
    until(qtbot, lambda: (results := window.matches_panel.results) is not None and results.slot is not None)
    wait_until_quiet(qtbot, window)
    yield window
    window.close()
    assert leftover_threads() == []


def names(window: MainWindow) -> list[str]:
    return [row.sound.name for row in window.workspace.matches.rows]


def shows(window: MainWindow, *parts: str) -> bool:
    results = window.matches_panel.results
    return results is not None and results.parts == parts


def test_compare_shows_and_plays_where_the_chosen_part_is_heard(window: MainWindow, qtbot: QtBot) -> None:
    """Not where the slot is, which nothing is compared with then."""
    work, panel = window.workspace, window.compare_panel
    hearing = work.reference.hearing
    assert hearing is not None
    start, end = hearing.part_passages["other",]
    assert (start, end) != work.slots.slots[0].exposed_seconds
    assert panel.names[0].text() == "Reference · bass"
    qtbot.mouseClick(window.parts_panel.parts["other"].switch, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: shows(window, "other"))
    window.matches_panel.table.choose(0)
    assert panel.names[0].text() == "Reference · other"
    assert work.compare.stretch == work.listening.stretch
    work.listening.play_side("A")
    stretch = work.auditioner.stretch
    assert stretch is not None
    assert (stretch.start, stretch.end) == (start, end)
    work.timeline.set_region((9.0, 11.0))
    work.timeline.region_committed.emit()
    assert panel.names[0].text() == "Reference · region", "the part is best heard elsewhere"
    work.timeline.set_region(None)
    work.timeline.region_committed.emit()
    work.matching.leave()
    assert panel.names[0].text() == "Reference · bass"
    assert work.compare.stretch == work.listening.stretch


def test_of_several_parts_compare_shows_where_they_sound_together(window: MainWindow, qtbot: QtBot) -> None:
    work, caption = window.workspace, window.compare_panel.names[0]
    parts = work.matching.parts
    bass, lead = tone(180.0, 5.0), tone(1600.0, 5.0)
    heard = hear_parts([bass, lead], StandInEar())
    vectors = {**heard[0], **heard[1]}
    alone: dict[tuple[str, ...], tuple[float, float]] = {("bass",): (0.0, 5.0), ("other",): (6.0, 11.0)}
    parts.set_heard(vectors, done=True, passages={**alone, ("bass", "other"): (2.5, 7.5)})
    parts.toggle("bass")
    parts.toggle("other")
    until(qtbot, lambda: shows(window, "bass", "other"))
    window.matches_panel.table.choose(0)
    assert caption.text() == "Bass and other"
    assert caption.toolTip() == "Reference · bass and other"
    assert caption.fontMetrics().horizontalAdvance(caption.text()) <= caption.width(), "not cut"
    work.listening.play_side("A")
    assert work.auditioner.stretch == work.compare.stretch == work.listening.stretch
    assert work.auditioner.stretch is not None
    assert (work.auditioner.stretch.start, work.auditioner.stretch.end) == (2.5, 7.5)

    parts.set_heard(vectors, done=True, passages=alone)
    assert caption.text() == "Bass without other", "they never sound at once"
    assert work.compare.stretch is not None
    assert work.compare.stretch.start == 0.0
    parts.set_weight("other", 8)
    assert caption.text() == "Other without bass"
    assert work.compare.stretch.start == 6.0
    parts.toggle("bass")
    assert caption.text() == "Reference · other"


def test_one_click_ranks_and_another_leads_back(window: MainWindow, qtbot: QtBot) -> None:
    panel, matches = window.parts_panel, window.matches_panel
    assert panel.isVisible()
    assert {part: widget.switch.isEnabled() for part, widget in panel.parts.items()} == {
        "drums": False, "bass": True, "keys": False, "guitar": False, "other": True,
    }  # fmt: skip
    assert "No drums" in panel.parts["drums"].switch.toolTip()
    assert panel.hint.text() == "2 made out"
    qtbot.mouseClick(panel.parts["other"].switch, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: shows(window, "other"))
    assert set(names(window)[:2]) == {"Lead", "Bass and lead"}
    assert set(names(window)) == set(LOOPS) - {"Bass"}, "what lacks the part is not found"
    assert matches.subject.text() == "by other"
    assert not matches.chip.isVisible()
    assert matches.footer.text() == "A rough order."
    assert "rough" in panel.parts["other"].switch.toolTip()
    assert not panel.parts["other"].slider.isVisible()
    assert matches.back.accessibleName() == "Back to slot 1: bass"
    qtbot.mouseClick(panel.parts["other"].switch, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: (r := matches.results) is not None and r.slot is not None)
    assert matches.subject.text() == "for slot 1: bass"
    assert not window.matches_panel._way_back.isVisible()


def test_the_song_is_no_match_of_itself(window: MainWindow, qtbot: QtBot, song: Path) -> None:
    work = window.workspace
    with work.backend.library().catalog.database.write() as connection:
        connection.execute("UPDATE sounds SET content = ? WHERE name = 'Bass and lead'", (content_digest(song),))
    work.matching.refresh()
    until(qtbot, lambda: set(names(window)) == set(LOOPS) - {"Bass and lead"})
    qtbot.mouseClick(window.parts_panel.parts["other"].switch, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: shows(window, "other"))
    assert set(names(window)) == set(LOOPS) - {"Bass", "Bass and lead"}
    qtbot.mouseClick(window.parts_panel.parts["other"].switch, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.matches_panel.results.slot is not None)

    with work.backend.library().catalog.database.write() as connection:
        connection.execute("UPDATE sounds SET content = ?", (content_digest(song),))
    work.matching.refresh()
    until(qtbot, lambda: names(window) == [])
    assert window.matches_panel._empty.title.text() == "No other sound"


def test_several_parts_are_weighed(window: MainWindow, qtbot: QtBot) -> None:
    actions, panel = window.actions_.part_actions.of_reference, window.parts_panel
    actions["bass"].trigger()
    until(qtbot, lambda: shows(window, "bass"))
    actions["other"].trigger()
    until(qtbot, lambda: shows(window, "bass", "other"))
    assert names(window) == ["Bass and lead", "Both"]
    assert [widget.slider.isVisible() for widget in panel.parts.values()] == [False, True, False, False, True]
    assert panel.parts["bass"].share.text() == "50 %"
    even = window.workspace.matches.rows[1].similarity
    panel.parts["bass"].slider.setFocus()
    qtbot.keyClick(panel.parts["bass"].slider, Qt.Key.Key_Right, delay=5)
    until(qtbot, lambda: (window.workspace.matches.rows[1].similarity or 0) > (even or 0))
    assert panel.parts["bass"].slider.accessibleName() == "Weight of bass: 55 %"
    window.matches_panel.table.choose(0)
    until(qtbot, lambda: [reason.words for reason in window.compare_panel.reasons][:3] == ["Overall", "Bass", "Other"])
    actions["bass"].trigger()
    until(qtbot, lambda: shows(window, "other"))


@pytest.mark.parametrize("way", ["backspace", "number", "click"])
def test_ways_back_to_the_slot(window: MainWindow, qtbot: QtBot, way: str) -> None:
    window.actions_.part_actions.of_reference["bass"].trigger()
    until(qtbot, lambda: shows(window, "bass"))
    match way:
        case "backspace":
            assert window.actions_.back.isEnabled()
            window.actions_.back.trigger()
        case "number":
            qtbot.keyClick(window, Qt.Key.Key_1)
        case "click":
            slots = window.slots_panel.list
            place = slots.visualRect(slots.model().index(0, 0)).center()
            qtbot.mouseClick(slots.viewport(), Qt.MouseButton.LeftButton, pos=place)
    until(qtbot, lambda: (r := window.matches_panel.results) is not None and r.slot is not None and not r.parts)
    assert not window.parts_panel.parts["bass"].switch.isChecked()
    assert window.chosen_slot_row() == 0


def test_similar_by_a_part_of_a_sound(window: MainWindow, qtbot: QtBot) -> None:
    work, actions = window.workspace, window.actions_.part_actions
    window.actions_.part_actions.of_reference["bass"].trigger()
    until(qtbot, lambda: shows(window, "bass"))
    assert not actions.similar.menuAction().isEnabled()
    window.matches_panel.table.choose(
        work.matches.number_of(next(r.sound.id for r in work.matches.rows if r.sound.name == "Both"))
    )
    until(qtbot, lambda: work.matching.sound_parts == ("bass", "other"))
    window.actions_.popup_for_sound(QPoint(10, 10))
    menu = QApplication.activePopupWidget()
    assert menu is not None
    menu.close()
    assert [part for part, action in actions.of_sound.items() if action.isEnabled()] == ["bass", "other"]
    actions.of_sound["other"].trigger()
    until(qtbot, lambda: (r := window.matches_panel.results) is not None and r.sound is not None)
    assert window.matches_panel.subject.text() == "to Both by other"
    assert set(names(window)[:2]) == {"Both", "Pad"}
    assert window.compare_panel.names[0].text() == "Original · Both by other"
    assert window.matches_panel.back.accessibleName() == "Back to parts: bass"
    window.actions_.back.trigger()
    until(qtbot, lambda: shows(window, "bass") and window.matches_panel.results.sound is None)  # type: ignore[union-attr]


def test_another_song_has_other_parts(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.actions_.part_actions.of_reference["bass"].trigger()
    until(qtbot, lambda: shows(window, "bass"))
    path = tmp_path / "Only a lead.wav"
    soundfile.write(path, tone(1600.0, 6.0), RATE)
    work = window.workspace
    work.take([path])
    until(qtbot, lambda: work.reference.path == path)
    assert work.matching.parts.weights == {}
    until(qtbot, lambda: work.reference.hearing is not None and work.reference.hearing.done)
    assert list(work.matching.parts.heard) == ["other"]
    assert window.parts_panel.parts["other"].switch.isEnabled()
    assert not window.parts_panel.parts["bass"].switch.isEnabled()
    until(qtbot, lambda: (r := window.matches_panel.results) is not None and r.slot is not None and not r.parts)


def test_a_chosen_part_waits_while_the_song_is_heard_again(window: MainWindow, qtbot: QtBot) -> None:
    choice, vector = window.workspace.matching.parts, np.ones(StandInEar.dimension, np.float32)
    choice.toggle("other")
    until(qtbot, lambda: shows(window, "other"))
    choice.set_heard({"bass": vector}, done=False)
    assert choice.weights == {}
    choice.set_heard({"bass": vector, "other": vector}, done=False)
    assert list(choice.weights) == ["other"]
    choice.set_heard({"bass": vector}, done=False)
    choice.leave()
    choice.set_heard({"bass": vector, "other": vector}, done=True)
    assert choice.weights == {}, "what waited was not chosen when the way back was asked for"


def test_a_chosen_part_that_is_not_made_out_again_is_let_go_of(window: MainWindow, qtbot: QtBot) -> None:
    choice, vector = window.workspace.matching.parts, np.ones(StandInEar.dimension, np.float32)
    choice.toggle("other")
    choice.set_heard({"bass": vector}, done=True)
    choice.set_heard({"bass": vector, "other": vector}, done=True)
    assert choice.weights == {}


def test_a_library_without_loops_says_so(filled: MainWindow, qtbot: QtBot) -> None:
    filled.actions_.part_actions.of_reference["bass"].trigger()
    until(qtbot, lambda: shows(filled, "bass"))
    assert filled.matches_panel.results is not None
    assert "no loops" in filled.matches_panel.results.obstacle
    assert filled.matches_panel._stack.currentWidget() is filled.matches_panel._empty
    assert filled.workspace.matches.rowCount() == 0


def test_every_part_chosen_has_room_in_the_smallest_window(window: MainWindow, qtbot: QtBot) -> None:
    choice = window.workspace.matching.parts
    choice.set_heard(dict.fromkeys(window.parts_panel.parts, np.ones(StandInEar.dimension, np.float32)), done=True)
    for part in window.parts_panel.parts:
        choice.toggle(part)
    window.resize(window.minimumSize())
    until(qtbot, lambda: window.width() <= 960)
    panel = window.parts_panel
    assert panel.height() == panel.minimumHeight(), "nothing squeezes it"
    until(qtbot, lambda: panel.minimumSizeHint().width() <= window.minimumWidth())
    last = panel.parts["other"]
    assert last.mapTo(window, QPoint(last.width(), 0)).x() <= window.width()
    until(qtbot, lambda: len(r.parts) == 5 if (r := window.matches_panel.results) is not None else False)
    assert window.matches_panel.model.rowCount() == 0

"""Slots changed by hand: at once, for the results too, and back again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QPersistentModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QContextMenuEvent, QImage
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from app.controllers.region_slot import NO_REGION, SILENT
from app.controllers.slots import SlotEditor
from app.main_window import MainWindow
from app.models.slots import SlotsModel
from app.panels.slots import SlotDelegate, SlotList
from engine.families import FAMILIES
from engine.matching.slots import Passage, Slot
from tests.gui.conftest import until
from tests.gui.test_models import hearing, make_slot

Mode = QAbstractItemModelTester.FailureReportingMode


def slot_at(number: int, confidence: float, axis: int, family: str = "bass"):  # type: ignore[no-untyped-def]
    slot = make_slot(number, confidence, family)
    return type(slot)(**{**vars(slot), "vectors": np.eye(4, dtype=np.float32)[[axis]]})


@pytest.fixture
def model(qapp: object) -> SlotsModel:
    model = SlotsModel()
    QAbstractItemModelTester(model, Mode.Fatal, model)
    model.set_hearing(hearing(slot_at(1, 0.9, 0), slot_at(2, 0.8, 1, "keys"), slot_at(3, 0.4, 2, "pad")))
    return model


@pytest.fixture
def editor(model: SlotsModel) -> SlotEditor:
    return SlotEditor(model, model)


def words(model: SlotsModel) -> list[str]:
    return [model.index(row).data() for row in range(model.rowCount())]


def test_every_change_can_be_undone_and_done_again(model: SlotsModel, editor: SlotEditor) -> None:
    states = [words(model)]
    editor.rename(0, "  Deep   bass ")
    states.append(words(model))
    editor.set_family(2, "strings")
    states.append(words(model))
    editor.merge(0, 1)
    states.append(words(model))
    editor.hide(1)
    states.append(words(model))
    assert states == [
        ["bass", "keys", "pad?"],
        ["Deep bass", "keys", "pad?"],
        ["Deep bass", "keys", "strings"],
        ["Deep bass", "strings"],
        ["Deep bass"],
    ]
    assert editor.stack.undoText() == "Hide strings"
    for state in reversed(states[:-1]):
        editor.stack.undo()
        assert words(model) == state
    for state in states[1:]:
        editor.stack.redo()
        assert words(model) == state
    editor.show_hidden()
    assert words(model) == states[3]


def test_what_changes_nothing_leaves_nothing_to_undo(model: SlotsModel, editor: SlotEditor) -> None:
    editor.rename(0, "bass")
    editor.rename(7, "nobody")
    editor.set_family(1, None)
    editor.merge(1, 1)
    editor.show_hidden()
    assert not editor.stack.canUndo()


def test_edits_hold_while_the_song_is_still_being_heard(model: SlotsModel, editor: SlotEditor) -> None:
    chosen = QPersistentModelIndex(model.index(2))
    editor.set_family(2, "strings")
    editor.merge(0, 1)
    model.set_hearing(
        hearing(slot_at(3, 0.95, 2, "pad"), slot_at(1, 0.9, 0), slot_at(2, 0.8, 1), slot_at(4, 0.7, 3, "fx"), done=True)
    )
    assert words(model) == ["bass", "strings", "fx"], "nothing jumps once something was changed by hand"
    assert model.slot(chosen.row()).id == 3  # type: ignore[union-attr]
    merged = model.slots[0]
    assert merged.vectors.shape == (2, 4)


def in_two_passages(number: int, confidence: float, axes: tuple[int, int]) -> Slot:
    """A slot of 4 s that was heard as a bass in its first half and as keys in its second."""
    families = np.eye(len(FAMILIES), dtype=np.float32)[[FAMILIES.index("bass"), FAMILIES.index("keys")]]
    return replace(
        make_slot(number, confidence, "bass"),
        vectors=np.eye(4, dtype=np.float32)[list(axes)],
        exposure=np.ones(40, np.float32),
        passages=(Passage(1.0, families[0]), Passage(3.0, families[1])),
    )


def test_a_slot_is_split_merged_and_split_again(model: SlotsModel, editor: SlotEditor) -> None:
    model.set_hearing(hearing(in_two_passages(1, 0.9, (0, 1)), slot_at(2, 0.8, 2, "pad")))
    assert (editor.can_split(0), editor.can_split(1), editor.can_split(9)) == (True, False, False)
    editor.split(1)
    assert not editor.stack.canUndo()
    editor.toggle_pinned(0)
    editor.split(0)
    assert words(model) == ["bass", "keys", "pad"]
    assert [model.index(row).data(SlotsModel.PINNED_ROLE) for row in range(3)] == [True, True, False]
    assert [slot.activity for slot in model.slots[:2]] == [((0.0, 2.0),), ((2.0, 4.0),)]

    editor.rename(1, "Rhodes")
    model.set_hearing(hearing(slot_at(2, 0.95, 2, "pad"), in_two_passages(1, 0.9, (0, 1)), done=True))
    assert words(model) == ["bass", "Rhodes", "pad"], "split while it is still heard"
    editor.merge(2, 1)
    assert words(model) == ["bass", "pad"]
    assert editor.can_split(1)
    editor.split(1)
    assert words(model) == ["bass", "Rhodes", "pad"], "what was merged comes apart as it was"
    while editor.stack.canUndo():
        editor.stack.undo()
    assert words(model) == ["bass", "pad"]


def test_a_split_slot_that_is_kept_stays_in_two(model: SlotsModel, editor: SlotEditor) -> None:
    model.set_hearing(hearing(in_two_passages(1, 0.9, (0, 1))))
    editor.toggle_pinned(0)
    editor.split(0)
    model.forget_heard()
    assert words(model) == ["bass", "keys"]
    model.set_hearing(hearing(slot_at(1, 0.9, 1, "organ"), slot_at(2, 0.8, 3, "fx")))
    assert words(model) == ["bass", "keys", "fx"]


def test_a_pinned_slot_stays_when_the_song_is_heard_again(model: SlotsModel, editor: SlotEditor) -> None:
    editor.rename(1, "Rhodes")
    editor.toggle_pinned(1)
    model.set_muted(1, True)
    model.forget_heard()
    assert words(model) == ["Rhodes"]
    model.set_hearing(hearing(slot_at(1, 0.99, 3, "fx"), slot_at(2, 0.5, 1, "organ"), done=True))
    assert words(model) == ["Rhodes", "fx"], "the same instrument is not listed twice"
    assert model.muted(model.slots[0].id)
    assert model.index(0).data(SlotsModel.PINNED_ROLE)
    editor.toggle_pinned(0)
    model.forget_heard()
    assert words(model) == []


def test_names_are_spoken_with_what_they_are(model: SlotsModel, editor: SlotEditor) -> None:
    editor.rename(1, "Rhodes")
    editor.toggle_pinned(1)
    assert model.index(1).data(Qt.ItemDataRole.AccessibleTextRole) == "Slot 2: Rhodes, keys, 80% sure, pinned"


def test_a_slot_is_renamed_where_it_stands(filled: MainWindow, qtbot: QtBot) -> None:
    filled.actions_.slot_actions.rename.trigger()
    field = filled.slots_panel.list.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    assert field.selectedText() == "bass"
    qtbot.keyClicks(field, "Sub 1 gal")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    until(qtbot, lambda: words(filled.workspace.slots) == ["Sub 1 gal", "lead"])
    until(qtbot, lambda: filled.matches_panel.subject.text() == "for slot 1: Sub 1 gal")
    filled.actions_.undo.trigger()
    until(qtbot, lambda: filled.matches_panel.subject.text() == "for slot 1: bass")


def test_a_name_that_is_being_typed_stays_while_the_song_is_heard(model: SlotsModel, qtbot: QtBot) -> None:
    rows = SlotList(model)
    qtbot.addWidget(rows)
    rows.show()
    rows.setCurrentIndex(model.index(0))
    rows.edit(model.index(0))
    field = rows.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    assert field.selectedText() == "bass"
    qtbot.keyClicks(field, "Su")
    model.set_hearing(hearing(slot_at(1, 0.95, 0), slot_at(2, 0.8, 1, "keys"), slot_at(3, 0.5, 2, "pad")))
    model.set_listening(2)
    model.set_muted(0, True)
    qtbot.keyClicks(field, "b")
    assert field.text() == "Sub"


def test_a_family_by_hand_ranks_anew_at_once(filled: MainWindow, qtbot: QtBot) -> None:
    rows = filled.workspace.matches
    assert rows.rows[0].sound.family == "bass"
    family = filled.actions_.slot_actions.family
    family.aboutToShow.emit()
    next(action for action in family.actions() if action.text() == "lead").trigger()
    until(qtbot, lambda: [row.sound.family for row in rows.rows[:4]] == ["lead"] * 4)
    assert filled.matches_panel.chip.text() == "lead"
    family.aboutToShow.emit()
    assert [action.text() for action in family.actions() if action.isChecked()] == ["lead"]
    filled.actions_.undo.trigger()
    until(qtbot, lambda: rows.rows[0].sound.family == "bass")


def test_merging_and_hiding_from_the_menu(filled: MainWindow, qtbot: QtBot) -> None:
    actions, model = filled.actions_.slot_actions, filled.workspace.slots
    actions.merge.aboutToShow.emit()
    assert [action.text() for action in actions.merge.actions()] == ["2  lead"]
    actions.merge.actions()[0].trigger()
    assert words(model) == ["bass"]
    assert not actions.merge.menuAction().isEnabled()
    filled.actions_.undo.trigger()
    assert words(model) == ["bass", "lead"]
    actions.hide.trigger()
    assert words(model) == ["lead"]
    assert filled.slots_panel.count.text() == "1 heard, 1 hidden"
    until(qtbot, lambda: filled.matches_panel.subject.text() == "for slot 1: lead")
    actions.show_hidden.trigger()
    assert words(model) == ["bass", "lead"]


def test_the_row_has_the_menu_too(filled: MainWindow, qtbot: QtBot) -> None:
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(10, 10), QPoint(10, 10))
    QApplication.sendEvent(filled.slots_panel.list.viewport(), event)
    menu = QApplication.activePopupWidget()
    assert menu is not None
    menu.close()


def test_pinned_slots_survive_hearing_a_region_but_not_another_song(
    filled: MainWindow, qtbot: QtBot, sounds: Path
) -> None:
    work = filled.workspace
    filled.slots_panel.choose(1)
    filled.actions_.slot_actions.pin.trigger()
    work.slot_editor.hear_again(work.reference, (0.0, 3.0))  # the lead begins later
    assert words(work.slots) == ["lead"]
    until(qtbot, lambda: work.reference.hearing is not None and work.reference.hearing.done)
    assert words(work.slots) == ["lead", "bass"]
    left: list[list[str]] = []
    work.reference.opened.connect(lambda: left.append(words(work.slots)))
    work.open_song(sounds / "Bass" / "Bass 03.wav")
    until(qtbot, lambda: left == [[]])


def test_hearing_anew_is_undone_with_all_that_was_done_by_hand(filled: MainWindow, qtbot: QtBot) -> None:
    work, undo, redo = filled.workspace, filled.actions_.undo, filled.actions_.redo
    work.slot_editor.rename(0, "My riff")
    work.slots.set_muted(1, True)
    work.timeline.set_region((5.0, 8.0))
    filled.actions_.hear_region.trigger()
    until(qtbot, lambda: work.reference.hearing is not None and work.reference.hearing.done)
    anew = words(work.slots)
    assert sorted(anew) == ["bass", "lead"]
    assert undo.text() == "Undo Hear the region"
    work.slot_editor.rename(1, "Solo")
    undo.trigger()
    undo.trigger()
    assert words(work.slots) == ["My riff", "lead"]
    assert work.slots.muted(work.slots.slots[1].id)
    assert work.reference.heard_region is None
    undo.trigger()
    assert words(work.slots) == ["bass", "lead"]
    for _ in range(3):
        redo.trigger()
    assert words(work.slots) == [anew[0], "Solo"]
    assert work.reference.heard_region == (5.0, 8.0)
    assert work.reference.hearing_job is None, "nothing is heard a second time"


def test_a_song_that_is_opened_again_has_its_slots_as_they_were_left(
    filled: MainWindow, qtbot: QtBot, sounds: Path, song: Path, tmp_path: Path
) -> None:
    work, ours = filled.workspace, tmp_path / "ours.wav"
    shutil.copy(song, ours)

    def open_song(path: Path) -> None:
        work.open_song(path)
        until(qtbot, lambda: work.reference.path == path)
        until(qtbot, lambda: work.reference.hearing is not None and work.reference.hearing.done)

    open_song(ours)
    heard = work.reference.hearing
    work.slot_editor.rename(0, "My riff")
    open_song(sounds / "Bass" / "Bass 03.wav")
    assert not filled.actions_.undo.isEnabled()
    open_song(ours)
    assert words(work.slots) == ["My riff", "lead"]
    assert work.reference.hearing is heard
    open_song(sounds / "Bass" / "Bass 03.wav")
    shutil.copy(sounds / "Bass" / "Bass 04.wav", ours)
    open_song(ours)
    assert "My riff" not in words(work.slots), "it is another song by now"


def test_a_slot_is_made_of_a_region_and_taken_back(filled: MainWindow, qtbot: QtBot) -> None:
    work, action = filled.workspace, filled.actions_.region_slot
    action.trigger()
    assert filled.notice.message.text() == NO_REGION
    work.timeline.set_region((1.0, 3.0))
    qtbot.mouseClick(filled.header.region_slot, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: words(work.slots) == ["bass", "lead", "bass"])
    assert not filled.notice.isVisible()
    made = work.slots.slots[2]
    assert made.exposed_seconds == (1.0, 3.0)
    assert filled.slots_panel.row == 2
    assert work.slots.index(2).data(SlotsModel.PINNED_ROLE)
    until(qtbot, lambda: filled.matches_panel.subject.text() == "for slot 3: bass")
    assert work.matches.rows[0].sound.family == "bass"
    assert work.slot_editor.stack.undoText() == "Add bass"
    filled.actions_.undo.trigger()
    assert words(work.slots) == ["bass", "lead"]
    filled.actions_.redo.trigger()
    filled.slots_panel.choose(2)
    filled.actions_.slot_actions.hide.trigger()
    filled.actions_.undo.trigger()
    work.slot_editor.hear_again(work.reference, (5.0, 8.0))
    assert words(work.slots) == ["bass"], "what was made by hand stays when the song is heard again"
    until(qtbot, lambda: work.reference.hearing is not None and work.reference.hearing.done)
    assert words(work.slots) == ["bass", "lead"], "and the ear's bass is the same instrument"


def test_two_slots_by_hand_are_two(model: SlotsModel, editor: SlotEditor) -> None:
    editor.add(slot_at(1, 1.0, 3, "fx"))
    editor.add(slot_at(1, 1.0, 3, "voice"))
    assert words(model) == ["bass", "keys", "pad?", "fx", "voice"]
    assert len({slot.id for slot in model.slots}) == 5
    editor.merge(3, 4)
    assert words(model) == ["bass", "keys", "pad?", "fx"]
    editor.stack.undo()
    editor.stack.undo()
    assert words(model) == ["bass", "keys", "pad?", "fx"]
    model.forget_heard()
    assert words(model) == ["fx"]


def test_a_slot_by_hand_is_ranked_for_even_where_parts_were(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    filled.actions_.part_actions.of_reference["bass"].trigger()
    until(qtbot, lambda: (results := filled.matches_panel.results) is not None and bool(results.parts))
    filled.actions_.region_slot.trigger()
    assert filled.notice.message.text() == NO_REGION
    work.timeline.set_region((1.0, 3.0))
    work.timeline.region_committed.emit()
    assert not filled.notice.isVisible(), "there is a region now"
    filled.actions_.region_slot.trigger()
    until(qtbot, lambda: filled.matches_panel.subject.text() == "for slot 3: bass")


def test_another_song_ends_the_hearing_of_a_region(filled: MainWindow, qtbot: QtBot, sounds: Path) -> None:
    work = filled.workspace
    work.timeline.set_region((1.0, 3.0))
    filled.actions_.region_slot.trigger()
    assert "Hearing the region" in filled.notice.message.text()
    work.open_song(sounds / "Bass" / "Bass 03.wav")
    until(qtbot, lambda: not filled.notice.isVisible())


def test_a_slot_by_hand_is_not_left_out_because_an_earlier_one_was(model: SlotsModel, editor: SlotEditor) -> None:
    editor.add(slot_at(1, 1.0, 3, "fx"))
    model.set_muted(3, True)
    editor.stack.undo()
    editor.add(slot_at(1, 1.0, 3, "voice"))
    assert not model.muted(model.slots[3].id)


def test_a_silent_region_makes_no_slot(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    samples = np.concatenate((np.zeros(16_000 * 4), 0.3 * np.sin(np.arange(16_000 * 4) / 10))).astype(np.float32)
    soundfile.write(tmp_path / "late.wav", samples, 16_000)
    window.workspace.take([tmp_path / "late.wav"])
    until(qtbot, lambda: (hearing := window.workspace.reference.hearing) is not None and hearing.done)
    rows = window.workspace.slots.rowCount()
    window.workspace.timeline.set_region((0.5, 3.0))
    window.workspace.region_slot.make()
    until(qtbot, lambda: window.notice.message.text() == SILENT)
    assert window.workspace.slots.rowCount() == rows


def test_the_menu_has_the_slots_there_are(filled: MainWindow, qtbot: QtBot) -> None:
    work, actions = filled.workspace, filled.actions_

    def listed() -> list[str]:
        return [action.text() for action in actions.slots if action.isVisible()]

    rows = work.slots.rowCount()
    assert 2 <= rows < len(actions.slots)
    assert listed() == [f"Slot {row + 1}: {work.slots.word(slot)}" for row, slot in enumerate(work.slots.slots)]
    work.slot_editor.rename(0, "Sub & kick")
    assert listed()[0] == "Slot 1: Sub && kick"
    work.slot_editor.hide(0)
    assert len(listed()) == rows - 1
    work.reference.close()
    assert listed() == []


def test_in_a_narrow_spine_a_pin_takes_nothing_from_the_name(filled: MainWindow, qtbot: QtBot) -> None:
    filled.resize(960, 600)
    editor, slots = filled.workspace.slot_editor, filled.slots_panel.list
    until(qtbot, lambda: slots.width() < SlotDelegate.ROOMY)
    editor.rename(0, "Opening chords")
    filled.slots_panel.choose(1)

    def pictured(left: int, right: int) -> QImage:
        row = slots.visualRect(slots.model().index(0, 0))
        return slots.viewport().grab(QRect(left, row.top(), right - left, row.height())).toImage()

    name = (SlotDelegate.NAME_LEFT, slots.width())
    before, number = pictured(*name), pictured(0, 30)
    editor.toggle_pinned(0)
    assert pictured(*name) == before, "the name is as long as it was"
    assert pictured(0, 30) != number, "and the pin is to be seen"
    editor.rename(0, "Sub")
    assert pictured(0, 30) == number, "beside a short name there is room for it"


def test_mute_is_pressed_twice_in_a_hurry(filled: MainWindow, qtbot: QtBot) -> None:
    slots, pressed = filled.slots_panel.list, []
    slots.mute_pressed.connect(pressed.append)
    mute = SlotDelegate(slots).boxes(slots.visualRect(slots.model().index(0, 0)))[1]
    for click in (qtbot.mouseClick, qtbot.mouseDClick):
        click(slots.viewport(), Qt.MouseButton.LeftButton, pos=mute.center())
    assert pressed == [0, 0]
    assert not filled.workspace.slots.muted(filled.workspace.slots.slots[0].id)


def test_compare_calls_a_slot_as_it_is_called_now_while_the_song_is_heard(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, caption = filled.workspace, filled.compare_panel.names[0]
    until(qtbot, lambda: caption.text() == "Reference · bass")
    monkeypatch.setattr(type(work.reference), "hearing_job", property(lambda _: object()))
    work.slot_editor.set_family(0, "lead")
    until(qtbot, lambda: caption.text() == "Reference · lead")

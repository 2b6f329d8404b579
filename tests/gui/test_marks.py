"""Ratings, families, tags, favourites and what was auditioned: said in the window, kept in the catalog, narrowed to."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.controllers import marks as marks_module
from app.controllers.matching import SETTLE_MILLISECONDS
from app.main_window import MainWindow
from app.models.columns import Column
from app.models.matches import MatchesModel
from app.widgets.carried import put_sounds
from app.widgets.tag_editor import TagEditor
from engine.jobs import CancelToken, ignore_progress
from engine.library import content as content_module
from engine.library.listing import list_folders
from engine.library.marks import Marks
from tests.gui.conftest import leftover_threads, make_window, until, wait_for_rows, wait_until_quiet
from tests.gui.marking import choose, drop, kept, make_collection, shown, sound, wait_for_history
from tests.gui.stand_in import SilentPlayer, StandInBackend


def test_several_rows_are_rated_by_key_and_found_by_it(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    ids = choose(filled, 1, 3, 4)
    qtbot.keyClick(filled.matches_panel.table, Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    until(qtbot, lambda: [sound(filled, number).rating for number in ids] == [4, 4, 4])
    assert filled.matches_panel.table.selected_rows == [1, 3, 4], "what was chosen stays chosen"
    choose(filled, 3)
    qtbot.keyClick(filled.matches_panel.table, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    until(qtbot, lambda: sound(filled, ids[1]).rating == 2)
    filled.library_panel.filters.rating.setCurrentIndex(3)
    wait_for_rows(qtbot, filled, 2)
    assert shown(filled) == {ids[0], ids[2]}
    filled.library_panel.clear.click()
    wait_for_rows(qtbot, filled, 12)
    assert filled.library_panel.filters.rating.currentIndex() == 0
    filled.matches_panel.search.setText("rating:-3")
    wait_for_rows(qtbot, filled, 1)
    choose(filled, 0)
    qtbot.keyClick(filled.matches_panel.table, Qt.Key.Key_0, Qt.KeyboardModifier.AltModifier)
    wait_for_rows(qtbot, filled, 0)
    filled.close()

    again = make_window(StandInBackend(filled.workspace.backend.library_dir), tmp_path / "settings.ini")
    wait_for_rows(qtbot, again, 12)
    assert sorted(row.sound.rating for row in again.workspace.matches.rows)[-3:] == [0, 4, 4]
    again.close()
    assert leftover_threads() == []


def test_what_is_selected_stays_so_while_the_results_come_anew(filled: MainWindow, qtbot: QtBot) -> None:
    work, table = filled.workspace, filled.matches_panel.table
    number = make_collection(filled, qtbot, "Kit", [row.sound.id for row in work.matches.rows[:6]])
    qtbot.mouseClick(filled.library_panel.marks.rows[number], Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 6)
    ids = choose(filled, 1, 3, 4)
    came: list[object] = []
    work.matching.results_ready.connect(came.append)
    for key, rating in ((Qt.Key.Key_4, 4), (Qt.Key.Key_2, 2)):
        wait_until_quiet(qtbot, filled)
        came.clear()
        qtbot.keyClick(table, key, Qt.KeyboardModifier.AltModifier)
        until(
            qtbot,
            lambda rating=rating: (  # type: ignore[misc]
                bool(came) and {row.sound.id for row in work.matches.rows if row.sound.rating == rating} == set(ids)
            ),
        )
        assert table.selected_rows == [1, 3, 4]
    assert table.currentIndex().row() == 1
    work.marks.let_go(number, ids[:1])
    wait_for_rows(qtbot, filled, 5)
    assert [row.sound.id for row in filled.matches_panel.selected] == ids[1:], "those that are still there"
    filled.slots_panel.choose(1)
    until(qtbot, lambda: filled.matches_panel.subject.text() == "for slot 2: lead")
    assert table.selected_rows == []


def test_a_collection_is_typed_into_the_search(filled: MainWindow, qtbot: QtBot) -> None:
    wait_for_rows(qtbot, filled, 12)
    ids = choose(filled, 1, 3, 4)
    collection = make_collection(filled, qtbot, "My Kicks", ids)
    filled.matches_panel.search.setText('collection:"my kicks"')
    wait_for_rows(qtbot, filled, 3)
    assert shown(filled) == set(ids)
    filled.workspace.marks.let_go(collection, ids[:1])
    wait_for_rows(qtbot, filled, 2)
    filled.matches_panel.search.setText('-collection:"my kicks"')
    wait_for_rows(qtbot, filled, 10)
    assert "collection:" in filled.matches_panel.search.toolTip()


def test_a_star_is_clicked_and_taken_back(filled: MainWindow, qtbot: QtBot) -> None:
    table = filled.matches_panel.table
    table.toggle_column(Column.RATING)
    number = choose(filled, 2)[0]
    cell = table.visualRect(table.model().index(2, Column.RATING))
    third = QPoint(cell.left() + 2 * 15 + 6, cell.center().y())
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=third)
    until(qtbot, lambda: sound(filled, number).rating == 3)
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=third)
    until(qtbot, lambda: sound(filled, number).rating == 0)


def test_the_menu_shows_what_the_chosen_rows_share(filled: MainWindow, qtbot: QtBot) -> None:
    actions = filled.actions_.mark_actions
    ids = choose(filled, 0, 1)
    filled.workspace.marks.rate(ids, 5)
    until(qtbot, lambda: sound(filled, ids[1]).rating == 5)
    actions.rating.aboutToShow.emit()
    assert [action.isChecked() for action in actions.ratings] == [False] * 5 + [True]
    choose(filled, 0, 5)
    actions.rating.aboutToShow.emit()
    assert not any(action.isChecked() for action in actions.ratings)


def test_families_are_corrected_and_left_to_the_ear_again(filled: MainWindow, qtbot: QtBot) -> None:
    actions = filled.actions_.mark_actions
    ids = choose(filled, 0, 1)
    heard = [sound(filled, number).family for number in ids]

    def entry(words: str) -> QAction:
        actions.family.aboutToShow.emit()
        return next(action for action in actions.family.actions() if action.text() == words)

    assert entry("As heard").isChecked()
    entry("voice").trigger()
    until(qtbot, lambda: [sound(filled, number).family for number in ids] == ["voice", "voice"])
    until(qtbot, lambda: filled.matches_panel.selected[0].sound.family == "voice")
    assert entry("voice").isChecked()
    entry("As heard").trigger()
    until(qtbot, lambda: [sound(filled, number).family for number in ids] == heard)


def test_a_look_into_the_menu_takes_no_key_away(filled: MainWindow, qtbot: QtBot) -> None:
    actions, table = filled.actions_.mark_actions, filled.matches_panel.table
    table.clearSelection()
    sound_menu = actions.rating.parentWidget()
    assert isinstance(sound_menu, QMenu)
    for menu in (sound_menu, actions.rating, actions.collect):
        menu.aboutToShow.emit()
    assert not actions.rating.menuAction().isEnabled()
    number = choose(filled, 2)[0]
    qtbot.keyClick(table, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    until(qtbot, lambda: sound(filled, number).rating == 3)
    sound_menu.aboutToShow.emit()
    assert actions.rating.menuAction().isEnabled()


def test_without_a_chosen_sound_nothing_is_offered_for_one(filled: MainWindow, qtbot: QtBot) -> None:
    actions, table = filled.actions_, filled.matches_panel.table
    marks = actions.mark_actions
    for_one = [actions.favourite, actions.copy_path, actions.reveal, marks.tags, *marks.ratings]
    assert not any(action.isEnabled() for action in for_one)
    assert actions.copy_list.isEnabled(), "all of the rows"
    table.setFocus()
    qtbot.keyClicks(table, "b")
    qtbot.keyClicks(table, "f")
    assert filled.matches_panel.current is None, "a key that can do nothing chooses nothing"
    choose(filled, 1)
    assert all(action.isEnabled() for action in for_one)
    filled.workspace.matching.set_filters(favourites=True)
    wait_for_rows(qtbot, filled, 0)
    assert not any(action.isEnabled() for action in [*for_one, actions.copy_list])
    filled.workspace.matching.set_filters(favourites=False)
    wait_for_rows(qtbot, filled, 12)
    choose(filled, 1)
    table.clearSelection()
    assert not any(action.isEnabled() for action in (actions.favourite, marks.tags))


def test_tags_are_typed_completed_and_taken_away(filled: MainWindow, qtbot: QtBot) -> None:
    ids = choose(filled, 0, 2)

    def edit() -> TagEditor:
        filled.actions_.mark_actions.tags.trigger()
        editor = QApplication.activePopupWidget()
        assert isinstance(editor, TagEditor)
        return editor

    editor = edit()
    assert editor.field.accessibleName() == "Tags that all 2 sounds share"
    qtbot.keyClicks(editor.field, " Warm   Tape, dusty,, ")
    qtbot.keyClick(editor.field, Qt.Key.Key_Return)
    until(qtbot, lambda: all(sound(filled, number).tags == ("dusty", "warm tape") for number in ids))
    until(qtbot, lambda: list(filled.library_panel.marks.tag_rows) == ["dusty", "warm tape"])
    filled.workspace.marks.tag(ids[:1], add=["only here"])
    until(qtbot, lambda: len(sound(filled, ids[0]).tags) == 3)
    choose(filled, 0, 2)
    editor = edit()
    assert editor.field.text() == "dusty, warm tape, ", "what only one of them has is left alone"
    qtbot.keyClick(editor.field, Qt.Key.Key_Escape)
    assert QApplication.activePopupWidget() is None
    editor = edit()
    editor.field.setText("dusty")
    qtbot.keyClick(editor.field, Qt.Key.Key_Return)
    until(qtbot, lambda: sound(filled, ids[0]).tags == ("dusty", "only here"))
    assert sound(filled, ids[1]).tags == ("dusty",)


def test_tags_narrow_together_and_take_what_is_dropped(filled: MainWindow, qtbot: QtBot) -> None:
    lists, rows = filled.library_panel.marks, filled.workspace.matches.rows
    ids = [row.sound.id for row in rows[:3]]
    filled.workspace.marks.tag(ids, add=["warm"])
    filled.workspace.marks.tag(ids[:1], add=["dusty"])
    until(qtbot, lambda: set(lists.tag_rows) == {"warm", "dusty"})
    qtbot.mouseClick(lists.tag_rows["warm"], Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 3)
    qtbot.mouseClick(lists.tag_rows["dusty"], Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 1)
    data = QMimeData()
    put_sounds(data, ids[1:], filled.workspace.backend.library_dir)
    assert drop(lists.tag_rows["dusty"], data)
    wait_for_rows(qtbot, filled, 3)
    filled.workspace.marks.tag(ids, remove=["dusty"])
    until(qtbot, lambda: set(lists.tag_rows) == {"warm"})
    assert filled.workspace.matching.filters.tags == ("warm",), "a tag that nobody has narrows nothing"
    wait_for_rows(qtbot, filled, 3)


def test_many_tags_stay_folded(filled: MainWindow, qtbot: QtBot) -> None:
    lists = filled.library_panel.marks
    ids = [row.sound.id for row in filled.workspace.matches.rows]
    for number in range(9):
        filled.workspace.marks.tag(ids[: number + 1], add=[f"tag {number}"])
    until(qtbot, lambda: len(filled.workspace.marks.state.tags) == 9)
    assert sorted(lists.tag_rows) == [f"tag {number}" for number in range(3, 9)], "the most used ones"
    assert lists._more.text() == "3 more"
    qtbot.mouseClick(lists._more, Qt.MouseButton.LeftButton)
    assert len(lists.tag_rows) == 9
    qtbot.mouseClick(lists._more, Qt.MouseButton.LeftButton)
    assert len(lists.tag_rows) == 6


def test_favourites_take_what_is_dropped_and_several_rows(filled: MainWindow, qtbot: QtBot) -> None:
    lists = filled.library_panel.marks
    ids = [row.sound.id for row in filled.workspace.matches.rows]
    data = QMimeData()
    put_sounds(data, ids[:2], filled.workspace.backend.library_dir)
    assert drop(lists.favourites, data)
    until(qtbot, lambda: lists.favourites.accessibleName() == "Favourites, 2")
    choose(filled, 1, 2, 3)
    filled.actions_.favourite.trigger()
    until(qtbot, lambda: kept(filled).favourites() == sorted(ids[:4]))
    filled.actions_.favourite.trigger()
    until(qtbot, lambda: kept(filled).favourites() == ids[:1])


def test_favourites_are_written_in_the_order_in_which_they_were_made(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, lists = filled.workspace, filled.library_panel.marks
    first, second = choose(filled, 0, 1)
    slow, delays, set_favourite = [], itertools.cycle((0.03, 0.0)), Marks.set_favourite

    def at_its_own_pace(marks: Marks, ids: Sequence[int], on: bool) -> None:
        time.sleep(next(delays))
        set_favourite(marks, ids, on)
        slow.append(on)

    monkeypatch.setattr(Marks, "set_favourite", at_its_own_pace)
    qtbot.wait(2 * SETTLE_MILLISECONDS)  # results that are on their way tell of stars too
    until(qtbot, lambda: not any(work.jobs.running(lane) for lane in ("library", "rank")))
    shown_as: list[bool] = []
    work.matches.dataChanged.connect(lambda *_: shown_as.append(sound(filled, first).favourite))
    for _ in range(8):
        filled.actions_.favourite.trigger()
    filled.actions_.favourite.trigger()
    until(qtbot, lambda: len(slow) == 9 and work.jobs.running("marking") is None)
    assert slow == [True, False] * 4 + [True]
    assert [on for on, _ in itertools.groupby(shown_as)] == slow, "what was true in between is not shown again"
    assert kept(filled).favourites() == sorted([first, second])
    qtbot.mouseClick(lists.favourites, Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 2)
    choose(filled, work.matches.number_of(first))
    qtbot.keyClick(filled.matches_panel.table, Qt.Key.Key_F)
    wait_for_rows(qtbot, filled, 1)
    assert shown(filled) == {second}


def test_a_favourite_that_cannot_be_kept_loses_its_star(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.errors import LibraryError

    def refuse(*_: object) -> None:
        raise LibraryError("The disk is full.")

    monkeypatch.setattr(Marks, "set_favourite", refuse)
    (number,) = choose(filled, 0)
    filled.actions_.favourite.trigger()
    assert sound(filled, number).favourite
    until(qtbot, lambda: filled.notice.message.text() == "The disk is full.")
    assert not sound(filled, number).favourite


def test_what_was_listened_to_is_listed_the_last_one_first(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.workspace.marks._linger.setInterval(200)
    lists = filled.library_panel.marks
    assert not lists.history.isVisible()
    heard = []
    for number in (4, 1, 2):
        heard += choose(filled, number)
        wait_for_history(qtbot, filled, len(heard))
    choose(filled, 7)  # only passed on the way
    heard += choose(filled, 8)
    wait_for_history(qtbot, filled, 4)
    qtbot.mouseClick(lists.history, Qt.MouseButton.LeftButton)
    wait_for_rows(qtbot, filled, 4)
    assert [row.sound.id for row in filled.workspace.matches.rows] == heard[::-1]
    assert filled.matches_panel.title.text() == "Auditioned lately"
    assert filled.matches_panel.subject.text() == "4, the last one first"
    lists.history.forget_asked.emit()
    wait_for_rows(qtbot, filled, 12)
    until(qtbot, lambda: not lists.history.isVisible())
    assert marks_module.LINGER_MILLISECONDS > 200


def test_what_still_sounds_is_forgotten_until_it_is_played_again(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SilentPlayer, "LONGEST_STEP_SECONDS", 0.0)  # it does not end
    work = filled.workspace
    work.marks._linger.setInterval(50)
    (heard,) = choose(filled, 3)
    wait_for_history(qtbot, filled, 1)
    filled.library_panel.marks.history.forget_asked.emit()
    wait_for_history(qtbot, filled, 0)
    assert work.auditioner.playing
    work.auditioner.set_volume(-20.0)
    work.auditioner.set_level_match(not work.auditioner.level_match)
    assert not work.marks._linger.isActive(), "nothing is about to be noted"
    work.listening.restart()
    wait_for_history(qtbot, filled, 1)
    assert kept(filled).auditioned() == [heard]


def test_marks_made_just_before_the_end_are_kept(filled: MainWindow, qtbot: QtBot) -> None:
    ids = choose(filled, 0, 1, 2)
    for rating in (1, 5, 2, 4):
        filled.workspace.marks.rate(ids, rating)
    folder = filled.workspace.backend.library_dir
    filled.close()
    backend = StandInBackend(folder)
    assert [found.rating for found in backend.library().catalog.sounds(ids)] == [4, 4, 4]
    backend.close()


def test_marks_of_what_was_never_heard_are_kept_although_its_drive_takes_long(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as on a USB drive in its first scan."""
    drive, reading, go_on = tmp_path / "drive", threading.Event(), threading.Event()
    drive.mkdir()
    for number in range(5):
        (drive / f"{number}.wav").write_bytes(bytes([number]))
    work, digest = window.workspace, content_module.content_digest

    def read_slowly(path: str, root: str | None = None) -> bytes:
        reading.set()
        go_on.wait(60)
        return digest(path)

    list_folders(work.backend.library().catalog, [str(drive)], ignore_progress, CancelToken())
    work.library.refresh()
    wait_for_rows(qtbot, window, 5)
    wait_until_quiet(qtbot, window)
    monkeypatch.setattr(content_module, "content_digest", read_slowly)
    ids = choose(window, 0, 1, 2, 3, 4)
    work.marks.add_collection("Kit", ids[:1])
    until(qtbot, reading.is_set)
    qtbot.keyClick(window.matches_panel.table, Qt.Key.Key_F)
    work.marks.rate(ids, 4)
    folder = work.backend.library_dir
    monkeypatch.setattr(work.jobs, "shutdown", partial(work.jobs.shutdown, 1.0))
    window.close()
    go_on.set()
    backend = StandInBackend(folder)
    assert [(found.favourite, found.rating) for found in backend.library().catalog.sounds(ids)] == 5 * [(True, 4)]
    backend.close()


def test_a_mark_made_while_the_one_before_is_about_to_end_outlives_the_window(filled: MainWindow, qtbot: QtBot) -> None:
    marks, folder = filled.workspace.marks, filled.workspace.backend.library_dir
    ids = choose(filled, 0, 1)
    marks.rate(ids, 3)
    job = filled.workspace.jobs.running("marking")
    assert job is not None
    assert job.ended.wait(10)
    marks.rate(ids, 4)  # the window has not heard yet that the job before is done
    filled.close()
    backend = StandInBackend(folder)
    assert [found.rating for found in backend.library().catalog.sounds(ids)] == [4, 4]
    backend.close()


def test_a_mark_that_cannot_be_kept_says_why(filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.errors import LibraryError

    def refuse(*_: object) -> None:
        raise LibraryError("The disk is full.")

    monkeypatch.setattr(Marks, "rate", refuse)
    ids = choose(filled, 0)
    filled.workspace.marks.rate(ids, 3)
    filled.workspace.marks.tag(ids, add=["kept"])
    until(qtbot, lambda: filled.notice.message.text() == "The disk is full.")
    until(qtbot, lambda: sound(filled, ids[0]).tags == ("kept",))
    assert sound(filled, ids[0]).rating == 0


def test_stars_and_tags_are_painted_in_both_themes(filled: MainWindow, qtbot: QtBot) -> None:
    table = filled.matches_panel.table
    for column in (Column.RATING, Column.TAGS):
        table.toggle_column(column)
    ids = [row.sound.id for row in filled.workspace.matches.rows[3:5]]
    cells = [table.visualRect(table.model().index(3, column)) for column in (Column.RATING, Column.TAGS)]
    before = {}
    for name in ("dark", "light"):
        filled.set_theme(name)
        before[name] = [table.viewport().grab(cell).toImage() for cell in cells]
    filled.workspace.marks.rate(ids, 2)
    filled.workspace.marks.tag(ids, add=["warm"])
    until(qtbot, lambda: sound(filled, ids[0]).tags == ("warm",))
    for name, pictures in before.items():
        filled.set_theme(name)
        assert all(
            table.viewport().grab(cell).toImage() != picture for cell, picture in zip(cells, pictures, strict=True)
        )
    assert isinstance(table.model(), MatchesModel)


def test_tags_are_typed_in_sight_wherever_the_list_was_scrolled(filled: MainWindow, qtbot: QtBot) -> None:
    table = filled.matches_panel.table
    choose(filled, 0)
    table.scrollToBottom()
    filled.actions_.mark_actions.tags.trigger()
    editor = QApplication.activePopupWidget()
    assert isinstance(editor, TagEditor)
    assert editor.y() >= table.viewport().mapToGlobal(QPoint(0, 0)).y()
    assert not editor.field.acceptDrops()
    editor.show_at(QPoint(-500, -500))
    assert editor.screen().availableGeometry().contains(editor.pos())
    editor.close()

"""The table of sounds: columns, widths, order, similar sounds, and what is copied out of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QGuiApplication, QMouseEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app import theme
from app.controllers import sound_list
from app.main_window import MainWindow
from app.models.columns import Column, Row
from app.models.matches import MatchesModel
from app.models.reasons import reasons
from app.settings import Settings
from app.widgets.match_columns import GAP, SWATCH, section_width
from app.widgets.match_delegate import BAR_LEFT
from app.widgets.match_table import NAME_MIN, MatchTable
from engine.families import FAMILIES
from tests.gui.conftest import (
    PATIENCE_MILLISECONDS,
    last_played,
    leftover_threads,
    loudest_hertz,
    make_window,
    played,
    press,
    until,
    wait_for_rows,
    wait_until_quiet,
)
from tests.gui.stand_in import StandInBackend
from tests.gui.test_models import make_slot, make_sound

Mode = QAbstractItemModelTester.FailureReportingMode


def click_heading(qtbot: QtBot, window: MainWindow, column: Column) -> None:
    header = window.matches_panel.table.horizontalHeader()
    at = QPoint(header.sectionViewportPosition(column) + 12, header.height() // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)


def drag_edge(table: MatchTable, column: Column, pixels: int) -> None:
    """The right edge of a heading, as the pointer drags it."""
    header = table.horizontalHeader()
    x = header.sectionViewportPosition(column) + header.sectionSize(column) - 1
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    for kind, at, button, buttons in (
        (QEvent.Type.MouseMove, x, none, none),
        (QEvent.Type.MouseButtonPress, x, left, left),
        (QEvent.Type.MouseMove, x + pixels, none, left),
        (QEvent.Type.MouseButtonRelease, x + pixels, left, none),
    ):
        place = QPointF(at, header.height() / 2)
        event = QMouseEvent(kind, place, header.mapToGlobal(place), button, buttons, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(header.viewport(), event)


def names(window: MainWindow) -> list[str]:
    return [row.sound.name for row in window.workspace.matches.rows]


def test_a_heading_puts_others_on_top_where_not_all_sounds_are_listed(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, panel = filled.workspace, filled.matches_panel
    table = panel.table
    monkeypatch.setattr(sound_list, "MOST_LISTED", 3)
    work.matching.set_slot(None)
    wait_for_rows(qtbot, filled, 3)
    assert panel.subject.text() == "the first 3 by name"
    assert {row.sound.family for row in work.matches.rows} == {"bass"}
    table.sortByColumn(Column.FAMILY, Qt.SortOrder.DescendingOrder)
    until(qtbot, lambda: {row.sound.family for row in work.matches.rows} == {"lead"})
    assert panel.subject.text() == "the first 3 by family"
    names = [row.sound.name for row in work.matches.rows]
    assert names == sorted(names)


def test_a_heading_sorts_both_ways_and_then_gives_the_rank_back(filled: MainWindow, qtbot: QtBot) -> None:
    ranked = names(filled)
    click_heading(qtbot, filled, Column.NAME)
    assert names(filled) == sorted(ranked)
    click_heading(qtbot, filled, Column.NAME)
    assert names(filled) == sorted(ranked, reverse=True)
    click_heading(qtbot, filled, Column.NAME)
    assert names(filled) == ranked
    header = filled.matches_panel.table.horizontalHeader()
    assert header.sortIndicatorSection() == Column.MATCH
    click_heading(qtbot, filled, Column.LENGTH)
    filled.actions_.by_rank.trigger()
    assert names(filled) == ranked


def test_the_heading_of_the_rank_goes_down_and_comes_back(filled: MainWindow, qtbot: QtBot) -> None:
    ranked = names(filled)
    click_heading(qtbot, filled, Column.MATCH)
    assert names(filled) == ranked[::-1]
    click_heading(qtbot, filled, Column.MATCH)
    assert names(filled) == ranked
    click_heading(qtbot, filled, Column.NAME)
    click_heading(qtbot, filled, Column.MATCH)
    assert names(filled) == ranked, "the best on top at the first click"


def test_ties_stay_in_the_order_of_rank(qapp: object) -> None:
    model = MatchesModel()
    QAbstractItemModelTester(model, Mode.Fatal)
    families = ["bass", "pad", "bass", "pad"]
    model.set_rows([Row(make_sound(rank, family=family), rank, 0.5) for rank, family in enumerate(families, 1)])
    for order, wanted in ((Qt.SortOrder.AscendingOrder, [1, 3, 2, 4]), (Qt.SortOrder.DescendingOrder, [2, 4, 1, 3])):
        model.sort(Column.FAMILY, order)
        assert [row.rank for row in model.rows] == wanted
        assert [model.number_of(number) for number in wanted] == [0, 1, 2, 3]
    model.sort(-1)
    assert [row.rank for row in model.rows] == [1, 2, 3, 4]


def test_columns_and_widths_are_remembered(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    table = filled.matches_panel.table
    menu = filled.actions_.columns
    menu.aboutToShow.emit()
    wanted = {action.text(): action for action in menu.actions()}
    assert "Name" not in wanted
    wanted["Chance"].trigger()
    wanted["Waveform"].trigger()
    assert not table.isColumnHidden(Column.CHANCE)
    assert table.isColumnHidden(Column.WAVEFORM)
    before = table.columnWidth(Column.FAMILY)
    drag_edge(table, Column.FAMILY, 30)
    assert table.columnWidth(Column.FAMILY) == before + 30
    filled.close()

    again = make_window(StandInBackend(tmp_path / "other"), tmp_path / "settings.ini")
    other = again.matches_panel.table
    assert (other.shown, other.widths) == (table.shown, table.widths)
    assert other.columnWidth(Column.FAMILY) == before + 30
    again.matches_panel.table.reset_columns()
    assert other.columnWidth(Column.FAMILY) == before
    again.close()


@pytest.mark.parametrize("size", [(1440, 900), (1280, 800), (960, 600), (2560, 1440)])
def test_the_columns_always_fill_the_table(filled: MainWindow, qtbot: QtBot, size: tuple[int, int]) -> None:
    table = filled.matches_panel.table
    filled.resize(*size)
    qtbot.wait(20)

    def used() -> int:
        return sum(table.columnWidth(column) for column in Column if not table.isColumnHidden(column))

    until(qtbot, lambda: used() == table.viewport().width())
    for column in (Column.NAME, Column.MATCH, Column.LENGTH):
        for wider in (40, -80):
            drag_edge(table, column, wider)
            assert used() == table.viewport().width()
    drag_edge(table, Column.PITCH, 5000)
    assert used() == table.viewport().width()
    table.reset_columns()
    for column in (Column.RATING, Column.TAGS):
        table.toggle_column(column)
    assert used() == table.viewport().width(), "in a narrow table words and waveforms give way"


def test_what_was_asked_for_is_never_out_of_reach(filled: MainWindow, qtbot: QtBot) -> None:
    table, bar = filled.matches_panel.table, filled.matches_panel.table.horizontalScrollBar()
    filled.resize(1280, 800)
    until(qtbot, lambda: table.isColumnHidden(Column.FOLDER))
    table.choose_columns({*table.shown, Column.CHANCE, Column.TYPE} - {Column.WAVEFORM}, {Column.FAMILY: 96})

    def reached() -> bool:
        edge = table.columnViewportPosition(Column.FAVOURITE) + table.columnWidth(Column.FAVOURITE)
        return edge == table.viewport().width()

    until(qtbot, lambda: filled.compare_panel.width() < 300 and reached())
    assert not bar.isVisible(), "the name gives way"
    table.choose_columns(Column, {Column.FOLDER: 200})
    filled.resize(960, 600)
    until(qtbot, bar.isVisible)
    bar.setValue(bar.maximum())
    until(qtbot, reached)
    assert table.columnWidth(Column.NAME) == NAME_MIN


def test_names_and_tags_can_be_read_in_a_narrow_table(filled: MainWindow, qtbot: QtBot) -> None:
    table = filled.matches_panel.table
    filled.resize(1280, 800)
    until(qtbot, lambda: table.isColumnHidden(Column.FOLDER))
    table.choose_columns({*table.shown, Column.TAGS, Column.RATING}, {})
    until(qtbot, lambda: filled.compare_panel.width() < 300)
    metrics = QFontMetrics(theme.font())
    assert table.columnWidth(Column.NAME) - 22 - GAP >= metrics.horizontalAdvance("Strings Snow 2")
    assert table.columnWidth(Column.TAGS) - GAP >= metrics.horizontalAdvance("dusty tape")
    assert not table.horizontalScrollBar().isVisible()


def test_a_wide_window_has_more_to_show_rather_than_a_void(filled: MainWindow, qtbot: QtBot) -> None:
    table, compare = filled.matches_panel.table, filled.compare_panel
    filled.resize(1440, 900)
    table.choose(0)
    qtbot.wait(20)
    before = {column: table.columnWidth(column) for column in Column if not table.isColumnHidden(column)}
    plate, pane = compare.plates[0].height(), compare.width()
    filled.resize(2560, 1440)
    until(qtbot, lambda: compare.width() > 2 * pane)
    grown = {column for column, width in before.items() if table.columnWidth(column) > width}
    assert grown == set(before) - {Column.NUMBER, Column.FAVOURITE}
    assert table.columnWidth(Column.FOLDER) <= table.columnWidth(Column.NAME) + 40
    until(qtbot, lambda: compare.plates[0].height() >= 2 * plate)
    reasons = compare._scroll
    assert reasons.y() > compare.plates[1].mapTo(compare, QPoint(0, 0)).y(), "beneath the pictures, not beside them"
    filled.resize(1440, 900)
    until(qtbot, lambda: (compare.width(), compare.plates[0].height()) == (pane, plate))


def test_words_and_figures_have_their_room(qapp: QApplication) -> None:
    metrics = QFontMetrics(theme.font())
    for family in FAMILIES:
        assert SWATCH + metrics.horizontalAdvance(family) < section_width(Column.FAMILY)
    assert metrics.horizontalAdvance("1.00") < BAR_LEFT


def test_columns_come_and_go_without_a_trace(filled: MainWindow, qtbot: QtBot) -> None:
    table = filled.matches_panel.table

    def widths() -> dict[Column, int]:
        return {column: table.columnWidth(column) for column in Column if not table.isColumnHidden(column)}

    before = widths()
    table.choose_columns(set(Column) - {Column.WAVEFORM}, {Column.FAMILY: 96})
    for size in ((960, 600), (2560, 1440), (1440, 900)):
        filled.resize(*size)
        qtbot.wait(20)
    click_heading(qtbot, filled, Column.NAME)
    assert table.widths == {Column.FAMILY: 96}
    table.reset_columns()
    assert (widths(), table.widths) == (before, {})


def test_similar_sounds_and_the_way_back(filled: MainWindow, qtbot: QtBot) -> None:
    panel, work = filled.matches_panel, filled.workspace
    ranked = names(filled)
    assert not filled.actions_.back.isEnabled()
    panel.table.choose(9)
    lead = work.matches.rows[9].sound
    press(qtbot, filled, "g")
    until(qtbot, lambda: panel.title.text() == "Similar")
    assert panel.subject.text() == f"to {lead.name}"
    assert names(filled)[0] == lead.name, "itself first"
    assert [row.sound.family for row in work.matches.rows[:4]] == ["lead"] * 4
    assert not panel.chip.isVisible()
    assert panel.current is not None
    assert panel.current.sound.id == lead.id, "what was chosen stays chosen"
    until(qtbot, lambda: panel.back.accessibleName() == "Back to slot 1: bass")

    panel.table.choose(2)
    press(qtbot, filled, "g")
    until(qtbot, lambda: panel.back.accessibleName() == f"Back to {lead.name}")
    press(qtbot, filled, Qt.Key.Key_Backspace)
    until(qtbot, lambda: panel.subject.text() == f"to {lead.name}")
    qtbot.mouseClick(panel.back, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: names(filled) == ranked)
    assert panel.subject.text() == "for slot 1: bass"
    assert not panel.back.isVisible()


def test_of_similar_sounds_a_is_the_one_that_was_asked_about(filled: MainWindow, qtbot: QtBot) -> None:
    """Not the slot's passage, which these are not compared with."""
    panel, work, compare = filled.matches_panel, filled.workspace, filled.compare_panel
    panel.table.choose(9)
    lead = work.matches.rows[9].sound
    assert compare.names[0].text() == "Reference · bass"
    press(qtbot, filled, "g")
    until(qtbot, lambda: panel.title.text() == "Similar")
    panel.table.choose(2)
    assert compare.names[0].text() == f"Original · {lead.name}"
    assert compare.names[1].text() == work.matches.rows[2].sound.name
    assert compare.figures[0].text() == "0.40 s"
    until(qtbot, lambda: work.compare.reference is not None and compare.plates[0]._hint == "")
    assert filled.transport.sides.group.button(0).text() == "Original"
    assert lead.name in filled.transport.sides.group.button(0).accessibleName()
    wait_until_quiet(qtbot, filled)

    listened = played(filled)
    press(qtbot, filled, "a")
    until(qtbot, lambda: played(filled) == listened + 1)
    assert (work.auditioner.side, work.auditioner.asked) == ("A", lead)
    assert loudest_hertz(last_played(filled)) == pytest.approx(lead.pitch_hz, rel=0.02)
    assert filled.transport.length.text() == "/ 0:00.40", "of the sound, not of the song"
    playhead = work.timeline.playhead
    until(qtbot, lambda: not work.auditioner.playing)
    assert work.timeline.playhead == playhead, "the song is not played"
    press(qtbot, filled, Qt.Key.Key_Space)
    until(qtbot, lambda: played(filled) == listened + 2)
    assert work.auditioner.asked == lead, "once more"
    press(qtbot, filled, "a")
    until(qtbot, lambda: played(filled) == listened + 3)
    assert work.auditioner.side == "B"

    press(qtbot, filled, Qt.Key.Key_Backspace)
    until(qtbot, lambda: compare.names[0].text() == "Reference · bass")
    assert filled.transport.sides.group.button(0).text() == "Reference"
    press(qtbot, filled, "a")
    until(qtbot, lambda: played(filled) == listened + 4)
    assert work.auditioner.asked is None
    assert work.auditioner.stretch == work.listening.stretch


def test_without_a_song_similar_sounds_are_compared_with_the_one_asked_about(
    qtbot: QtBot, tmp_path: Path, scanned: Path
) -> None:
    folder = tmp_path / "scanned"
    shutil.copytree(scanned, folder)
    window = make_window(StandInBackend(folder), tmp_path / "settings.ini")
    work = window.workspace
    wait_for_rows(qtbot, window, 12)
    window.matches_panel.table.choose(3)
    asked = work.matches.rows[3].sound
    press(qtbot, window, "g")
    until(qtbot, lambda: window.matches_panel.title.text() == "Similar")
    assert window.compare_panel.names[0].text() == f"Original · {asked.name}"
    listened = played(window)
    press(qtbot, window, "a")
    until(qtbot, lambda: played(window) == listened + 1)
    assert (work.auditioner.side, work.auditioner.asked) == ("A", asked)
    wait_until_quiet(qtbot, window)
    window.close()
    assert leftover_threads() == []


def test_another_slot_ends_the_trail(filled: MainWindow, qtbot: QtBot) -> None:
    filled.matches_panel.table.choose(0)
    press(qtbot, filled, "g")
    until(qtbot, lambda: filled.matches_panel.title.text() == "Similar")
    filled.slots_panel.choose(1)
    until(qtbot, lambda: filled.matches_panel.subject.text() == "for slot 2: lead")
    assert filled.workspace.matching.trail == []


def test_enter_in_the_search_chooses_the_first_sound_that_it_finds(filled: MainWindow, qtbot: QtBot) -> None:
    panel, played = filled.matches_panel, filled.workspace.backend.existing_player().played  # type: ignore[union-attr]
    panel.search.setFocus()
    qtbot.keyClicks(panel.search, "leads")
    qtbot.keyClick(panel.search, Qt.Key.Key_Return)  # faster than what is asked for can be found
    assert panel.table.hasFocus()
    wait_for_rows(qtbot, filled, 4)
    assert panel.current is panel.model.row(0)
    assert panel.selected == [panel.current], "what is said next is said of it"
    until(qtbot, lambda: len(played) == 1)
    assert filled.workspace.auditioner.sound == panel.current.sound


def test_enter_in_the_search_keeps_a_chosen_sound_that_is_found(filled: MainWindow, qtbot: QtBot) -> None:
    panel = filled.matches_panel
    number = next(number for number, name in enumerate(names(filled)) if name == "Leads 02")
    panel.table.choose(number)
    panel.search.setFocus()
    qtbot.keyClicks(panel.search, "leads")
    qtbot.keyClick(panel.search, Qt.Key.Key_Return)
    wait_for_rows(qtbot, filled, 4)
    assert panel.current is not None
    assert panel.current.sound.name == "Leads 02"


@pytest.mark.parametrize("how", ["ActiveWindow", "Popup", "Other", "Tab"])
def test_only_who_comes_to_the_table_by_tab_chooses_a_sound(filled: MainWindow, qtbot: QtBot, how: str) -> None:
    panel, heard = filled.matches_panel, []
    panel.chosen.connect(heard.append)
    panel.table.setFocus(Qt.FocusReason[f"{how}FocusReason"])
    assert panel.table.hasFocus()
    chosen = panel.model.row(0) if how == "Tab" else None
    assert panel.current is chosen
    assert heard == panel.selected == ([chosen] if chosen else [])
    qtbot.keyClick(panel.table, Qt.Key.Key_Down)
    assert panel.current is panel.model.row(1 if chosen else 0)
    assert panel.selected == [panel.current]


def test_the_search_keeps_its_backspace(filled: MainWindow, qtbot: QtBot) -> None:
    filled.matches_panel.table.choose(0)
    press(qtbot, filled, "g")
    until(qtbot, lambda: filled.matches_panel.title.text() == "Similar")
    search = filled.matches_panel.search
    search.setFocus()
    qtbot.keyClicks(search, "leg")
    qtbot.keyClick(search, Qt.Key.Key_Backspace)
    assert search.text() == "le"
    assert filled.workspace.matching.trail


def test_several_rows_are_dragged_and_copied(filled: MainWindow, qtbot: QtBot) -> None:
    table, model = filled.matches_panel.table, filled.workspace.matches
    table.choose(1)
    qtbot.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert table.selected_rows == [1, 2, 3]
    paths = [model.rows[number].sound.path for number in (1, 2, 3)]
    with qtbot.waitSignal(table.drag_asked) as asked:
        table.startDrag(Qt.DropAction.CopyAction)
    assert [row.sound.path for row in asked.args[0]] == paths
    filled.actions_.copy_path.trigger()
    until(qtbot, lambda: QGuiApplication.clipboard().text().split("\n") == paths)
    filled.actions_.copy_list.trigger()
    lines = [line.split("\t") for line in QGuiApplication.clipboard().text().split("\n")]
    assert lines[0][:3] == ["Rank", "Name", "Match"]
    assert [line[0] for line in lines[1:]] == ["2", "3", "4"]
    assert [line[-1] for line in lines[1:]] == paths
    table.choose(0)
    filled.actions_.copy_list.trigger()
    assert len(QGuiApplication.clipboard().text().split("\n")) == 13, "all of them, and their names"


def test_a_long_list_is_chosen_and_marked_as_a_whole(qtbot: QtBot) -> None:
    count, model = 20_000, MatchesModel()
    model.set_rows([Row(make_sound(number), number) for number in range(1, count + 1)])
    table = MatchTable(model)
    qtbot.addWidget(table)
    table.choose(3)
    table.selectAll()
    changes: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last, _: changes.append((first.row(), last.row())))

    def indexes() -> list[QModelIndex]:
        raise AssertionError("each cell of a long list was looked at")

    table.selectedIndexes = indexes  # type: ignore[method-assign]
    assert table.selected_rows == list(range(count))
    ids = [row.sound.id for row in model.rows]
    model.set_sounds([replace(row.sound, favourite=True) for row in model.rows])
    assert changes == [(0, count - 1)]
    model.set_rows(model.rows[:-1])
    table.restore(ids[3], ids)
    assert (table.currentIndex().row(), len(table.selected_rows)) == (3, count - 1)
    table.restore(ids[3], ids[::3])
    assert table.selected_rows == list(range(0, count - 1, 3))
    model.set_sounds([replace(model.rows[number].sound, rating=1) for number in (5, 2)])
    assert changes[-1] == (2, 5)


class AskedModel(MatchesModel):
    """Counts how often its cells are asked what they are."""

    asked = 0

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        self.asked += 1
        return super().flags(index)


def test_painting_a_selected_page_asks_each_cell_a_few_times(qtbot: QtBot) -> None:
    model = AskedModel()
    model.set_rows([Row(make_sound(number), number) for number in range(100)])
    table = MatchTable(model)
    qtbot.addWidget(table)
    table.resize(900, 450)
    with qtbot.waitExposed(table, timeout=PATIENCE_MILLISECONDS):
        table.show()
    table.restore(0, range(100))
    first, last = table.visible_rows()
    shown = sum(not table.isColumnHidden(column) for column in Column)
    model.asked = 0
    table.viewport().repaint()
    assert 0 < model.asked <= 4 * (last - first + 1) * shown


def test_a_row_has_a_menu(filled: MainWindow, qtbot: QtBot) -> None:
    table = filled.matches_panel.table
    table.choose(3)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(10, 10), QPoint(10, 10))
    QApplication.sendEvent(table.viewport(), event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert filled.actions_.similar in menu.actions()
    menu.close()


def test_why_it_matched_says_only_what_is_known() -> None:
    slot = make_slot(1, 0.9)
    sound = make_sound(1, pitch_hz=220.0)
    told = reasons(Row(sound, 1, 0.57, 0.12), slot)
    assert [(reason.words, reason.figure) for reason in told] == [
        ("Overall", ".57"),
        ("Chance", "12 %"),
        ("Is bass", ".80"),
        ("Slot", "may be bass"),
    ]
    other = make_sound(2, pitch_hz=440.0, family=None, family_confidence=None)
    told = reasons(Row(other, 2, 0.3), slot, similar_to=sound)
    assert [(reason.words, reason.figure) for reason in told] == [
        ("Overall", ".30"),
        ("Pitch", "12 semitones higher"),
        ("Brightness", "the same"),
    ]
    assert reasons(Row(sound, 1), None) == []
    lead = make_sound(3, family="lead")
    assert [reasons(Row(lead, 2, 0.3, handicap=off), slot)[-1].figure for off in (0.05, 2.0)] == [
        "is rather bass, −.05",
        "is rather bass",
    ]


@pytest.mark.parametrize("look", ["dark", "light"])
@pytest.mark.parametrize("handicap", [0.05, 2.0])
def test_the_mark_of_another_family_stands_where_the_bar_would(
    qapp: QApplication, qtbot: QtBot, look: str, handicap: float
) -> None:
    theme.apply(qapp, look)
    model, pictures = MatchesModel(), []
    table = MatchTable(model)
    qtbot.addWidget(table)
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # no ring around the row
    table.resize(900, 200)
    table.show()
    for off in (0.0, handicap):
        model.set_rows([Row(make_sound(1), 1, 0.3, handicap=off)])
        qapp.processEvents()
        cell = table.visualRect(model.index(0, Column.MATCH)).adjusted(BAR_LEFT, 0, 0, 0)
        pictures.append(table.viewport().grab(cell).toImage())
    bar, mark = pictures
    # The bar is a few pixels high, the words reach above it; neither goes into the next column.
    tops = [
        min(
            y
            for y in range(picture.height())
            for x in range(picture.width())
            if picture.pixel(x, y) != picture.pixel(0, 0)
        )
        for picture in (bar, mark)
    ]
    assert tops[1] < tops[0]
    room = mark.width() - GAP
    assert all(mark.pixel(x, y) == mark.pixel(0, 0) for x in range(room, mark.width()) for y in range(mark.height())), (
        "a gap is left before the family"
    )


def test_why_it_matched_follows_the_chosen_row(filled: MainWindow, qtbot: QtBot) -> None:
    wait_for_rows(qtbot, filled, 12)
    filled.matches_panel.table.choose(10)
    figures = {reason.words: reason.figure for reason in filled.compare_panel.reasons}
    assert figures["Slot"] == "is rather bass, −.05"


@pytest.mark.parametrize(("seconds", "words"), [(0.594, "0.59 s"), (288.0, "4:48")])
def test_a_long_candidate_tells_its_length_in_minutes(filled: MainWindow, seconds: float, words: str) -> None:
    panel = filled.compare_panel
    panel.show_match(Row(make_sound(1, duration_seconds=seconds), 1, similarity=0.9), make_slot(1, 0.9))
    assert panel.figures[1].text() == words


def test_a_second_click_in_a_hurry_is_a_click(filled: MainWindow, qtbot: QtBot) -> None:
    wait_for_rows(qtbot, filled, 12)
    table, left = filled.matches_panel.table, Qt.MouseButton.LeftButton
    at, chosen = table.visualRect(table.model().index(0, Column.NAME)).center(), []
    table.chosen.connect(chosen.append)

    qtbot.mouseClick(table.viewport(), left, pos=at)
    qtbot.mouseDClick(table.viewport(), left, pos=at)
    assert chosen == [0, 0], "it plays again"
    press(qtbot, filled, Qt.Key.Key_Down)
    qtbot.mouseDClick(table.viewport(), left, pos=at)
    assert chosen == [0, 0, 1, 0]
    assert table.selected_rows == [0], "a drag takes the row beneath the pointer"


def test_settings_of_an_earlier_version_are_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "settings.ini"
    path.write_text("[General]\nversion=1\ndevice=Headphones\ntheme=light\nvolume_db=-12\n")
    settings = Settings(path)
    assert (settings.device, settings.theme, settings.volume_db) == ("Headphones", "light", -12.0)
    settings.keep()
    assert "version=2" in path.read_text()
    assert "\ndevice=" not in path.read_text()
    assert Settings(path).device == "Headphones"


def test_settings_of_a_later_version_are_kept_aside(tmp_path: Path) -> None:
    path, text = tmp_path / "settings.ini", "[General]\nversion=99\ntheme=light\n"
    path.write_text(text)
    assert Settings(path).theme == "dark"
    assert (tmp_path / "settings-version-99.ini").read_text() == text


@pytest.mark.parametrize("value", ["nonsense", "a, b", "[1", '{"NAME": "wide"}', '{"GONE": 20}'])
def test_damaged_settings_fall_back(tmp_path: Path, value: str) -> None:
    path = tmp_path / "settings.ini"
    keys = ("theme", "scale_percent", "columns", "column_widths", "compute", "scan_workers", "volume_db")
    path.write_text("[General]\n" + "".join(f"{key}={value}\n" for key in keys))
    settings = Settings(path)
    assert (settings.theme, settings.scale_percent, settings.compute) == ("dark", 100, "auto")
    assert settings.column_widths == {}
    assert settings.columns == Settings(tmp_path / "none.ini").columns
    assert settings.scan_workers is None


@pytest.mark.parametrize(("key", "step"), [(Qt.Key.Key_Down, 0), (Qt.Key.Key_Up, -1)])
@pytest.mark.parametrize("in_table", [True, False])
def test_what_is_taken_out_of_a_list_leaves_its_place_to_step_from(
    filled: MainWindow, qtbot: QtBot, key: Qt.Key, step: int, in_table: bool
) -> None:
    work, panel = filled.workspace, filled.matches_panel
    ids = [row.sound.id for row in work.matches.rows[:6]]
    work.marks.set_favourites(ids, True)
    until(qtbot, lambda: work.marks.state.favourites == 6)
    work.matching.set_filters(favourites=True)
    wait_for_rows(qtbot, filled, 6)
    panel.table.choose(3)
    left = [row.sound.id for number, row in enumerate(work.matches.rows) if number != 3]
    until(qtbot, lambda: played(filled) == 1)
    work.set_favourites([work.matches.rows[3].sound.id], False)
    wait_for_rows(qtbot, filled, 5)
    assert panel.current is None
    assert played(filled) == 1
    qtbot.keyClick(panel.table if in_table else filled, key)
    assert panel.current is not None
    assert panel.current.sound.id == left[3 + step]


def test_a_waveform_is_drawn_anew_where_its_sound_was_rewritten(qtbot: QtBot) -> None:
    model, peaks = MatchesModel(), np.arange(64, dtype=np.uint8)
    before, after = make_sound(1, size=100, peak_db=-3.0), make_sound(1, size=100, peak_db=-9.0)
    model.set_rows([Row(before, 1)])
    model.set_overviews({1: peaks})
    assert model.without_overview(0, 0) == []
    model.set_rows([Row(after, 1)])
    assert model.without_overview(0, 0) == [1]
    model.set_overviews({1: peaks[::-1], 7: peaks})
    assert model.without_overview(0, 0) == []
    assert np.array_equal(model.overview(after), peaks[::-1])

"""What has to fit: nothing covers anything else in the smallest window, and nothing that is hidden leaves a gap."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QListWidget, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app import theme
from app.controllers.matching import Results
from app.main_window import SMALLEST as SMALLEST_SIZE
from app.main_window import MainWindow
from app.models.columns import Row
from app.models.matches import MatchesModel
from app.models.slots import SlotsModel
from app.models.timeline import Timeline
from app.panels.matches import LEAST_HEIGHT
from app.widgets.fields import SearchBox
from app.widgets.lanes import Lanes
from app.widgets.match_table import MatchTable
from app.widgets.ruler import Ruler
from app.widgets.scrolling import OverlayBar, ScrollColumn
from app.widgets.tree_row import TreeRow
from engine.audio.declared import Credits
from tests.gui.conftest import until
from tests.gui.test_models import make_slot, make_sound

SMALLEST = (SMALLEST_SIZE.width(), SMALLEST_SIZE.height())


def place(widget: QWidget) -> QRect:
    """Where a widget is in its window."""
    return QRect(widget.mapTo(widget.window(), QPoint(0, 0)), widget.size())


def test_nothing_covers_anything_in_the_smallest_window(window: MainWindow, qtbot: QtBot) -> None:
    until(qtbot, lambda: window.workspace.library.state is not None)
    window.resize(*SMALLEST)
    window.parts_panel.show()
    window.matches_panel.show_welcome(False)
    window.matches_panel.footer.setText("Ranked from 12,480 sounds heard so far.")
    window.matches_panel._footer.show()
    until(qtbot, lambda: window.transport.width() == SMALLEST[0])
    below = [window.slots_panel, window.parts_panel, window.matches_panel, window.transport]
    for upper, lower in pairwise(below):
        assert place(upper).bottom() < place(lower).top()
    assert place(window.slots_panel.list).bottom() < place(window.parts_panel).top()
    assert window.matches_panel.height() >= LEAST_HEIGHT
    transport = window.transport
    controls = [transport.position, transport.sides, *transport._switches, transport.mute, transport.volume]
    until(qtbot, lambda: place(transport.sides).left() >= transport._left.width())
    for left, right in pairwise(controls):
        assert place(left).right() < place(right).left()


def test_the_header_keeps_its_gaps_whatever_is_hidden(window: MainWindow, qtbot: QtBot) -> None:
    header, work = window.header, window.workspace
    window.resize(1280, 800)
    work.reference.path = work.backend.library_dir / f"{'A very long name ' * 12}.wav"
    work.timeline.set_duration(60.0)
    header.refresh()
    for region in (None, (10.0, 20.0)):
        work.timeline.set_region(region)
        shown = [header.key, header.region_name, header.region]
        shown += [button for button in (header.hear_region, header.whole_song) if not button.isHidden()]
        shown += [header._divider, header.settings]
        until(qtbot, lambda shown=shown: all(widget.isVisible() for widget in shown))
        until(qtbot, lambda shown=shown: place(shown[0]).right() < place(shown[1]).left())
        gaps = [place(right).left() - place(left).right() - 1 for left, right in pairwise(shown[:-1])]
        assert all(8 <= gap <= 16 for gap in gaps), gaps


def test_facts_of_the_song_are_shown_in_a_small_window_where_they_fit(window: MainWindow, qtbot: QtBot) -> None:
    header, work = window.header, window.workspace
    window.resize(960, 600)
    work.timeline.set_duration(60.0)
    for name, fits in (("Short", True), ("A very long name of a song indeed " * 4, False)):
        work.reference.path = work.backend.library_dir / f"{name}.wav"
        header.refresh()
        assert header.length.isHidden() != fits


def test_the_artist_stands_beside_the_title_where_both_fit(window: MainWindow, qtbot: QtBot) -> None:
    header, work = window.header, window.workspace
    work.reference.path = work.backend.library_dir / "07 bounce final.flac"
    work.timeline.set_duration(60.0)
    for title, artist, fits in (("Vibe Ace", "Kevin MacLeod", True), ("A long title " * 9, "Kevin MacLeod", False)):
        window.resize(960, 600)
        work.reference.credits = Credits(title, artist)
        work.reference.facts_changed.emit()
        assert (header.name.text(), header.artist.text()) == (title, artist)
        assert header.artist.isHidden() != fits
        assert window.windowTitle() == f"{title} – Earshot"
    work.reference.credits = Credits()
    header.refresh()
    assert (header.name.text(), header.artist.isHidden()) == ("07 bounce final", True)


def test_a_region_can_be_made_a_slot_wherever_the_button_has_room(window: MainWindow, qtbot: QtBot) -> None:
    header, work = window.header, window.workspace
    work.timeline.set_duration(60.0)
    for width, name, fits in ((1440, "Short", True), (1280, "Short", True), (1280, "A long name " * 9, False)):
        window.resize(width, 800)
        work.reference.path = work.backend.library_dir / f"{name}.wav"
        work.timeline.set_region((10.0, 20.0))
        header.refresh()
        assert header.region_slot.isHidden() != fits, (width, name)


@pytest.mark.parametrize("size", [(1440, 900), (1280, 800), (960, 600), SMALLEST])
def test_pictures_give_way_to_the_reasons(window: MainWindow, qtbot: QtBot, size: tuple[int, int]) -> None:
    panel, small = window.compare_panel, size[0] < 1000
    until(qtbot, lambda: window.workspace.library.state is not None)
    window.resize(*size)
    window.matches_panel.show_welcome(False)
    for shown in (window.parts_panel, panel):
        shown.show()
    window.matches_panel.setVisible(not small)
    row = Row(make_sound(1), 1, similarity=0.9, chance=0.4)
    panel.show_match(row, make_slot(1, 0.9))
    until(qtbot, lambda: panel.isVisible() and place(window.transport).top() > place(panel).bottom())
    until(qtbot, lambda: place(window.slots_panel.list).bottom() < place(window.parts_panel).top())
    first, second = panel.plates
    until(qtbot, lambda: place(first).bottom() < place(panel.names[1]).top())
    assert place(panel.names[1]).bottom() < place(second).top()
    assert place(second).bottom() < place(panel._seconds).top()
    if small:  # it is low, and as wide as the table: the reasons stand at the right
        assert place(panel._seconds).bottom() <= place(panel).bottom()
        assert place(second).right() < place(panel._line).left() < place(panel._scroll).left()
    else:
        assert place(panel._seconds).bottom() < place(panel._line).top() <= place(panel._scroll).top()
    assert len(panel.reasons) == 4
    assert panel._scroll.verticalScrollBar().maximum() == 0, "all of them are in sight"


def test_types_drop_down_where_the_bar_is_full(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.matches_panel
    until(qtbot, lambda: window.workspace.library.state is not None)
    panel.show_welcome(False)
    window.resize(1440, 900)
    assert panel.kinds_short.isHidden()
    assert not panel.kinds.isHidden()
    for words, side_by_side in (("short", True), ("a way back with very many words " * 3, False), ("short", True)):
        panel._way_back.show()
        panel.back.setText(words)
        for widget in (panel.back, panel._way_back):
            widget.updateGeometry()
        panel._fit_bar()
        assert (panel.kinds.isHidden(), panel.kinds_short.isHidden()) == (not side_by_side, side_by_side)


def test_an_empty_search_field_says_what_has_room(qtbot: QtBot) -> None:
    field = SearchBox()
    qtbot.addWidget(field)
    field.set_hints("Search 54,302 sounds", "Search sounds", "Search")
    said = []
    for width in (400, 170, 90):
        field.resize(width, 28)
        field.show()
        until(qtbot, lambda width=width: field.width() == width)
        said.append(field.placeholderText())
    assert said == ["Search 54,302 sounds", "Search sounds", "Search"]


def test_an_empty_search_field_does_not_count_to_nothing(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.matches_panel
    for searchable, hint in ((0, "Search all sounds"), (1, "Search 1 sound")):
        panel.show_results(Results(make_slot(1, 0.9), (), searchable))
        assert panel.search._hints[0] == hint


def test_a_scroll_bar_takes_no_room(qtbot: QtBot) -> None:
    inside = QWidget()
    layout = QVBoxLayout(inside)
    layout.setContentsMargins(0, 0, 0, 0)
    lines = [QLabel(str(number)) for number in range(20)]
    for line in lines:
        layout.addWidget(line)
    column = ScrollColumn(inside)
    qtbot.addWidget(column)
    column.resize(200, 2000)
    column.show()
    until(qtbot, lambda: inside.width() == 200)
    assert not column.bar.isVisible()
    column.resize(200, 80)
    until(qtbot, column.bar.isVisible)
    assert inside.width() == 200
    assert column.bar.geometry().right() == 199
    column.bar.setValue(column.bar.maximum())
    assert column.verticalScrollBar().value() == column.verticalScrollBar().maximum() > 0
    column.verticalScrollBar().setValue(3)
    assert column.bar.value() == 3


def test_a_list_keeps_its_wheel_under_the_bar(qtbot: QtBot) -> None:
    rows = QListWidget()
    qtbot.addWidget(rows)
    bar = OverlayBar(rows)
    rows.addItems([str(number) for number in range(50)])
    rows.resize(120, 100)
    rows.show()
    until(qtbot, bar.isVisible)
    assert rows.viewport().width() == rows.contentsRect().width()


def test_the_name_of_a_folder_goes_before_the_end_of_its_figure(qtbot: QtBot) -> None:
    row = TreeRow("folder", "Samples", "")
    qtbot.addWidget(row)
    row.set_figure("12,480 of 48,211", short="12,480")
    wide, narrow = painted(row, 260), painted(row, 200)
    row.set_figure("12,480")
    assert painted(row, 200) == narrow
    assert painted(row, 260) != wide


def test_copies_are_counted_behind_the_name(qtbot: QtBot) -> None:
    model = MatchesModel()
    table = MatchTable(model)
    qtbot.addWidget(table)
    table.resize(900, 200)
    pictures = []
    for copies in ((), (make_sound(2),), (make_sound(2), make_sound(3))):
        model.set_rows([Row(make_sound(1), 1, copies=copies)])
        pictures.append(table.viewport().grab().toImage())
    assert pictures[0] != pictures[1] != pictures[2]


@pytest.mark.parametrize("rows", [0, 2])
def test_lanes_that_nothing_was_heard_for_are_no_silence(qtbot: QtBot, rows: int) -> None:
    timeline, slots = Timeline(), SlotsModel()
    lanes = Lanes(timeline, slots)
    qtbot.addWidget(lanes)
    timeline.set_duration(10.0)
    slots._slots = [make_slot(number, 0.9) for number in range(rows)]
    lanes.resize(300, 28 * 4)
    picture = lanes.grab().toImage()
    look = theme.current()
    for row in range(4):
        colour = look.canvas if row < rows else look.window
        assert picture.pixelColor(150, 28 * row + 3) == colour


def test_the_playhead_passes_behind_the_words_of_the_region(qtbot: QtBot) -> None:
    timeline = Timeline()
    ruler = Ruler(timeline)
    qtbot.addWidget(ruler)
    ruler.resize(600, 22)
    timeline.set_duration(60.0)
    timeline.set_region((10.0, 50.0))
    without = ruler.grab().toImage()
    timeline.set_playhead(12.0)
    through_words = ruler.grab().toImage()
    timeline.set_playhead(40.0)
    assert through_words == without
    assert ruler.grab().toImage() != without


def painted(widget: QWidget, width: int) -> QImage:
    widget.resize(width, widget.height())
    return widget.grab().toImage()

"""The plots, looked at pixel by pixel: what is loud, what the pointer does, and what a moving playhead costs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app import theme
from app.models.sonogram import MelPicture
from app.models.timeline import Timeline
from app.widgets import lanes
from app.widgets.overview import Overview
from app.widgets.readout import AXIS_HZ, LABEL, axis_places
from app.widgets.ruler import Ruler
from app.widgets.spectrogram import Spectrogram
from engine.matching import slots
from engine.paths import resources_dir
from tests.gui.conftest import PATIENCE_MILLISECONDS, until

SECONDS, FRAMES_PER_SECOND, BANDS = 60.0, 50, 128
WIDTH, HEIGHT = 600, 128
LOUD_FRAME, LOUD_BAND = 1234, 100
NOTHING, LEFT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton


class Sheet(QWidget):
    """Overview, spectrogram and ruler over a minute that is silent but for one cell, and loud in its first half."""

    def __init__(self) -> None:
        super().__init__()
        # Else the focus, and its ring, would be the spectrogram's from the start.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocus()
        self.timeline = Timeline(self)
        self.overview = Overview(self.timeline)
        self.spectrogram = Spectrogram(self.timeline)
        self.ruler = Ruler(self.timeline)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget, height in ((self.overview, 40), (self.spectrogram, HEIGHT), (self.ruler, 22)):
            widget.setFixedHeight(height)
            layout.addWidget(widget)
        self.resize(WIDTH, 40 + HEIGHT + 22)
        self.timeline.set_duration(SECONDS)
        levels = np.zeros((int(SECONDS * FRAMES_PER_SECOND), BANDS), np.uint8)
        levels[LOUD_FRAME, LOUD_BAND] = 255
        self.spectrogram.set_picture(MelPicture(levels, FRAMES_PER_SECOND))
        swing = np.repeat([0.5, 0.05], 1200).astype(np.float32)
        self.overview.set_peaks(np.stack((-swing, swing, swing / 2), axis=1))


@pytest.fixture
def sheet(qtbot: QtBot, qapp: QApplication) -> Iterator[Sheet]:
    theme.apply(qapp, "dark")
    sheet = Sheet()
    qtbot.addWidget(sheet)
    with qtbot.waitExposed(sheet, timeout=PATIENCE_MILLISECONDS):
        sheet.show()
    yield sheet
    theme.apply(qapp, "dark")


def seen(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def columns_of(image: QImage, colour: QColor, y: int) -> list[int]:
    """Where a row of an image has exactly this colour."""
    return [x for x in range(image.width()) if image.pixelColor(x, y) == colour]


def loudest() -> QColor:
    return QColor(*theme.current().spectrogram_table[-1].tolist())


@pytest.mark.parametrize("view", [(0.0, 60.0), (20.0, 30.0), (24.5, 24.9)])
def test_the_loud_cell_is_where_it_sounds_at_every_zoom(sheet: Sheet, view: tuple[float, float]) -> None:
    """One frame of three thousand fills a pixel column when all is shown: the loudest of a column, not the mean."""
    timeline = sheet.timeline
    timeline.show(*view)
    image = seen(sheet.spectrogram)
    left, right = (timeline.x((LOUD_FRAME + step) / FRAMES_PER_SECOND, WIDTH) for step in (0, 1))
    row = HEIGHT - 1 - LOUD_BAND * HEIGHT // BANDS
    lit = columns_of(image, loudest(), row)
    assert lit == list(range(int(left), max(int(left) + 1, round(right))))
    assert all(columns_of(image, loudest(), y) == [] for y in range(HEIGHT) if y != row)


def test_a_drag_makes_a_region_and_its_edges_run_on_in_the_ruler(sheet: Sheet, qtbot: QtBot) -> None:
    surface, timeline = sheet.spectrogram, sheet.timeline
    assert surface.childAt(300, 60) is None, "the plot lets the pointer through"
    assert surface.plot is not None
    assert not surface.plot.viewport().acceptDrops(), "a song can be dropped on it"
    qtbot.mousePress(surface, LEFT, pos=QPoint(100, 60))
    qtbot.mouseMove(surface, QPoint(140, 60))
    qtbot.mouseMove(surface, QPoint(200, 60))
    assert timeline.region == pytest.approx((10.0, 20.0))
    qtbot.mouseRelease(surface, LEFT, pos=QPoint(200, 60))
    timeline.set_hover(None)
    edge = theme.current().region_edge
    assert columns_of(seen(surface), edge, 5) == [100, 200]
    assert {100, 200} <= set(columns_of(seen(sheet.ruler), edge, 18))
    timeline.show(5.0, 45.0)
    assert columns_of(seen(surface), edge, 5) == [75, 225]


def test_the_wheel_zooms_around_the_pointer_and_shift_moves(sheet: Sheet, qapp: QApplication) -> None:
    timeline, surface = sheet.timeline, sheet.spectrogram

    def wheel(modifier: Qt.KeyboardModifier) -> None:
        at = QPointF(150, 60)
        turn = QWheelEvent(
            at, QPointF(surface.mapToGlobal(at)), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, modifier,
            Qt.ScrollPhase.NoScrollPhase, False
        )  # fmt: skip
        qapp.sendEvent(surface, turn)

    wheel(NOTHING)
    assert (timeline.start, timeline.end) == pytest.approx((3.0, 51.0))
    wheel(Qt.KeyboardModifier.ShiftModifier)
    assert (timeline.start, timeline.end) == pytest.approx((0.0, 48.0))


def test_the_playhead_moves_over_the_picture_without_drawing_it_anew(
    sheet: Sheet, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeline, surface = sheet.timeline, sheet.spectrogram
    timeline.set_playhead(1.0)
    seen(sheet)
    drawn: list[object] = []
    for plot in (surface.plot, sheet.overview.plot):
        assert plot is not None
        monkeypatch.setattr(plot, "draw", lambda: drawn.append("draw"))
    monkeypatch.setattr(MelPicture, "columns", lambda *_: drawn.append("pool"))
    for seconds in np.linspace(2.0, 42.0, 50):
        timeline.set_playhead(float(seconds), sounding=True)
        qtbot.wait(1)
    colour = theme.current().playhead_sounding
    for widget in (sheet.overview, surface, sheet.ruler):
        assert columns_of(seen(widget), colour, 12) == [420]
    assert len(columns_of(seen(surface), colour, 0)) > 6, "it hangs from its head"
    assert drawn == []
    timeline.set_playhead(None)
    assert columns_of(seen(surface), colour, 12) == []
    timeline.set_playhead(SECONDS)
    assert columns_of(seen(surface), theme.current().playhead_parked, 12) == [WIDTH - 1]


def test_the_crosshair_follows_the_pointer(sheet: Sheet, qtbot: QtBot) -> None:
    surface = sheet.spectrogram
    quiet = seen(surface).pixelColor(300, 90)
    qtbot.mouseMove(surface, QPoint(300, 40))
    until(qtbot, lambda: sheet.timeline.hover is not None)
    image = seen(surface)
    assert sheet.timeline.hover == pytest.approx((30.0, 1 - 40 / HEIGHT))
    assert image.pixelColor(300, 90) == image.pixelColor(90, 40) != quiet
    assert image.pixelColor(301, 90) == image.pixelColor(90, 41) == quiet
    sheet.timeline.show(15.0, 45.0)
    sheet.timeline.show(25.0, 55.0)
    assert seen(surface).pixelColor(100, 90) == image.pixelColor(300, 90), "it stays with its time"
    sheet.timeline.set_hover(None)
    assert seen(surface).pixelColor(100, 90) == quiet


def test_the_focus_is_seen(sheet: Sheet, qtbot: QtBot) -> None:
    surface = sheet.spectrogram
    assert seen(surface).pixelColor(0, 60) != theme.current().focus_ring
    sheet.activateWindow()
    surface.setFocus(Qt.FocusReason.TabFocusReason)
    until(qtbot, surface.hasFocus)
    assert seen(surface).pixelColor(0, 60) == theme.current().focus_ring


def test_the_theme_changes_while_it_is_shown(sheet: Sheet, qapp: QApplication) -> None:
    dark = seen(sheet.spectrogram).pixelColor(300, 60), seen(sheet.overview).pixelColor(300, 1)
    theme.apply(qapp, "light")
    look = theme.current()
    quiet = QColor(*look.spectrogram_table[0].tolist())
    light = seen(sheet.spectrogram).pixelColor(300, 60), seen(sheet.overview).pixelColor(300, 1)
    assert light == (quiet, look.canvas)
    assert light != dark


def test_the_overview_is_high_where_it_is_loud_and_bracketed_where_it_is_shown(sheet: Sheet, qtbot: QtBot) -> None:
    look = theme.current()

    def heights(colour: QColor) -> list[int]:
        image = seen(sheet.overview)
        return [sum(image.pixelColor(x, y) == colour for y in range(40)) for x in (150, 450)]

    assert heights(look.wave_rms) == pytest.approx([17, 2], abs=1)
    assert heights(look.wave_peak) == pytest.approx([17, 2], abs=1)
    sheet.timeline.show(10.0, 50.0)
    assert columns_of(seen(sheet.overview), look.region_edge, 1) == [100, 101, 498, 499]
    qtbot.mousePress(sheet.overview, LEFT, pos=QPoint(500, 20))
    qtbot.mouseMove(sheet.overview, QPoint(400, 20))
    qtbot.mouseRelease(sheet.overview, LEFT, pos=QPoint(400, 20))
    assert (sheet.timeline.start, sheet.timeline.end) == pytest.approx((10.0, 40.0))
    assert columns_of(seen(sheet.overview), look.region_edge, 1) == [100, 101, 398, 399]


def test_the_lanes_have_the_grid_of_the_slots() -> None:
    assert lanes.CELL_SECONDS is slots.CELL_SECONDS, "one number, wherever it is changed"
    assert "lane_bin_s" not in theme.tokens()["rules"]


def test_without_a_reference_there_is_nothing_to_see(sheet: Sheet) -> None:
    sheet.timeline.reset()
    sheet.timeline.set_playhead(0.0, sounding=True)
    sheet.spectrogram.set_picture(None)
    sheet.overview.set_peaks(None)
    for widget in (sheet.spectrogram, sheet.overview):
        assert widget.plot is not None
        assert not widget.plot.isVisible()
        assert len(columns_of(seen(widget), theme.current().canvas, 20)) == WIDTH


def test_the_window_is_there_before_pyqtgraph() -> None:
    code = "import sys, app.main, app.main_window; assert 'pyqtgraph' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=600)


def drag(qtbot: QtBot, widget: QWidget, first: int, last: int, held: Qt.KeyboardModifier = NOTHING) -> None:
    qtbot.mousePress(widget, LEFT, held, QPoint(first, 10))
    for x in ((first + last) // 2, last):
        event = QMouseEvent(
            QMouseEvent.Type.MouseMove, QPointF(x, 10), widget.mapToGlobal(QPointF(x, 10)), LEFT, LEFT, held
        )
        QApplication.sendEvent(widget, event)
    qtbot.mouseRelease(widget, LEFT, held, QPoint(last, 10))


def test_a_region_keeps_to_the_beats_unless_it_is_told_not_to(sheet: Sheet, qtbot: QtBot) -> None:
    timeline, ruler = sheet.timeline, sheet.ruler
    timeline.show(20.0, 32.0)  # 50 pixels a second
    before = seen(ruler)
    timeline.set_beats([20.48, 21.5, 22.52, 23.54, 30.0])
    ticks = columns_of(seen(ruler), theme.current().quiet, ruler.height() - 1)
    assert ticks == [24, 75, 126, 177, 500]

    drag(qtbot, sheet.spectrogram, 28, 121)  # 20.56 to 22.42
    assert timeline.region == (20.48, 22.52)
    drag(qtbot, sheet.spectrogram, 28, 100)
    assert timeline.region == pytest.approx((20.48, 22.0)), "no beat is near to the end"
    drag(qtbot, sheet.spectrogram, 28, 121, Qt.KeyboardModifier.ControlModifier)
    assert timeline.region == pytest.approx((20.56, 22.42))

    timeline.set_region((20.48, 22.52))
    drag(qtbot, ruler, 125, 180)  # its end
    assert timeline.region == (20.48, 23.54)
    drag(qtbot, ruler, 60, 111)  # the whole of it, by a beat
    assert timeline.region == pytest.approx((21.5, 24.56))
    drag(qtbot, ruler, 76, 3000)
    assert timeline.region is not None
    assert timeline.region[0] < timeline.region[1]

    timeline.set_region(None)
    timeline.set_snaps(False)
    assert seen(ruler) == before
    drag(qtbot, sheet.spectrogram, 28, 121)
    assert timeline.region == pytest.approx((20.56, 22.42))


def test_beats_too_near_to_one_another_are_not_drawn(sheet: Sheet) -> None:
    before = seen(sheet.ruler)
    sheet.timeline.set_beats([number * 0.5 for number in range(120)])
    assert seen(sheet.ruler) == before
    sheet.timeline.reset()
    assert not sheet.timeline.beats


def test_labels_of_the_frequency_axis_do_not_touch() -> None:
    assert [hz for hz, _ in axis_places(AXIS_HZ, 143)] == [16000, 500, 8000, 4000, 2000, 1000]
    assert [hz for hz, _ in axis_places((500, 2000, 8000), 64)] == [8000, 500, 2000]
    assert [hz for hz, _ in axis_places((500, 2000, 8000), 32)] == [8000, 500]
    for height in (32, 64, 143):
        assert all(0 <= top <= height - LABEL for _, top in axis_places(AXIS_HZ, height))


def test_the_look_is_whole_wherever_the_program_lies(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the home of an O'Brien, too."""
    placed = tmp_path / "O'Brien (music)"
    shutil.copytree(resources_dir() / "icons", placed / "icons")
    monkeypatch.setattr(theme, "resources_dir", lambda: placed)
    field = QLineEdit()
    qtbot.addWidget(field)
    field.setStyleSheet(theme._style_sheet(theme.theme("dark")))
    field.resize(200, 40)
    assert field.grab().toImage().pixelColor(100, 14) == theme.theme("dark").canvas

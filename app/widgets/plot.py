"""The pictures of sound, drawn by pyqtgraph: a timeline's seconds from left to right, edge to edge.

A plot only draws; the widget that it fills takes the pointer and the keys. Importing pyqtgraph takes as long as opening
the whole window, so this module is imported when there is something to draw, and first by a thread (`Backend.warm`).
"""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app import theme
from app.models.sonogram import MelPicture, pool_columns
from app.models.timeline import Timeline
from app.widgets.markers import line_pen
from app.widgets.painting import paint_focus

pg.setConfigOptions(imageAxisOrder="row-major", antialias=False)

HEAD_WIDTH, HEAD_HEIGHT = 12, 7
WAVE_MARGIN = 3
BRACKET = theme.tokens()["stroke"]["overview_bracket"]


class Plot(pg.GraphicsView):
    """The visible range of a timeline, its region and its playhead, on the same pixels as in the ruler and the lanes.

    What stands for the sound is made anew by `draw` when range, size, theme or screen change, and only then: the
    playhead is a line that moves over it.
    """

    def __init__(self, timeline: Timeline, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAcceptDrops(False)
        self.setMinimumSize(1, 1)
        layout = QHBoxLayout(parent)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self)
        self.timeline = timeline
        self.box = pg.ViewBox(enableMouse=False, enableMenu=False)
        self.box.disableAutoRange()
        self.setCentralItem(self.box)
        self.region = self.add(pg.LinearRegionItem(pen=pg.mkPen(None), movable=False), 10)
        self.playhead = self.add(pg.InfiniteLine(angle=90), 30)
        self._drawn: tuple[float, float, QSize] | None = None
        self._dressed: tuple[str, float] | None = None
        self.box.sigResized.connect(self.show_view)
        timeline.view_changed.connect(self.show_view)
        timeline.region_changed.connect(self.show_region)
        timeline.playhead_changed.connect(self.show_playhead)

    def add(self, item: pg.GraphicsObject, height: int) -> pg.GraphicsObject:
        """Put an item into the plot; higher ones cover lower ones."""
        item.setZValue(height)
        self.box.addItem(item, ignoreBounds=True)
        return item

    # what the kinds of plot differ in

    def span(self) -> tuple[float, float]:
        """The seconds at the left and the right edge."""
        return self.timeline.start, self.timeline.end

    def heights(self) -> tuple[float, float]:
        """What the lower and the upper edge stand for."""
        return 0.0, 1.0

    def draw(self) -> None:
        """Put the sound in, pooled to the columns of the screen."""

    def dress(self) -> None:
        """Take the colours of the theme in use."""
        self.setBackground(theme.current().canvas)
        self.show_playhead()

    # the pixel grid

    @property
    def columns(self) -> int:
        """How many the screen has, which is more than the widget has where the desktop is scaled."""
        return max(1, round(self.width() * self.devicePixelRatioF()))

    def column(self, seconds: float) -> int:
        """The widget's pixel column of a time."""
        start, end = self.span()
        return round((seconds - start) / (end - start) * self.width()) if end > start else 0

    def time(self, column: float) -> float:
        """The time at the left edge of a column; a line is sharp in the middle of one."""
        start, end = self.span()
        return start + column / max(1, self.width()) * (end - start)

    # what the timeline says

    def show_view(self) -> None:
        start, end = self.span()
        self.setVisible(end > start)
        if end <= start:
            return
        if self._drawn != (start, end, self.size()):
            self._drawn = (start, end, self.size())
            self.box.setRange(xRange=(start, end), yRange=self.heights(), padding=0)
            # Left to itself, pyqtgraph moves the items while they are painted, and then paints them again.
            self.scene().prepareForPaint()
            self.draw()
        self.show_region()
        self.show_playhead()

    def show_region(self) -> None:
        region = self.timeline.region
        self.region.setVisible(region is not None)
        if region is not None:
            self.region.setRegion([self.time(self.column(edge) + 0.5) for edge in region])

    def show_playhead(self) -> None:
        seconds = self.timeline.playhead
        self.playhead.setVisible(seconds is not None)
        if seconds is not None:
            self.playhead.setPos(self.time(min(self.column(seconds), self.width() - 1) + 0.5))
            pen = line_pen(self.playhead_colour(), self)
            if pen != self.playhead.pen:
                self.playhead.setPen(pen)

    def playhead_colour(self) -> QColor:
        look = theme.current()
        return look.playhead_sounding if self.timeline.sounding else look.playhead_parked

    def paintEvent(self, event: QPaintEvent) -> None:
        dressed = (theme.current().name, self.devicePixelRatioF())
        if dressed != self._dressed:
            self._dressed = dressed
            self.dress()
            self.draw()
        super().paintEvent(event)


class SonogramPlot(Plot):
    """Shows a `MelPicture`."""

    def __init__(self, timeline: Timeline, parent: QWidget) -> None:
        super().__init__(timeline, parent)
        self._picture: MelPicture | None = None
        self.image = self.add(pg.ImageItem(levels=(0, 255)), 0)

    def set_picture(self, picture: MelPicture | None) -> None:
        self._picture = picture
        self.show_view()
        self.draw()

    def draw(self) -> None:
        start, end = self.span()
        self.image.setVisible(self._picture is not None)
        if self._picture is not None and end > start:
            self.image.setImage(self._picture.columns(start, end, self.columns), autoLevels=False)
            self.image.setRect(start, 0.0, end - start, 1.0)

    def dress(self) -> None:
        super().dress()
        self.image.setLookupTable(theme.current().spectrogram_table)


class ReferencePlot(SonogramPlot):
    """The sonogram to work on: with the head of the playhead, a crosshair, and the focus ring of its widget."""

    def __init__(self, timeline: Timeline, parent: QWidget) -> None:
        super().__init__(timeline, parent)
        self.crosshair = [self.add(pg.InfiniteLine(angle=angle), 20) for angle in (90, 0)]
        self.head = self.add(pg.ArrowItem(angle=-90, headLen=HEAD_HEIGHT, headWidth=HEAD_WIDTH / 2, pen=None), 30)
        timeline.hover_changed.connect(self.show_hover)

    def show_view(self) -> None:
        super().show_view()
        self.show_hover()

    def show_playhead(self) -> None:
        super().show_playhead()
        self.head.setVisible(self.playhead.isVisible())
        self.head.setPos(self.playhead.value(), 1 - HEAD_HEIGHT / max(1, self.height()))
        self.head.setStyle(brush=self.playhead.pen.color())

    def show_hover(self) -> None:
        hover, height = self.timeline.hover, max(1, self.height())
        for line in self.crosshair:
            line.setVisible(hover is not None)
        if hover is not None:
            self.crosshair[0].setPos(self.time(self.column(hover[0]) + 0.5))
            self.crosshair[1].setPos(1 - (round((1 - hover[1]) * height) + 0.5) / height)

    def dress(self) -> None:
        super().dress()
        look = theme.current()
        self.region.setBrush(theme.with_alpha(look.region_edge, look.region_alpha))
        for edge in self.region.lines:
            edge.setPen(line_pen(look.region_edge, self))
        for line in self.crosshair:
            line.setPen(line_pen(theme.with_alpha(look.text, 0.45), self))

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        if self.parentWidget().hasFocus():
            paint_focus(painter, self.rect(), radius=2)


class WaveformPlot(Plot):
    """The whole reference: peaks behind, loudness before; brackets around the visible range, a veil on the rest.

    The loudest column fills the height: a quiet sound shows its shape too.
    """

    def __init__(self, timeline: Timeline, parent: QWidget) -> None:
        super().__init__(timeline, parent)
        self._peaks: np.ndarray | None = None
        self.region.setZValue(-10)
        self.bars = [self.add(pg.BarGraphItem(x0=[], x1=[], y0=[], y1=[], pen=None), height) for height in (0, 1)]
        self.veils = [self.add(pg.LinearRegionItem(pen=pg.mkPen(None), movable=False), 20) for _ in range(2)]

    def set_peaks(self, peaks: np.ndarray | None) -> None:
        """peaks : float32 [bins, 3], min, max and rms over the whole reference; None for no reference."""
        self._peaks = peaks
        self.show_view()
        self.draw()

    def span(self) -> tuple[float, float]:
        return 0.0, self.timeline.duration

    def heights(self) -> tuple[float, float]:
        most = self.height() / max(1, self.height() - 2 * WAVE_MARGIN)
        return -most, most

    def draw(self) -> None:
        for bars in self.bars:
            bars.setVisible(self._peaks is not None)
        if self._peaks is None:
            return
        bins = pool_columns(self._peaks * (-1, 1, 1), np.linspace(0, len(self._peaks), self.columns + 1))
        low, high, loud = (bins / max(bins[:, :2].max(), 1e-6)).T
        edges = np.linspace(*self.span(), self.columns + 1)
        pixel = 2 * self.heights()[1] / max(1, self.height())
        for bars, bottom, top in ((self.bars[0], -low, np.maximum(high, pixel - low)), (self.bars[1], -loud, loud)):
            bars.setOpts(x0=edges[:-1], x1=edges[1:], y0=bottom, y1=top)

    def show_view(self) -> None:
        super().show_view()
        timeline, (first, last) = self.timeline, self.span()
        for veil in self.veils:
            veil.setVisible(timeline.zoomed)
        if timeline.zoomed:
            self.veils[0].setRegion((first, self.time(self.column(timeline.start) + BRACKET / 2)))
            self.veils[1].setRegion((self.time(self.column(timeline.end) - BRACKET / 2), last))

    def playhead_colour(self) -> QColor:
        look = theme.current()
        return look.playhead_sounding if self.timeline.sounding else look.text

    def dress(self) -> None:
        super().dress()
        look = theme.current()
        self.region.setBrush(theme.with_alpha(look.region_edge, look.region_overview_alpha))
        for bars, colour in zip(self.bars, (look.wave_peak, look.wave_rms), strict=True):
            bars.setOpts(brush=colour)
        for veil, inner in zip(self.veils, (1, 0), strict=True):
            veil.setBrush(theme.with_alpha(look.canvas, 0.62))
            veil.lines[inner].setPen(line_pen(look.region_edge, self, width=BRACKET))

"""Reference above, candidate below, over the same length of time; and why it matched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from app import text, theme
from app.controllers.audition import Auditioner
from app.controllers.compare import CompareController, Plate
from app.controllers.fitting import Fitting
from app.density import Density
from app.models.columns import Row
from app.models.reasons import Reason, reasons
from app.models.timeline import Timeline
from app.widgets.boxes import UNLIMITED
from app.widgets.buttons import Button, IconButton
from app.widgets.labels import Label, Line
from app.widgets.readout import paint_frequency_axis
from app.widgets.scrolling import ScrollColumn

if TYPE_CHECKING:
    from app.widgets.plot import SonogramPlot
    from engine.library.catalog import Sound
    from engine.matching.slots import Slot

AXIS_WIDTH = 27
PLATE_HZ = (500, 2000, 8000)
HEAD, CAPTION, LINE = 40, 24, 20
SNAP = 4
WHY = 30
"""What is above the reasons: the divider, their heading, and the room around it."""
LEAST_PLATE = 32
LONGEST_SUBJECT = 10
"""Letters of what of the reference is shown that stand beside the word itself."""
EDGE = 16
BESIDE_FROM, BESIDE_BELOW = 560, 360
"""In a panel as wide, and lower than that, the reasons stand beside the pictures."""
REASONS_BESIDE = 248
"""Their width there: that of the pane in a window that has one."""
LEAST_HEIGHT = HEAD + 2 * (CAPTION + LEAST_PLATE) + SNAP + LINE + 2 * SNAP
"""Beside the reasons; pictures that have more now shall not ask for more of the window."""
MOST_PLATE = 144
"""The height of a picture that has all of a low panel to itself."""
WIDE_PLATE = 3
"""A picture that has room is so many times as wide as it is high."""


class PlateView(QWidget):
    """A picture with its frequency axis; empty, it says what would be here."""

    def __init__(self, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hint = hint
        self._drawn = False
        """Whether there is a picture, or one is on its way."""
        self._timeline = Timeline(self)
        self._plot: SonogramPlot | None = None
        self.setContentsMargins(AXIS_WIDTH, 0, 0, 0)
        self.setAccessibleName(hint)

    def show_plate(self, plate: Plate | None, span: float, hint: str) -> None:
        """A picture over `span` seconds, or the hint."""
        self._hint, self._drawn = hint, plate is not None or not hint
        if self._plot is None and plate is not None:
            from app.widgets.plot import SonogramPlot

            self._plot = SonogramPlot(self._timeline, self)
        if self._plot is not None:
            self._timeline.set_duration(span if plate is not None else 0.0)
            self._plot.set_picture(plate.picture if plate is not None else None)
        self.update()

    def set_playhead(self, seconds: float | None, *, sounding: bool) -> None:
        """Where in the span it is; outside of it, it is not shown."""
        inside = seconds is not None and 0 <= seconds <= self._timeline.duration
        self._timeline.set_playhead(seconds if inside else None, sounding=sounding)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        plate = self.contentsRect()
        painter.fillRect(plate, look.canvas)
        if self._drawn:
            paint_frequency_axis(painter, QRect(0, 0, AXIS_WIDTH - 6, self.height()), PLATE_HZ)
        painter.setFont(theme.font())
        painter.setPen(look.quiet)
        wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(plate.adjusted(8, 0, -8, 0), wrapped, self._hint)


class _Seconds(QWidget):
    """The time axis beneath the plates."""

    def __init__(self) -> None:
        super().__init__()
        self.span = 2.0
        self.setFixedHeight(LINE)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setFont(theme.font("axis"))
        width = self.width() - AXIS_WIDTH
        step = next((s for s in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0) if s / self.span * width >= 44), 2.0)
        for number in range(int(self.span / step + 1e-6) + 1):
            x = AXIS_WIDTH + round(number * step / self.span * width)
            painter.fillRect(QRect(x, 0, 1, 4), look.control_border)
            label = f"{number * step:g} s"
            if x + 5 + painter.fontMetrics().horizontalAdvance(label) <= self.width():
                painter.setPen(look.quiet)
                painter.drawText(QRect(x + 5, 2, 60, 16), Qt.AlignmentFlag.AlignVCenter, label)


class _Badge(QWidget):
    """A or B; the side that is chosen is solid."""

    def __init__(self, letter: str) -> None:
        super().__init__()
        self._letter = letter
        self.on = False
        self.setFixedSize(18, 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.accent if self.on else look.pressed)
        painter.drawRoundedRect(QRectF(self.rect()), 3, 3)
        painter.setFont(theme.font("small"))
        painter.setPen(look.on_accent if self.on else look.text)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._letter)


class _ReasonLine(QWidget):
    """A line of 'why it matched': word, bar, figure."""

    def __init__(self, reason: Reason, *, strong: bool) -> None:
        super().__init__()
        self.reason, self._strong = reason, strong
        self.setFixedHeight(LINE)
        self.setAccessibleName(f"{reason.words} {reason.figure}")
        self.setToolTip(reason.explanation)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, rect = theme.current(), self.rect()
        painter = QPainter(self)
        painter.setFont(theme.font())
        painter.setPen(look.text if self._strong else look.secondary)
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, self.reason.words)
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self.reason.figure)
        if self.reason.share is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        left, width = 96, rect.width() - 96 - 40
        painter.setBrush(look.divider)
        painter.drawRoundedRect(QRectF(left, rect.height() / 2 - 2, width, 4), 2, 2)
        painter.setBrush(look.text if self._strong else look.quiet)
        share = min(1.0, max(0.0, self.reason.share))
        painter.drawRoundedRect(QRectF(left, rect.height() / 2 - 2, max(4.0, width * share), 4), 2, 2)


class DragOutButton(Button):
    """Dragged, it carries the chosen sound's file."""

    drag_asked = Signal()

    def __init__(self) -> None:
        super().__init__("Drag out", icon="handle")
        self._pressed: QPoint | None = None
        self.setToolTip("Drag the file into another program; at another pitch or tempo, a new file of what is heard")
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None and (event.position().toPoint() - self._pressed).manhattanLength() > 6:
            self._pressed = None
            self.setDown(False)
            self.drag_asked.emit()


class ComparePanel(QWidget):
    """The right of the matches."""

    def __init__(
        self, compare: CompareController, auditioner: Auditioner, fitting: Fitting, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._compare, self._auditioner, self._fitting = compare, auditioner, fitting
        self._row: Row | None = None
        self._slot: Slot | None = None
        self._similar_to: Sound | None = None
        self.reasons: list[Reason] = []
        self._plate_height = theme.tokens()["size"]["compare_plate"][1]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(EDGE, 0, EDGE, 0)
        layout.setSpacing(0)
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        pictures = QVBoxLayout()
        pictures.setSpacing(0)
        head = QWidget()
        head.setFixedHeight(HEAD)
        top = QHBoxLayout(head)
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(Label("Compare", role="title"))
        top.addStretch(1)
        self.drag_out = DragOutButton()
        self.back = IconButton("close", "Back to the table (C)", size=28)
        top.addWidget(self.drag_out)
        top.addWidget(self.back)
        layout.addWidget(head)
        self._badges = (_Badge("A"), _Badge("B"))
        self.names = (Label("Reference", elide=True), Label("", elide=True))
        self.figures = (Label("", colour="quiet"), Label("", colour="quiet"))
        self.plates = (PlateView("No song yet"), PlateView("Select a sound: it plays at once."))
        for number in range(2):
            caption = QWidget()
            caption.setFixedHeight(CAPTION)
            row = QHBoxLayout(caption)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(8)
            row.addWidget(self._badges[number])
            row.addWidget(self.names[number], 1)
            row.addWidget(self.figures[number])
            pictures.addWidget(caption)
            pictures.addWidget(self.plates[number])
            pictures.addSpacing(SNAP if number == 0 else 0)
        self._seconds = _Seconds()
        pictures.addWidget(self._seconds)
        pictures.addSpacing(2 * SNAP)
        pictures.addStretch(1)
        self._body.addLayout(pictures)
        self._why = QWidget()
        why = QVBoxLayout(self._why)
        why.setContentsMargins(0, 0, 0, 0)
        why.setSpacing(0)
        self._line = Line(parent=self)
        why.addSpacing(9)
        why.addWidget(Label("Why it matched", role="strong"))
        why.addSpacing(3)
        self._reasons = QVBoxLayout()
        self._reasons.setSpacing(0)
        why.addLayout(self._reasons)
        why.addStretch(1)
        self._scroll = ScrollColumn(self._why, host=self)  # in a low window not every reason has room
        self._scroll.setMinimumHeight(1)
        self._scroll.installEventFilter(self)
        self._body.addWidget(self._scroll, 1)
        layout.addLayout(self._body, 1)
        self.setMinimumHeight(LEAST_HEIGHT)
        compare.changed.connect(self.refresh)
        auditioner.changed.connect(self._show_side)
        fitting.changed.connect(self.refresh)
        auditioner.moved.connect(self._show_playhead)
        self.refresh()

    def set_density(self, density: Density) -> None:
        self._plate_height = density.compare_plate
        self.back.setVisible(density.small)
        self._fit_plates()

    def show_match(self, row: Row | None, slot: Slot | None, similar_to: Sound | None = None) -> None:
        """The chosen sound, and the slot it was ranked for or the sound it was found similar to."""
        self._row, self._slot, self._similar_to = row, slot, similar_to
        self.refresh()

    def refresh(self) -> None:
        """Show what the controller has."""
        compare, row = self._compare, self._row
        span = compare.span
        stretch, asked = compare.stretch, compare.asked_sound
        if asked is not None:
            self.figures[0].setText(self._figures(asked))
        elif stretch is not None:
            passage = f"{text.clock(stretch.start)} – {text.clock(stretch.start + span)}"
            self.figures[0].setText(" · ".join(filter(None, (self._fitting.note, passage))))
        else:
            self.figures[0].setText("")
        whose, subject = "Reference" if asked is None else "Original", compare.subject
        whole = " · ".join(filter(None, (whose, subject)))
        # The badge tells that it is the reference; beside its passage there is no room for more.
        long = asked is None and len(subject) > LONGEST_SUBJECT
        self.names[0].setText(subject[:1].upper() + subject[1:] if long else whole)
        self.names[0].setToolTip(whole)
        self.names[1].setText(row.sound.name if row is not None else "No candidate chosen")
        self.names[1].set_colour("text" if row is not None else "quiet")
        self.figures[1].setText(self._figures(row.sound) if row is not None else "")
        waiting = compare.failures.get("A", "") if compare.asked is not None else "No slot chosen yet"
        self.plates[0].show_plate(compare.reference, span, waiting)
        hint = compare.failures.get("B", "") if row is not None else "Select a sound: it plays at once."
        self.plates[1].show_plate(compare.candidate, span, hint)
        self._seconds.span = span
        self._seconds.setVisible(row is not None)
        self._seconds.update()
        self.drag_out.setEnabled(row is not None)
        self._show_reasons(reasons(row, self._slot, self._similar_to) if row is not None else [])
        self._show_side()
        self._place_line()

    def _figures(self, sound: Sound) -> str:
        """What is done to a sound, and how long it is."""
        length = _length(sound.duration_seconds) if sound.duration_seconds else ""
        return " · ".join(filter(None, (self._fitting.words(sound), length)))

    def _show_reasons(self, found: list[Reason]) -> None:
        self._why.setVisible(bool(found))
        self._line.setVisible(bool(found))
        if found == self.reasons:
            return
        self.reasons = found
        while (item := self._reasons.takeAt(0)) is not None:
            if (line := item.widget()) is not None:
                line.hide()
                line.deleteLater()
        for number, reason in enumerate(found):
            self._reasons.addWidget(_ReasonLine(reason, strong=number == 0))
        self._fit_plates()

    @property
    def _beside(self) -> bool:
        """Whether the reasons stand beside the pictures rather than beneath them."""
        return self.width() >= BESIDE_FROM and self.height() < BESIDE_BELOW

    def resizeEvent(self, event: object) -> None:
        beside = self._beside
        way = QBoxLayout.Direction
        self._body.setDirection(way.LeftToRight if beside else way.TopToBottom)
        self._body.setSpacing(2 * EDGE if beside else 0)
        self._body.setStretch(0, int(beside))
        self._body.setStretch(1, int(not beside))
        self._scroll.setMinimumWidth(REASONS_BESIDE if beside else 0)
        self._scroll.setMaximumWidth(REASONS_BESIDE if beside else UNLIMITED)
        self._fit_plates()
        self._place_line()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Move:
            self._place_line()
        return super().eventFilter(watched, event)

    def _fit_plates(self) -> None:
        """The pictures give what they can spare, so that every reason is in sight."""
        beside = self._beside
        why = WHY + LINE * len(self.reasons) if self.reasons and not beside else 0
        others = HEAD + 2 * CAPTION + SNAP + LINE + 2 * SNAP + why
        room = (self.height() - others) // 2 // SNAP * SNAP
        wide = (self.width() - 2 * EDGE - AXIS_WIDTH) // WIDE_PLATE // SNAP * SNAP
        height = max(LEAST_PLATE, min(MOST_PLATE if beside else max(self._plate_height, wide), room))
        if height != self.plates[0].height():
            for plate in self.plates:
                plate.setFixedHeight(height)
            layout = self.layout()
            assert layout is not None
            layout.invalidate()
            layout.activate()  # at once: a resize is under way, and what is around them has its places already

    def _place_line(self) -> None:
        """Between the pictures and the reasons."""
        if self._beside:
            self._line.setFixedSize(1, self.height() - HEAD)
            self._line.move(self._scroll.x() - EDGE, HEAD)
        else:
            self._line.setFixedSize(self.width(), 1)
            self._line.move(0, self._scroll.y())
        self._line.raise_()

    def _show_side(self) -> None:
        for number, badge in enumerate(self._badges):
            badge.on = "AB"[number] == self._auditioner.side and self._row is not None
            badge.update()
        self._show_playhead()

    def _show_playhead(self) -> None:
        auditioner, sounding = self._auditioner, self._auditioner.playing
        where: list[float | None] = [None, None]
        if auditioner.side == "B" and self._row is not None and (sounding or auditioner.position):
            where[1] = auditioner.position
        elif auditioner.side == "A" and auditioner.asked is not None:
            if auditioner.asked == self._compare.asked_sound and (sounding or auditioner.position):
                where[0] = auditioner.position
        elif auditioner.side == "A" and self._compare.stretch is not None:
            position = auditioner.reference_position
            if position is not None and (sounding or auditioner.position):
                where[0] = position - self._compare.stretch.start
        for plate, seconds in zip(self.plates, where, strict=True):
            plate.set_playhead(seconds, sounding=sounding)


def _length(seconds: float) -> str:
    """As the table writes it, but that of what is short finer."""
    return f"{seconds:.2f} s" if seconds < 60 else text.clock(seconds, 0)

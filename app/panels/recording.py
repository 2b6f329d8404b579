"""Recording a reference: input, level, time, and the button that begins and ends it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app import text, theme
from app.controllers.recording import FLOOR_DB, RecordingController
from app.widgets.buttons import Button
from app.widgets.fields import Choice
from app.widgets.labels import Label
from app.widgets.painting import claims

WIDTH = 400
TOO_LOUD_DB = -0.1
_KEYS = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class LevelMeter(QWidget):
    """From silence to full scale."""

    def __init__(self) -> None:
        super().__init__()
        self._level_db = FLOOR_DB
        self.setFixedHeight(8)
        self.setAccessibleName("Level of the input")

    def set_level(self, level_db: float) -> None:
        """`FLOOR_DB` to 0."""
        if level_db != self._level_db:
            self._level_db = level_db
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.divider)
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        share = min(1.0, max(0.0, 1 - self._level_db / FLOOR_DB))
        if share > 0:
            painter.setBrush(look.text if self._level_db > TOO_LOUD_DB else look.quiet)
            painter.drawRoundedRect(QRectF(0, 0, max(8.0, share * self.width()), self.height()), 4, 4)


class RecordingPage(QWidget):
    """Takes the place of the reference while one is recorded. Enter begins and ends, Esc leaves."""

    def __init__(self, recording: RecordingController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recording = recording
        self.setAccessibleName("Record a song")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        outer = QHBoxLayout(self)
        inside = QWidget()
        inside.setFixedWidth(WIDTH)
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(8)
        outer.addStretch(1)
        outer.addWidget(inside)
        outer.addStretch(1)
        self.input = Choice()
        self.input.setAccessibleName("Input")
        self.meter = LevelMeter()
        self.time = Label("", role="title")
        self.level = Label("", colour="secondary")
        self.hint = Label("", colour="quiet", elide=True)
        self.record = Button("Record", icon="microphone", kind="primary")
        self.leave = Button("Cancel")
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(Label("Input", colour="secondary"))
        first.addWidget(self.input, 1)
        figures = QHBoxLayout()
        figures.addWidget(self.time)
        figures.addStretch(1)
        figures.addWidget(self.level)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.record)
        buttons.addWidget(self.leave)
        buttons.addStretch(1)
        layout.addStretch(1)
        layout.addWidget(Label("Record a song", role="invitation"))
        layout.addLayout(first)
        layout.addWidget(self.meter)
        layout.addLayout(figures)
        layout.addWidget(self.hint)
        layout.addLayout(buttons)
        layout.addStretch(1)
        self.input.activated.connect(recording.choose)
        self.record.clicked.connect(self._press)
        self.leave.clicked.connect(recording.close)
        recording.changed.connect(self.refresh)
        recording.moved.connect(self._move)
        self.refresh()

    def refresh(self) -> None:
        """Show the inputs, and what can be done."""
        recording = self._recording
        names = [device.name for device in recording.inputs]
        self.input.offer(names)
        if recording.device in recording.inputs:
            self.input.setCurrentIndex(recording.inputs.index(recording.device))
        self.input.setEnabled(bool(names) and not recording.recording)
        self.record.setText("Stop and open" if recording.recording else "Record")
        self.record.setAccessibleName(self.record.text())
        self.record.setEnabled(recording.ready)
        self.record.updateGeometry()
        self.leave.setVisible(not recording.recording)
        self._move()

    def _move(self) -> None:
        recording = self._recording
        self.meter.set_level(recording.level_db)
        self.time.setText(text.clock(recording.seconds))
        loud = recording.level_db > TOO_LOUD_DB
        quiet = recording.level_db <= FLOOR_DB
        self.level.setText(
            "too loud" if loud else "" if quiet or not recording.ready else text.decibels(recording.level_db)
        )
        self.hint.setText(recording.obstacle or self._advice())
        self.hint.setToolTip(recording.obstacle)
        self.meter.setAccessibleDescription(self.level.text() or "silence")

    def _advice(self) -> str:
        recording = self._recording
        if not recording.ready:
            return "Opening the input…"
        if recording.silent:
            return "Only silence comes in. Is it the right input, and may Earshot use it?"
        return "It is kept, and opened as the reference." if recording.recording else ""

    def _press(self) -> None:
        if self._recording.recording:
            self._recording.finish()
        elif self._recording.ready:
            self._recording.begin()

    def event(self, event: QEvent) -> bool:
        return claims(event, *_KEYS) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._recording.close()
        elif event.key() in _KEYS:
            self._press()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.current().canvas)

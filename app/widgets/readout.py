"""Beside the spectrogram: what is under the pointer, the colour scale, and the frequency axis."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app import text, theme
from app.models.scales import CEILING_DB, FLOOR_DB, height_of, hz_at
from app.models.timeline import Timeline
from app.widgets.spectrogram import Spectrogram

AXIS_HZ = (500, 1000, 2000, 4000, 8000, 16000)
LABEL, LEAST_STEP = 14, 12
"""The height of a label on the axis, and from one to the next where they do not touch."""


def axis_label(hz: int) -> str:
    return f"{hz // 1000}k" if hz >= 1000 else str(hz)


def axis_places(frequencies: tuple[int, ...], height: int) -> list[tuple[int, int]]:
    """Frequencies, and the tops of their labels beside a picture: the outermost, and of the others those with room."""
    places: list[tuple[int, int]] = []
    for hz in sorted(frequencies, key=lambda hz: (hz not in (min(frequencies), max(frequencies)), -hz)):
        top = min(max(round((1 - height_of(hz)) * height) - LABEL // 2, 0), height - LABEL)
        if len(places) < 2 or all(abs(top - other) >= LEAST_STEP for _, other in places):
            places.append((hz, top))
    return places


def paint_frequency_axis(painter: QPainter, rect: QRect, frequencies: tuple[int, ...]) -> None:
    """Labels right-aligned in `rect`, whose height is that of the picture."""
    painter.setFont(theme.font("axis"))
    painter.setPen(theme.current().quiet)
    for hz, top in axis_places(frequencies, rect.height()):
        at = QRect(rect.left(), rect.top() + top, rect.width(), LABEL)
        painter.drawText(at, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, axis_label(hz))


class Readout(QWidget):
    """Follows the pointer over the spectrogram."""

    def __init__(self, timeline: Timeline, spectrogram: Spectrogram, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Under the pointer")
        self._timeline, self._spectrogram = timeline, spectrogram
        timeline.hover_changed.connect(self.update)
        timeline.view_changed.connect(self.update)

    def values(self) -> list[tuple[str, str, str]]:
        """Name, figure and note of each line."""
        hover, picture = self._timeline.hover, self._spectrogram.picture
        if hover is None:
            return [("Time", text.NONE, ""), ("Frequency", text.NONE, ""), ("Level", text.NONE, "")]
        hz = hz_at(hover[1])
        level = picture.level_db(*hover) if picture is not None else None
        return [
            ("Time", text.clock(hover[0], 2), ""),
            ("Frequency", text.frequency(hz), text.note_name(hz) or ""),
            ("Level", text.NONE if level is None else text.decibels(level), ""),
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.window)
        if self._timeline.duration <= 0:
            return
        axis = QRect(self.width() - 60, 0, 52, self.height())
        spare = self.height() >= 120
        paint_frequency_axis(painter, axis, AXIS_HZ if spare else (500, 2000, 8000))
        painter.setFont(theme.font())
        step = 20 if spare else 18
        top = 11 if spare else max(2, (self.height() - 3 * step) // 2 if self.height() < 96 else 4)
        compact = self.width() < 240
        middle = Qt.AlignmentFlag.AlignVCenter
        for number, (name, figure, note) in enumerate(self.values()):
            line = top + number * step
            painter.setPen(look.quiet)
            painter.drawText(QRect(16, line, 80, 18), middle, name)
            left = 88 if compact else 96
            painter.setPen(look.secondary)
            painter.drawText(QRect(left, line, 80, 18), middle, figure)
            if note and not compact:
                shift = painter.fontMetrics().horizontalAdvance(figure) + 8
                painter.drawText(QRect(left + shift, line, 40, 18), middle, note)
        if self.height() >= 96:
            self._paint_scale(painter, self.height() - (44 if spare else 34))

    def _paint_scale(self, painter: QPainter, top: int) -> None:
        look = theme.current()
        left, width = 16, 144
        colours = look.spectrogram_table[np.arange(width) * 255 // (width - 1)].tobytes()
        line = QImage(colours, width, 1, len(colours), QImage.Format.Format_RGB888)
        painter.drawImage(QRect(left, top, width, 8), line)
        painter.setPen(look.control_border)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(left - 1, top - 1, width + 1, 9)
        painter.setFont(theme.font("axis"))
        painter.setPen(look.quiet)
        middle = (FLOOR_DB + CEILING_DB) / 2
        for value, align in (
            (f"{FLOOR_DB:.0f}", Qt.AlignmentFlag.AlignLeft),
            (f"{middle:.0f}", Qt.AlignmentFlag.AlignHCenter),
            (f"{CEILING_DB:.0f} dB", Qt.AlignmentFlag.AlignRight),
        ):
            at = QRect(left, top + 12, width, 14)
            painter.drawText(at, align | Qt.AlignmentFlag.AlignVCenter, value.replace("-", "−"))

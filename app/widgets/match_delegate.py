"""How a row of the table is painted."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from app import theme
from app.models.columns import COLUMNS, Column, Row, handicap_mark
from app.models.matches import MatchesModel
from app.widgets.icons import draw_icon
from app.widgets.match_columns import GAP, STAR, SWATCH, content_width
from app.widgets.painting import paint_box
from engine.ratings import HIGHEST_RATING

KIND_ICONS = {"one-shot": "one-shot", "loop": "loop", "long": "long"}
BAR_LEFT, BAR_RIGHT = 36, 4
"""Room for the figure 1.00 before the bar, and what is left behind it."""
TAG_HEIGHT, TAG_PADDING, TAG_GAP = 16, 5, 8
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
Index = QModelIndex | QPersistentModelIndex


class MatchDelegate(QStyledItemDelegate):
    """Paints one cell; the fill of the row runs through all of them."""

    def __init__(self, table: QTableView, model: MatchesModel) -> None:
        super().__init__(table)
        self._model = model
        self.row_height = 28
        self.hovered_row = -1

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(10, self.row_height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, model = theme.current(), self._model
        # Not by way of the index: a page has some three hundred cells, and each question through it takes its time.
        row = model.row(index.row())
        if row is None:
            return
        rect: QRect = option.rect
        # As the table found it for this cell: to tell whether a row is selected, Qt asks for each of its columns.
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = index.row() == self.hovered_row
        if selected or hovered:
            painter.fillRect(rect, look.selected_row if selected else look.hover)
        painter.save()
        offline = model.offline(row.sound)
        faint = look.secondary if selected else look.quiet
        ink = faint if offline or row.sound.state != "ready" else look.text
        second = look.secondary if not offline else ink
        column = COLUMNS[index.column()]
        words = model.text(row, column)
        painter.setFont(theme.font())
        match column:
            case Column.NUMBER:
                self._paint_number(painter, rect, row, words, selected, hovered, offline)
            case Column.WAVEFORM:
                self._paint_waveform(painter, rect, row, offline)
            case Column.NAME:
                icon = "preset" if row.sound.is_preset else KIND_ICONS.get(row.sound.kind or "", "long")
                draw_icon(painter, icon, QRectF(rect.left(), rect.center().y() - 6, 14, 14), second)
                room = rect.adjusted(22, 0, -12, 0)
                if row.copies:
                    room.setRight(self._paint_copies(painter, room, row, second))
                self._text(painter, room, row.sound.name, ink)
            case Column.MATCH:
                if row.similarity is not None:
                    painter.setPen(ink)
                    painter.drawText(rect, _MIDDLE, words)
                    if row.handicap:
                        self._paint_mark(painter, rect, handicap_mark(row.handicap), faint)
                    else:
                        self._paint_bar(painter, rect, row.similarity, offline)
            case Column.FAMILY:
                if row.sound.family:
                    painter.setOpacity(0.5 if offline else 1.0)
                    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                    painter.setPen(Qt.PenStyle.NoPen)
                    painter.setBrush(look.family(row.sound.family))
                    painter.drawRoundedRect(QRectF(rect.left(), rect.center().y() - 5.5, 8, 12), 2, 2)
                    painter.setOpacity(1.0)
                self._text(painter, rect.adjusted(SWATCH, 0, -2, 0), words, second)
            case Column.BPM | Column.LENGTH | Column.CHANCE:
                self._paint_figure(painter, rect, column, words, second)
            case Column.RATING:
                self._paint_rating(painter, rect, row.sound.rating, second, empty=selected or hovered)
            case Column.FAVOURITE:
                if row.sound.favourite or selected or hovered:
                    star = "star-filled" if row.sound.favourite else "star"
                    box = QRectF(rect.left() + 9, rect.center().y() - 6, 14, 14)
                    draw_icon(painter, star, box, look.text if row.sound.favourite else look.secondary)
            case _:
                gap = 0 if column in (Column.PITCH, Column.FOLDER) else GAP if column == Column.TAGS else 8
                self._text(painter, rect.adjusted(0, 0, -gap, 0), words, second)
        painter.restore()

    def _text(self, painter: QPainter, rect: QRect, text: str, colour: QColor) -> None:
        painter.setPen(colour)
        painter.drawText(
            rect, _MIDDLE, painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        )

    def _paint_copies(self, painter: QPainter, room: QRect, row: Row, ink: QColor) -> int:
        """How many copies are folded into the row, in a box behind its name; where the room for the name ends."""
        words = f"+{len(row.copies)}"
        size = QFontMetrics(theme.font("axis")).horizontalAdvance(words) + 2 * TAG_PADDING
        name = painter.fontMetrics().horizontalAdvance(row.sound.name)
        left = min(room.left() + name + TAG_GAP, room.right() - size)
        tag = QRect(left, room.center().y() - TAG_HEIGHT // 2 + 1, size, TAG_HEIGHT)
        painter.save()
        paint_box(painter, tag, None, theme.current().control_border, theme.tokens()["radius"]["tag"])
        painter.setFont(theme.font("axis"))
        painter.setPen(ink)
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, words)
        painter.restore()
        return left - TAG_GAP

    def _paint_number(
        self,
        painter: QPainter,
        rect: QRect,
        row: Row,
        words: str,
        selected: bool,
        hovered: bool,
        offline: bool,
    ) -> None:
        look = theme.current()
        box = QRectF(rect.left() + 22, rect.center().y() - 6, 14, 14)
        if self._model.played(row.sound) is not None:
            draw_icon(painter, "play", box, look.accent)
        elif offline:
            draw_icon(painter, "drive", box, look.quiet)
        elif hovered:
            draw_icon(painter, "handle", box, look.secondary)
        else:
            painter.setPen(look.secondary if selected else look.quiet)
            number = QRect(rect.left(), rect.top(), 36, rect.height())
            painter.drawText(number, _MIDDLE | Qt.AlignmentFlag.AlignRight, words)

    def _paint_waveform(self, painter: QPainter, rect: QRect, row: Row, offline: bool) -> None:
        look = theme.current()
        overview, played = self._model.overview(row.sound), self._model.played(row.sound)
        height = theme.tokens()["size"]["row_waveform"][1]
        width = content_width(Column.WAVEFORM, rect.width())
        middle = rect.center().y() + 1
        painter.setOpacity(0.45 if offline else 1.0)
        painter.fillRect(QRect(rect.left(), middle - 1, width, 1), look.wave_peak)
        if overview is not None and len(overview) and width > 0:
            ratio = painter.device().devicePixelRatioF()
            columns, half = round(width * ratio), height // 2
            peaks = overview[np.arange(columns) * len(overview) // columns] / 255 * half * ratio
            peaks[peaks < 0.5 * ratio] = -1.0  # there is the line alone
            border = -1.0 if played is None else played * columns
            ink = np.where(np.arange(columns) < border, look.wave_played.rgba(), look.wave_rms.rgba())
            lines = round((2 * half + 1) * ratio)
            away = np.abs(np.arange(lines) - (lines - 1) / 2)
            # One picture, for as many rectangles took a fifth of the time of a page.
            pixels = np.where(away[:, None] < peaks, ink, 0).astype(np.uint32)
            picture = QImage(pixels.data, columns, lines, 4 * columns, QImage.Format.Format_ARGB32)
            picture.setDevicePixelRatio(ratio)
            painter.drawImage(QPointF(rect.left(), middle - 1 - half), picture)
        painter.setOpacity(1.0)
        if played is not None:
            at = rect.left() + round(min(played, 1.0) * (width - 1))
            painter.fillRect(QRect(at, middle - height // 2, 1, height), look.accent)

    def _paint_bar(self, painter: QPainter, rect: QRect, similarity: float, offline: bool) -> None:
        look = theme.current()
        height = theme.tokens()["size"]["match_bar"][1]
        width = content_width(Column.MATCH, rect.width()) - BAR_LEFT - BAR_RIGHT
        if width < 2 * height:
            return
        bar = QRectF(rect.left() + BAR_LEFT, rect.center().y() - 1, width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.divider)
        painter.drawRoundedRect(bar, 2, 2)
        painter.setOpacity(0.5 if offline else 1.0)
        painter.setBrush(look.quiet)
        bar.setWidth(max(height, width * min(1.0, max(0.0, similarity))))
        painter.drawRoundedRect(bar, 2, 2)
        painter.setOpacity(1.0)

    def _paint_mark(self, painter: QPainter, rect: QRect, words: str, ink: QColor) -> None:
        """In the place of the bar, which would tell of another order than that of the rows."""
        painter.setFont(theme.font("axis"))
        painter.setPen(ink)
        room = rect.adjusted(BAR_LEFT, 0, 0, 0)
        room.setWidth(content_width(Column.MATCH, rect.width()) - BAR_LEFT)
        if painter.fontMetrics().horizontalAdvance(words) <= room.width():
            painter.drawText(room, _MIDDLE, words)

    def _paint_rating(self, painter: QPainter, rect: QRect, rating: int, colour: QColor, *, empty: bool) -> None:
        """The stars it has; those that it could have only where the row is at hand."""
        for star in range(HIGHEST_RATING if empty else rating):
            box = QRectF(rect.left() + star * STAR, rect.center().y() - 5, 12, 12)
            draw_icon(painter, "star-filled" if star < rating else "star", box, colour)

    def _paint_figure(self, painter: QPainter, rect: QRect, column: Column, text: str, colour: QColor) -> None:
        """A right-aligned figure; the mark of a detected value hangs outside it."""
        painter.setPen(colour)
        figure, mark = (text[:-1], "~") if text.endswith("~") else (text, "")
        box = QRect(rect.left(), rect.top(), content_width(column, rect.width()), rect.height())
        painter.drawText(box, _MIDDLE | Qt.AlignmentFlag.AlignRight, figure)
        if mark:
            painter.drawText(box.adjusted(box.width(), 0, 12, 0), _MIDDLE, mark)

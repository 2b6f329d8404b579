"""The fold at the foot of the library: which files could not be used, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.models.failed import FailedModel
from app.widgets.buttons import Button, FlatButton
from app.widgets.icons import draw_icon
from app.widgets.labels import Line
from app.widgets.painting import paint_focus
from app.widgets.scrolling import OverlayBar

if TYPE_CHECKING:
    from engine.library.catalog import Sound

_LINES = 3
_BATCH = 100
"""Rows that are laid out at once: there may be thousands, each with a text to be measured."""


class _Delegate(QStyledItemDelegate):
    """Name, and beneath it the reason in full lines."""

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        width = max(80, self._view.viewport().width() - 52)
        sound = index.data(FailedModel.SOUND_ROLE)
        bounds = QFontMetrics(theme.font("small")).boundingRect(
            QRect(0, 0, width, 400), Qt.TextFlag.TextWordWrap.value, sound.reason or ""
        )
        return QSize(100, 24 + min(bounds.height(), _LINES * 16))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        look = theme.current()
        rect: QRect = option.rect
        state = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(rect, look.hover)
        sound = index.data(FailedModel.SOUND_ROLE)
        painter.setFont(theme.font())
        painter.setPen(look.text)
        name = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideMiddle, rect.width() - 52)
        painter.drawText(
            QRect(rect.left() + 40, rect.top() + 2, rect.width() - 48, 18), Qt.AlignmentFlag.AlignVCenter, name
        )
        painter.setFont(theme.font("small"))
        painter.setPen(look.secondary)
        painter.drawText(
            QRect(rect.left() + 40, rect.top() + 20, rect.width() - 52, rect.height() - 22),
            Qt.TextFlag.TextWordWrap.value,
            sound.reason or "It cannot be read.",
        )
        if state & QStyle.StateFlag.State_HasFocus:
            paint_focus(painter, rect, radius=2)
        painter.restore()


class _Fold(FlatButton):
    """The line that opens and closes the list: grey while closed, the sign is red while open."""

    def __init__(self) -> None:
        super().__init__("")
        self.short = ""
        """What it says where the spine is narrow."""
        self.setCheckable(True)
        self.setFixedHeight(30)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(120, 30)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, rect = theme.current(), self.rect()
        painter = QPainter(self)
        if self.hovered:
            painter.fillRect(rect, look.hover)
        opened = self.isChecked()
        draw_icon(painter, "warning", QRect(16, 7, 16, 16), look.danger if opened else look.quiet)
        painter.setFont(theme.font())
        painter.setPen(look.text if opened else look.secondary)
        room = rect.adjusted(40, 0, -36, 0)
        metrics = painter.fontMetrics()
        words = self.text() if metrics.horizontalAdvance(self.text()) <= room.width() else self.short
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
        chevron = "chevron-down" if opened else "chevron-right"
        draw_icon(painter, chevron, QRect(rect.width() - 27, 9, 12, 12), look.secondary)
        if self.hasFocus():
            paint_focus(painter, rect, radius=2)


class FailedList(QWidget):
    """Hidden while nothing failed."""

    retry_asked = Signal(object)
    reveal_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = FailedModel(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(Line())
        self.fold = _Fold()
        layout.addWidget(self.fold)
        self.list = QListView()
        self.list.setAccessibleName("Files that could not be used")
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Delegate(self.list))
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setLayoutMode(QListView.LayoutMode.Batched)
        self.list.setBatchSize(_BATCH)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setMinimumHeight(40)
        self.bar = OverlayBar(self.list)
        self.retry = Button("Retry")
        self.reveal = Button("Show in folder", kind="quiet")
        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(40, 6, 8, 10)
        row.setSpacing(12)
        row.addWidget(self.retry)
        row.addWidget(self.reveal)
        row.addStretch(1)
        layout.addWidget(self.list)
        layout.addWidget(self._buttons)
        self.fold.toggled.connect(lambda _: self.refresh())
        self.retry.clicked.connect(lambda: self.retry_asked.emit(self._current()))
        self.reveal.clicked.connect(lambda: self.reveal_asked.emit(self._current()))
        self._kept: tuple[Sound | None, int] = None, 0
        """The chosen file, and how far the list was scrolled in pixels, before others came."""
        self.model.modelAboutToBeReset.connect(self._remember)
        self.model.modelReset.connect(self._restore)
        self.refresh()

    def refresh(self) -> None:
        """Fit the fold to how many there are."""
        count = self.model.rowCount()
        self.setVisible(count > 0)
        files = f"{count:,} file{'' if count == 1 else 's'}"
        self.fold.setText(f"{files} could not be used")
        self.fold.short = f"{files} not used"
        self.fold.setAccessibleName(self.fold.text())
        opened = self.fold.isChecked()
        self.list.setVisible(opened)
        self._buttons.setVisible(opened)
        if opened and count:
            if not self.list.currentIndex().isValid():
                self.list.setCurrentIndex(self.model.index(0))
            self._fit()

    def _remember(self) -> None:
        view = self.list
        self._kept = self.model.sound(view.currentIndex().row()), view.verticalScrollBar().value()
        lowest = view.indexAt(view.viewport().rect().bottomLeft()).row()
        view.setBatchSize(max(0, lowest) + _BATCH)  # as far as it was scrolled it has to be laid out at once

    def _restore(self) -> None:
        sound, scrolled = self._kept
        if sound is not None:
            self.list.setCurrentIndex(self.model.index(self.model.number_of(sound.id)))
        self.refresh()
        self.list.doItemsLayout()
        self.list.verticalScrollBar().setValue(scrolled)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As high as the first of the files, with their reasons, need."""
        if count := self.model.rowCount():
            heights = sum(self.list.sizeHintForRow(row) for row in range(min(count, 4)))
            self.list.setMaximumHeight(min(max(heights, 40), 156) + 2)

    def _current(self) -> object:
        return self.model.sound(max(0, self.list.currentIndex().row()))

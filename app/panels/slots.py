"""The left of the spine, above the library: open button, readout, and the list of slots beside their lanes."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.controllers.slots import LONGEST_NAME
from app.density import Density
from app.models.slots import SlotsModel
from app.models.timeline import Timeline
from app.panels.reference import ReferencePanel
from app.widgets.buttons import Button, IconButton
from app.widgets.fields import Field
from app.widgets.icons import draw_icon
from app.widgets.labels import Label, Line, Paragraph
from app.widgets.painting import claims, paint_box, paint_focus
from app.widgets.readout import Readout
from app.widgets.scrolling import OverlayBar

_MIDDLE = Qt.AlignmentFlag.AlignVCenter


class SlotDelegate(QStyledItemDelegate):
    """One slot: number, swatch and word, confidence, and S and M while they matter."""

    BOX = 20
    NAME_LEFT = 48
    GAP = 8
    """Between name, figure and boxes."""
    PIN = 26
    """The pin, and what is between it and its neighbours."""
    ROOMY = 240
    """A narrower row gives the name some of its margin."""

    def __init__(self, view: SlotList) -> None:
        super().__init__(view)
        self._view = view

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QWidget:
        field = Field(parent=parent)
        field.setMaxLength(LONGEST_NAME)
        field.setAccessibleName("Name of the slot")
        field.setText(index.data(Qt.ItemDataRole.EditRole))
        return field

    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        """Nothing: slots change with every window that is heard, and what is being typed stays."""

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        rect: QRect = option.rect
        editor.setStyleSheet(f"min-height: {rect.height() - 5}px; max-height: {rect.height() - 5}px;")
        solo, _ = self.boxes(rect)
        left = self.NAME_LEFT - 8
        editor.setGeometry(left, rect.top(), solo.left() - 4 - left, rect.height() - 1)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, self._view.lane)

    def boxes(self, rect: QRect) -> tuple[QRect, QRect]:
        """Where S and M are in a row."""
        top = rect.top() + (rect.height() - 1 - self.BOX) // 2
        margin, gap = (34, 4) if rect.width() >= self.ROOMY else (30, 2)
        mute = rect.right() - margin
        return QRect(mute - self.BOX - gap, top, self.BOX, self.BOX), QRect(mute, top, self.BOX, self.BOX)

    def name_room(self, rect: QRect, metrics: QFontMetrics, figure: str) -> int:
        """Pixels between the name's left edge and a figure."""
        solo, _ = self.boxes(rect)
        return solo.left() - 2 * self.GAP - metrics.horizontalAdvance(figure) - self.NAME_LEFT

    def pin_is_beside(self, rect: QRect, metrics: QFontMetrics, figure: str, word: str) -> bool:
        """Whether the pin has room after the word; else it stands in place of the number."""
        return metrics.horizontalAdvance(word) + self.PIN <= self.name_room(rect, metrics, figure)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        look = theme.current()
        rect: QRect = option.rect
        slot = index.data(SlotsModel.SLOT_ROLE)
        muted, listening = index.data(SlotsModel.MUTED_ROLE), index.data(SlotsModel.LISTENING_ROLE)
        selected = index.row() == self._view.currentIndex().row()
        hovered = index.row() == self._view.hovered_row
        body = rect.adjusted(0, 0, 0, -1)
        painter.save()
        if selected or hovered:
            painter.fillRect(body, look.selected_row if selected else look.hover)
        if selected:
            painter.fillRect(QRect(rect.left(), rect.top(), 3, body.height()), look.accent)
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), look.divider)
        painter.setFont(theme.font())
        metrics = painter.fontMetrics()
        figure = f"{slot.confidence * 100:.0f} %"
        pinned = bool(index.data(SlotsModel.PINNED_ROLE))
        beside = pinned and self.pin_is_beside(rect, metrics, figure, index.data())
        if pinned and not beside:
            draw_icon(painter, "pin", QRect(10, body.center().y() - 6, 14, 14), look.secondary)
        else:
            painter.setPen(look.secondary if selected else look.quiet)
            number = QRect(0, body.top(), 24, body.height())
            painter.drawText(number, _MIDDLE | Qt.AlignmentFlag.AlignRight, str(index.row() + 1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(0.4 if muted else 1.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.family(slot.family))
        height = 14 if body.height() >= 26 else 12
        painter.drawRoundedRect(QRectF(32, body.top() + (body.height() - height) / 2, 8, height), 2, 2)
        painter.setOpacity(1.0)
        faint = look.secondary if selected else look.quiet
        painter.setPen(faint if muted else look.text)
        solo, mute = self.boxes(rect)
        figure_right = solo.left() - self.GAP
        room = self.name_room(rect, metrics, figure)
        word = metrics.elidedText(index.data(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(self.NAME_LEFT, body.top(), room, body.height()), _MIDDLE, word)
        left = self.NAME_LEFT + metrics.horizontalAdvance(word) + 8
        if beside:
            draw_icon(painter, "pin", QRect(left, body.center().y() - 6, 14, 14), look.secondary)
            left += self.PIN - 6
        left_out = QRect(left, body.top(), self.NAME_LEFT + room - left, body.height())
        if muted and metrics.horizontalAdvance("left out") <= left_out.width():
            painter.setPen(faint)
            painter.drawText(left_out, _MIDDLE, "left out")
        painter.setPen(look.text if selected else look.secondary)
        box = QRect(0, body.top(), figure_right, body.height())
        painter.drawText(box, _MIDDLE | Qt.AlignmentFlag.AlignRight, figure)
        if selected or hovered or listening:
            self._paint_box(painter, solo, "S", listening)
        if selected or hovered or muted:
            self._paint_box(painter, mute, "M", muted)
        painter.restore()
        if selected and self._view.hasFocus():
            painter.save()
            paint_focus(painter, body, radius=2)
            painter.restore()

    def _paint_box(self, painter: QPainter, box: QRect, letter: str, on: bool) -> None:
        look = theme.current()
        paint_box(painter, box, None, look.accent if on else look.control_border, 3)
        if on:
            painter.setPen(QPen(look.accent, 1))
        else:
            painter.setPen(look.secondary)
        painter.setFont(theme.font("axis"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)


class SlotList(QListView):
    """Arrow keys step through the slots; S and M are pressed in the row."""

    listen_pressed = Signal(int)
    mute_pressed = Signal(int)
    menu_asked = Signal(QPoint)
    """Where on the screen."""

    def __init__(self, model: SlotsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Slots")
        self.lane = 28
        self.hovered_row = -1
        self.setModel(model)
        self._delegate = SlotDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setUniformItemSizes(True)
        self.bar = OverlayBar(self)

    def set_lane(self, lane: int) -> None:
        self.lane = lane
        self.verticalScrollBar().setSingleStep(lane)
        self.scheduleDelayedItemsLayout()

    def event(self, event: QEvent) -> bool:
        return claims(event, Qt.Key.Key_Up, Qt.Key.Key_Down) or super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        index = self.indexAt(point)
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            solo, mute = self._delegate.boxes(self.visualRect(index))
            if solo.contains(point):
                self.listen_pressed.emit(index.row())
                return
            if mute.contains(point):
                self.mute_pressed.emit(index.row())
                return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A second click in a hurry is a click: solo and mute go back."""
        self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.indexAt(event.position().toPoint()).row())
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.currentIndex().isValid():
            by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
            below = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).bottomLeft())
            self.menu_asked.emit(below if by_key else event.globalPos())

    def _hover(self, row: int) -> None:
        if row != self.hovered_row:
            self.hovered_row = row
            self.viewport().update()


class _Caption(QWidget):
    """ "Hearing the song" at the left of the analysis row."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.label = Label("Hearing the song", colour="secondary", parent=self)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.window)
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), look.divider)
        self.label.setGeometry(16, 0, self.width() - 32, self.height() - 1)


class SlotsPanel(QWidget):
    """Rows stand exactly beside their lanes."""

    slot_chosen = Signal(int)

    def __init__(
        self,
        model: SlotsModel,
        timeline: Timeline,
        reference: ReferencePanel,
        open_button: Button,
        record_button: IconButton,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model, self._reference = model, reference
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._open_row = QWidget()
        row = QHBoxLayout(self._open_row)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(12)
        row.addWidget(open_button)
        self._shortcut = Label(QKeySequence("Ctrl+O").toString(QKeySequence.SequenceFormat.NativeText), colour="quiet")
        row.addWidget(self._shortcut)
        row.addStretch(1)
        row.addWidget(record_button)
        self.readout = Readout(timeline, reference.spectrogram)
        self._heading = QWidget()
        heading = QHBoxLayout(self._heading)
        heading.setContentsMargins(16, 0, 16, 0)
        heading.setSpacing(8)
        heading.addWidget(Label("Slots", role="strong"))
        self.count = Label("", colour="quiet")
        heading.addWidget(self.count)
        heading.addStretch(1)
        self.list = SlotList(model)
        self._lines = [Line(), Line(), Line()]
        kept = self._lines[0].sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # nothing beneath it moves when a song is opened
        self._lines[0].setSizePolicy(kept)
        for widget in (
            self._open_row,
            self._lines[0],
            self.readout,
            self._lines[1],
            self._heading,
            self._lines[2],
            self.list,
        ):
            layout.addWidget(widget)
        self.hint = Paragraph("Each instrument heard in the song gets a line here.", parent=self.list)
        self.caption = _Caption(self.list)
        self.list.verticalScrollBar().valueChanged.connect(reference.lanes.set_scrolled)
        self.list.selectionModel().currentChanged.connect(self._current_changed)
        for signal in (model.rowsInserted, model.rowsRemoved, model.modelReset, model.layoutChanged):
            signal.connect(self.refresh)

    def set_density(self, density: Density) -> None:
        self._open_row.setFixedHeight(density.overview)
        self.readout.setFixedHeight(density.spectrogram)
        self._heading.setFixedHeight(theme.tokens()["size"]["ruler"] - 2)
        self.list.setFixedHeight(density.lane * density.lanes)
        self.list.set_lane(density.lane)
        self._shortcut.setVisible(not density.small)
        self._show_current()
        self.refresh()

    @property
    def row(self) -> int:
        """The chosen row, -1 for none."""
        return self.list.currentIndex().row()

    def choose(self, row: int) -> None:
        """Choose a slot; the first ones have number keys."""
        index = self._model.index(row)
        if index.isValid():
            self.list.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self._show_current()

    def _show_current(self) -> None:
        self.list.doItemsLayout()  # a row that has just come, or changed its height, has no place yet
        self.list.scrollTo(self.list.currentIndex())

    def rename(self) -> None:
        """Let a name be typed for the chosen slot."""
        if self.list.currentIndex().isValid():
            self._show_current()
            self.list.setFocus()
            self.list.edit(self.list.currentIndex())

    def refresh(self) -> None:
        """Fit the heading and the rows beneath the list to what was heard so far."""
        rows = self._model.rowCount()
        hearing = self._reference.hearing
        empty = self._reference.empty
        hidden = len(self._model.edits.hidden)
        known = f"{rows} so far" if hearing else "" if empty or not rows + hidden else f"{rows} heard"
        self.count.setText(f"{known}, {hidden} hidden" if hidden else known)
        self.hint.setVisible(empty)
        self.hint.setGeometry(16, 8, self.width() - 32, 48)
        self._open_row.setVisible(True)
        for widget in self._open_row.findChildren(QWidget):
            widget.setVisible(not empty and (widget is not self._shortcut or self.width() >= 240))
        lane = self.list.lane
        above = min(rows, self.list.height() // max(1, lane) - 1)
        self.caption.setGeometry(0, above * lane, self.width(), lane)
        self.caption.setVisible(hearing)
        self._lines[0].setVisible(not empty)
        self._reference.lanes.set_selected(self.row)

    def _current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        self._reference.lanes.set_selected(current.row())
        self.list.viewport().update()
        self.slot_chosen.emit(current.row())

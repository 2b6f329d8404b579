"""The producer's own order of the library: favourites, collections, what was auditioned lately, tags."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from app.controllers.library import LibraryController
from app.controllers.marks import MarksController
from app.controllers.matching import MatchController
from app.widgets import text
from app.widgets.controls import Button, IconButton, claims
from app.widgets.tree_row import Heading, NameRow, TreeRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.library.marks import SoundCollection

FEW_TAGS = 6
"""More are shown only when they are asked for: the filters below stay in reach."""


class CollectionRow(TreeRow):
    """A collection: pressed it narrows the table, sounds can be dropped on it, F2 renames and Delete deletes it."""

    rename_asked = Signal()
    delete_asked = Signal()
    export_asked = Signal()

    def __init__(self, collection: SoundCollection) -> None:
        super().__init__("collection", collection.name, text.count(collection.sounds), takes_sounds=True)

    def show_collection(self, collection: SoundCollection) -> None:
        self.setText(collection.name)
        self.set_figure(text.count(collection.sounds))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Rename…", self.rename_asked.emit)
        menu.addAction("Export into a folder…", self.export_asked.emit)
        menu.addSeparator()
        menu.addAction("Delete the collection", self.delete_asked.emit)
        menu.popup(event.globalPos())

    def event(self, event: QEvent) -> bool:
        return claims(event, Qt.Key.Key_F2, Qt.Key.Key_Delete) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        asked = {Qt.Key.Key_F2: self.rename_asked, Qt.Key.Key_Delete: self.delete_asked}.get(Qt.Key(event.key()))
        if asked is not None:
            asked.emit()
        else:
            super().keyPressEvent(event)


class HistoryRow(TreeRow):
    """What was listened to lately."""

    forget_asked = Signal()

    def __init__(self) -> None:
        super().__init__("clock", "Auditioned lately", "0")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Forget these", self.forget_asked.emit)
        menu.popup(event.globalPos())


class MarkLists(QWidget):
    """Stands between the folders and the filters."""

    export_asked = Signal(object)
    """A `SoundCollection`."""
    favourites_asked = Signal(object)
    """Ids of sounds that shall be favourites, a list."""

    def __init__(
        self,
        marks: MarksController,
        library: LibraryController,
        matching: MatchController,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._marks, self._library, self._matching = marks, library, matching
        self.rows: dict[int, CollectionRow] = {}
        self.tag_rows: dict[str, TreeRow] = {}
        self.naming: NameRow | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.add = IconButton("plus", "New collection", size=20, icon_size=14)
        self.favourites = TreeRow("star", "Favourites", "0", takes_sounds=True)
        self.history = HistoryRow()
        self._collections, self._tags = QVBoxLayout(), QVBoxLayout()
        self._tags_heading = Heading("Tags")
        self._more = Button("", kind="quiet")
        self._more.setFixedHeight(24)
        self._more_line = QWidget()
        more = QHBoxLayout(self._more_line)
        more.setContentsMargins(40, 0, 16, 0)
        more.addWidget(self._more)
        more.addStretch(1)
        self._all_tags = False
        layout.addWidget(Heading("Collections", self.add))
        layout.addWidget(self.favourites)
        layout.addLayout(self._collections)
        layout.addWidget(self.history)
        layout.addWidget(self._tags_heading)
        layout.addLayout(self._tags)
        layout.addWidget(self._more_line)
        self.add.clicked.connect(lambda: self.ask_name())
        self.favourites.clicked.connect(lambda on: matching.set_filters(favourites=on))
        self.favourites.sounds_dropped.connect(self.favourites_asked)
        self.history.clicked.connect(lambda on: matching.set_filters(history=on))
        self.history.forget_asked.connect(self._forget)
        self._more.clicked.connect(self._toggle_more)
        marks.changed.connect(self.refresh)
        library.changed.connect(self._show_favourites)
        matching.filters_changed.connect(self.follow)
        self.refresh()

    def ask_name(self, ids: Sequence[int] = ()) -> None:
        """Let the name of a new collection be typed; these sounds become its first."""
        self._type_name("Name of the collection", "", self._collections.count(), None, list(ids))

    def refresh(self) -> None:
        """Show the marks as they were read last."""
        state = self._marks.state
        known = {collection.id for collection in state.collections}
        for gone in [number for number in self.rows if number not in known]:
            _take_away(self.rows.pop(gone))
            if self._matching.filters.collection_id == gone:
                self._matching.set_filters(collection_id=None)
        for place, collection in enumerate(state.collections):
            row = self.rows.get(collection.id)
            if row is None:
                row = self._add_collection(collection)
            row.show_collection(collection)
            self._collections.insertWidget(place, row)
        self.history.setVisible(state.auditioned > 0)
        self.history.set_figure(text.count(state.auditioned))
        self._show_tags()
        self._show_favourites()
        self.follow()
        self._order_tabs()

    def follow(self) -> None:
        """Show which of them the table is narrowed to."""
        filters = self._matching.filters
        self.favourites.setChecked(filters.favourites)
        self.history.setChecked(filters.history)
        for number, row in self.rows.items():
            row.setChecked(number == filters.collection_id)
        for tag, line in self.tag_rows.items():
            line.setChecked(tag in filters.tags)

    def _show_favourites(self) -> None:
        favourites = self._library.state.favourites if self._library.state is not None else 0
        self.favourites.set_figure(text.count(favourites), "star-filled" if favourites else "star")

    def _show_tags(self) -> None:
        counts, chosen = self._marks.state.tags, self._matching.filters.tags
        often = sorted(counts, key=lambda tag: (-counts[tag], tag))
        if any(tag not in counts for tag in chosen):
            self._matching.set_filters(tags=tuple(tag for tag in chosen if tag in counts))
        shown = sorted(often if self._all_tags else {*often[:FEW_TAGS], *(tag for tag in chosen if tag in counts)})
        for gone in [tag for tag in self.tag_rows if tag not in shown]:
            _take_away(self.tag_rows.pop(gone))
        for place, tag in enumerate(shown):
            row = self.tag_rows.get(tag)
            if row is None:
                row = self.tag_rows[tag] = TreeRow("tag", tag, "", takes_sounds=True)
                row.clicked.connect(lambda on, tag=tag: self._choose_tag(tag, on))
                row.sounds_dropped.connect(lambda ids, tag=tag: self._marks.tag(ids, add=[tag]))
            row.set_figure(text.count(counts[tag]))
            self._tags.insertWidget(place, row)
        self._tags_heading.setVisible(bool(counts))
        more = len(counts) - len(shown)
        self._more_line.setVisible(more > 0 or (self._all_tags and len(counts) > FEW_TAGS))
        self._more.setText(f"{more:,} more" if more > 0 else "Fewer")
        self._more.setAccessibleName(f"{more:,} more tags" if more > 0 else "Fewer tags")
        self._more.updateGeometry()

    def _order_tabs(self) -> None:
        """Tab goes down the list, whenever its lines were made."""
        collections = [self.rows[known.id] for known in self._marks.state.collections]
        tags = [self.tag_rows[tag] for tag in sorted(self.tag_rows)]
        for first, second in pairwise([self.add, self.favourites, *collections, self.history, *tags, self._more]):
            QWidget.setTabOrder(first, second)

    def _toggle_more(self) -> None:
        self._all_tags = not self._all_tags
        self._show_tags()
        self._order_tabs()
        self.follow()

    def _choose_tag(self, tag: str, on: bool) -> None:
        others = tuple(other for other in self._matching.filters.tags if other != tag)
        self._matching.set_filters(tags=(*others, tag) if on else others)

    def _add_collection(self, collection: SoundCollection) -> CollectionRow:
        number = collection.id
        row = self.rows[number] = CollectionRow(collection)
        row.clicked.connect(lambda on: self._matching.set_filters(collection_id=number if on else None))
        row.sounds_dropped.connect(lambda ids: self._marks.collect(number, ids))
        row.rename_asked.connect(lambda: self._rename(number))
        row.delete_asked.connect(lambda: self._marks.remove_collection(number))
        row.export_asked.connect(lambda: self.export_asked.emit(self._marks.state.collection(number)))
        return row

    def _rename(self, number: int) -> None:
        row = self.rows[number]
        row.hide()
        self._type_name("Name of the collection", row.text(), self._collections.indexOf(row), number, [])

    def _type_name(self, what: str, name: str, place: int, number: int | None, ids: list[int]) -> None:
        self._end_naming()
        self.naming = naming = NameRow(what, name)

        def named(name: str) -> None:
            if number is None:
                self._marks.add_collection(name, ids)
            elif name != self.rows[number].text():
                self._marks.rename_collection(number, name)
            self._end_naming(number)

        naming.named.connect(named)
        naming.given_up.connect(lambda: self._end_naming(number))
        self._collections.insertWidget(place, naming)
        naming.show()
        naming.field.setFocus()

    def _end_naming(self, number: int | None = None) -> None:
        if self.naming is None:
            return
        naming, self.naming = self.naming, None
        for row in self.rows.values():
            row.show()
        if naming.field.hasFocus():  # typing is over; the keys of the window work again
            row_of = self.rows.get(number) if number is not None else None
            (row_of or self.favourites).setFocus()
        _take_away(naming)

    def _forget(self) -> None:
        self._matching.set_filters(history=False)
        self._marks.forget_history()


def _take_away(widget: QWidget) -> None:
    widget.hide()
    widget.deleteLater()

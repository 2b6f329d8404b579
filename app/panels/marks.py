"""The producer's own order of the library: favourites, collections, what was auditioned lately, tags."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app import text
from app.controllers.marks import MarksController
from app.controllers.matching import MatchController
from app.widgets.buttons import Button, IconButton
from app.widgets.menus import passing_menu
from app.widgets.painting import claims
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

    def __init__(self, collection: SoundCollection, library: Path) -> None:
        super().__init__("collection", collection.name, text.count(collection.sounds), takes_from=library)

    def show_collection(self, collection: SoundCollection) -> None:
        self.setText(collection.name)
        self.set_figure(text.count(collection.sounds))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = passing_menu(self)
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
            if not event.isAutoRepeat():  # a key that is held means this collection, not those that follow it
                asked.emit()
        else:
            super().keyPressEvent(event)


class HistoryRow(TreeRow):
    """What was listened to lately."""

    forget_asked = Signal()

    def __init__(self) -> None:
        super().__init__("clock", "Auditioned lately", "0")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = passing_menu(self)
        menu.addAction("Forget these", self.forget_asked.emit)
        menu.popup(event.globalPos())


class MarkLists(QWidget):
    """Stands between the folders and the filters."""

    export_asked = Signal(object)
    """A `SoundCollection`."""
    naming_began = Signal()
    """A name is to be typed in `naming`."""
    favourites_asked = Signal(object)
    """Ids of sounds that shall be favourites, a list."""

    def __init__(
        self,
        marks: MarksController,
        matching: MatchController,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._marks, self._matching = marks, matching
        self.rows: dict[int, CollectionRow] = {}
        self.tag_rows: dict[str, TreeRow] = {}
        self.naming: NameRow | None = None
        self._named: int | None = None
        """The collection that is being renamed; None for a new one."""
        self._leaving: set[int] = set()
        """Collections whose removal was asked for."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.add = IconButton("plus", "New collection", size=20, icon_size=14)
        self.favourites = TreeRow("star", "Favourites", "0", takes_from=marks.library_dir)
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
        marks.failed.connect(lambda _: self._leaving.clear())
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
            self._take_away(self.rows.pop(gone))
            self._leaving.discard(gone)
            if self._named == gone:
                self._end_naming()
            if self._matching.filters.collection_id == gone:
                self._matching.set_filters(collection_id=None)
        lines: list[QWidget] = []
        for collection in state.collections:
            row = self.rows.get(collection.id)
            if row is None:
                row = self._add_collection(collection)
            row.show_collection(collection)
            lines += [row] if self.naming is None or self._named != collection.id else [row, self.naming]
        if self.naming is not None and self._named is None:
            lines.append(self.naming)
        for place, line in enumerate(lines):
            self._collections.insertWidget(place, line)
        self.history.setVisible(state.auditioned > 0)
        self.history.set_figure(text.count(state.auditioned))
        self._show_tags()
        self.favourites.set_figure(text.count(state.favourites), "star-filled" if state.favourites else "star")
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

    def _show_tags(self) -> None:
        counts, chosen = self._marks.state.tags, self._matching.filters.tags
        often = sorted(counts, key=lambda tag: (-counts[tag], tag))
        if any(tag not in counts for tag in chosen):
            self._matching.set_filters(tags=tuple(tag for tag in chosen if tag in counts))
        shown = sorted(often if self._all_tags else {*often[:FEW_TAGS], *(tag for tag in chosen if tag in counts)})
        for gone in [tag for tag in self.tag_rows if tag not in shown]:
            self._take_away(self.tag_rows.pop(gone))
        for place, tag in enumerate(shown):
            row = self.tag_rows.get(tag)
            if row is None:
                row = self.tag_rows[tag] = TreeRow("tag", tag, "", takes_from=self._marks.library_dir)
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
        row = self.rows[number] = CollectionRow(collection, self._marks.library_dir)
        row.clicked.connect(lambda on: self._matching.set_filters(collection_id=number if on else None))
        row.sounds_dropped.connect(lambda ids: self._marks.collect(number, ids))
        row.rename_asked.connect(lambda: self._rename(number))
        row.delete_asked.connect(lambda: self._remove(number))
        row.export_asked.connect(lambda: self.export_asked.emit(self._marks.state.collection(number)))
        return row

    def _remove(self, number: int) -> None:
        if number not in self._leaving:
            self._leaving.add(number)
            self._marks.remove_collection(number)

    def _rename(self, number: int) -> None:
        row = self.rows.get(number)
        if row is None or number in self._leaving:
            return
        self._end_naming()
        row.hide()
        self._type_name("Name of the collection", row.text(), self._collections.indexOf(row), number, [])

    def _type_name(self, what: str, name: str, place: int, number: int | None, ids: list[int]) -> None:
        self._end_naming()
        self.naming = naming = NameRow(what, name)
        self._named = number

        def named(name: str) -> None:
            self._end_naming()
            row = self.rows.get(number) if number is not None else None
            if number is None:
                self._marks.add_collection(name, ids)
            elif row is not None and name != row.text():
                self._marks.rename_collection(number, name)

        naming.named.connect(named)
        naming.given_up.connect(self._end_naming)
        self._collections.insertWidget(place, naming)
        naming.show()
        naming.field.setFocus()
        self.naming_began.emit()

    def _end_naming(self) -> None:
        if self.naming is None:
            return
        naming, self.naming = self.naming, None
        number, self._named = self._named, None
        for row in self.rows.values():
            row.show()
        if naming.field.hasFocus():  # typing is over; the keys of the window work again
            row_of = self.rows.get(number) if number is not None else None
            (row_of or self.favourites).setFocus()
        self._take_away(naming)

    def _forget(self) -> None:
        self._matching.set_filters(history=False)
        self._marks.forget_history()

    def _take_away(self, line: QWidget) -> None:
        if line.hasFocus():  # it would go to the next line, and what is pressed next would be meant for that one
            self.favourites.setFocus()
        line.hide()
        line.deleteLater()

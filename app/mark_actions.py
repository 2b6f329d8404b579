"""What can be said of the chosen sounds - rating, family, tags, collections - in the menu and in that of their rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from app.text import plain, stars
from app.widgets.menus import add_shared, fill_with_families
from app.widgets.tag_editor import TagEditor
from engine.ratings import HIGHEST_RATING

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from engine.library.marks import RemovedCollection


class MarkActions:
    """For all of the chosen rows at once."""

    def __init__(self, window: MainWindow, menu: QMenu, add: Callable[..., QAction]) -> None:
        self._window, self._marks = window, window.workspace.marks
        self._chosen = False
        self.rating = menu.addMenu("Rating")
        self.ratings = [
            add(
                self.rating,
                f"Rate {stars(stars_)}" if stars_ else "No rating",
                partial(self.rate, stars_),
                f"Alt+{stars_}",
            )
            for stars_ in range(HIGHEST_RATING + 1)
        ]
        group = QActionGroup(self.rating)
        for action in self.ratings:
            action.setCheckable(True)
            group.addAction(action)
        self.family = menu.addMenu("Family")
        self.tags = add(menu, "Tags…", self.edit_tags, "Ctrl+T")
        self.tags.setData("Tag the chosen sounds")
        self.collect = menu.addMenu("Add to collection")
        self.new_collection = add(menu, "New collection from selection…", self._name_collection, "Ctrl+G")
        self.let_go = add(menu, "Remove from the collection", self._let_go, "Del")
        self.let_go.setAutoRepeat(False)  # a held key would take out whatever is selected next
        menu.aboutToShow.connect(self._enable_menus)
        self.rating.aboutToShow.connect(self._check_rating)
        self.family.aboutToShow.connect(self._fill_families)
        self.collect.aboutToShow.connect(self._fill_collections)
        self._marks.changed.connect(self.refresh)
        window.workspace.library.changed.connect(self.refresh)
        self._marks.removed.connect(self._offer_back)
        window.workspace.matching.filters_changed.connect(self.refresh)
        self.refresh()

    def add_to(self, menu: QMenu) -> None:
        """Offer all of it in another menu."""
        self._enable_menus()
        add_shared(menu, self.rating, self.family)
        menu.addAction(self.tags)
        add_shared(menu, self.collect)
        if self.let_go.isEnabled():
            menu.addAction(self.let_go)

    def set_chosen(self, chosen: bool) -> None:
        """Whether there are sounds to say anything of."""
        if chosen != self._chosen:
            self._chosen = chosen
            self.refresh()

    def refresh(self) -> None:
        """Enable what makes sense now."""
        work = self._window.workspace
        shown = work.marks.state.collection(work.matching.filters.collection_id)
        self.let_go.setEnabled(shown is not None and self._chosen)
        for action in (*self.ratings, self.tags):
            action.setEnabled(self._chosen)
        self.let_go.setText(f"Remove from {plain(shown.name)}" if shown is not None else "Remove from the collection")
        self.new_collection.setEnabled(not work.library.empty)  # its name is typed in the list of collections
        self.let_go.setData("Remove from the collection")

    def rate(self, rating: int) -> None:
        """1 to 5 stars, or 0 for none."""
        if ids := self._ids():
            self._marks.rate(ids, rating)

    def click_star(self, number: int, star: int) -> None:
        """A star of a row was clicked; the one that it has already takes its rating away."""
        row = self._window.matches_panel.model.row(number)
        if row is not None:
            self._marks.rate([row.sound.id], 0 if row.sound.rating == star else star)

    def edit_tags(self) -> None:
        """Let the tags that the chosen sounds share be typed, beneath the row."""
        panel = self._window.matches_panel
        rows = panel.selected
        if not rows:
            return
        ids = [row.sound.id for row in rows]
        shared = sorted(set.intersection(*(set(row.sound.tags) for row in rows)))
        editor = TagEditor(shared, sorted(self._marks.state.tags), len(rows), panel.table)
        editor.changed.connect(lambda add, remove: self._marks.tag(ids, add=add, remove=remove))
        editor.show_at(panel.table.below_current)

    def _ids(self) -> list[int]:
        return [row.sound.id for row in self._window.matches_panel.selected]

    def _enable_menus(self) -> None:
        """Without chosen sounds the menus are grey; their keys work again as soon as there are some."""
        for menu in (self.rating, self.family, self.collect):
            menu.menuAction().setEnabled(bool(self._ids()))

    def _check_rating(self) -> None:
        ratings = {row.sound.rating for row in self._window.matches_panel.selected}
        for rating, action in enumerate(self.ratings):
            action.setChecked(ratings == {rating})

    def _fill_families(self) -> None:
        sounds = [row.sound for row in self._window.matches_panel.selected]
        by_hand = {sound.family if "family" in sound.declared else None for sound in sounds}
        ids = [sound.id for sound in sounds]
        fill_with_families(self.family, by_hand, lambda family: self._marks.correct_family(ids, family))

    def _fill_collections(self) -> None:
        ids = self._ids()
        self.collect.clear()
        for collection in self._marks.state.collections:
            add = partial(self._marks.collect, collection.id, ids)
            self.collect.addAction(plain(collection.name), add).setEnabled(bool(ids))
        self.collect.addSeparator()
        self.collect.addAction(self.new_collection)

    def _name_collection(self) -> None:
        self._window.library_panel.marks.ask_name(self._ids())

    def _offer_back(self, removed: RemovedCollection) -> None:
        notice = self._window.notice

        def restore() -> None:
            notice.settle("deleted")  # before the one that was deleted before it is offered
            self._marks.restore_collection()

        words = f"{removed.name} was deleted; its sounds stay."
        # A topic of its own: it can be undone whatever else is said of collections.
        notice.say(words, topic="deleted", danger=False, action=("Undo", restore))

    def _let_go(self) -> None:
        number, ids = self._window.workspace.matching.filters.collection_id, self._ids()
        if number is not None and ids:
            self._marks.let_go(number, ids)

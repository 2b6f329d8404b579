"""The matches: filters above, the table, and what the ranking rests on below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from app import text
from app.controllers.matching import NO_FILTERS, Filters, MatchController, Results
from app.density import Density
from app.models.columns import Column, Row, column_word
from app.models.matches import MatchesModel
from app.panels.invitation import Invitation
from app.widgets.buttons import Button, IconButton
from app.widgets.fields import Choice, SearchBox
from app.widgets.labels import Label, Line
from app.widgets.match_table import MatchTable
from app.widgets.segments import FamilyChip, Segmented
from engine.families import PARTS_WELL_TOLD, words_for

if TYPE_CHECKING:
    from app.controllers.library import LibraryState
    from engine.jobs import Progress

LONGEST_WAY_BACK = 24
LEAST_HEIGHT = 120
"""For the bar, the header and the footer, and a row."""
KINDS: list[tuple[str, str, tuple[str, ...] | None]] = [
    ("All", "", None),
    ("One-shots", "one-shot", ("one-shot",)),
    ("Loops", "loop", ("loop",)),
    ("Presets", "preset", ("preset",)),
]


class MatchesPanel(QWidget):
    """Sounds for the chosen slot, or all of the library while there is none."""

    chosen = Signal(object)
    """A `Row` the user moved to, None when there is none any more."""
    favourite_asked = Signal(object, bool)
    """Ids of sounds, a list, and whether they shall be favourites."""
    unheard_seen = Signal(object)
    """Ids of the sounds in sight that were not heard yet, a tuple."""

    def __init__(
        self,
        model: MatchesModel,
        matching: MatchController,
        add_folder: Button,
        demo: Button,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.model, self._matching = model, matching
        self.results: Results | None = None
        self._chosen_sound: int | None = None
        self._wants_first = False
        """Of what the search finds, once it has: whoever types fast presses Enter before that."""
        self._narrow = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._bar = QWidget()
        self._bar.setFixedHeight(39)
        bar = QHBoxLayout(self._bar)
        bar.setContentsMargins(16, 0, 16, 0)
        bar.setSpacing(0)
        self.title = Label("Matches", role="title")
        self.subject = Label("", colour="secondary", elide=True)
        self.back = Button("", icon="chevron-left")
        self.back.setToolTip("Back to what was shown before (Backspace)")
        self._way_back = QWidget()
        way_back = QHBoxLayout(self._way_back)
        way_back.setContentsMargins(0, 0, 12, 0)
        way_back.addWidget(self.back)
        self._way_back.hide()
        self.chip = FamilyChip()
        self.kinds = Segmented([(words, icon, "") for words, icon, _ in KINDS])
        self.kinds_short = Choice()
        self.kinds_short.addItems([words if kinds else "All types" for words, _, kinds in KINDS])
        self.kinds_short.setAccessibleName("Type filter")
        self.search = SearchBox()
        self.search.setMinimumWidth(120)
        self.search.setToolTip(
            'Words of name, folder and tags: deep "sub bass" -dark\n'
            "Facts: family:bass type:loop bpm:120-128 key:Am length:-2 rating:3- favourite:yes\n"
            'Marks: tag:warm -tag:harsh collection:"my kicks" auditioned:yes corrected:yes'
        )
        self.search.setMaximumWidth(320)
        self.compare = IconButton("columns", "Compare with the reference (C)", size=28)
        heading, asked = QHBoxLayout(), QHBoxLayout()
        self._bar_layouts = (heading, asked, bar)
        heading.setSpacing(8)
        for label in (self.title, self.subject):
            heading.addWidget(label)
        asked.setSpacing(8)
        for control in (self.chip, self.kinds, self.kinds_short):
            asked.addWidget(control)
        asked.addStretch(1)  # in a very wide window the search has enough
        asked.addWidget(self.search, 100)
        asked.addWidget(self.compare)
        bar.addWidget(self._way_back)
        bar.addLayout(heading)
        bar.addSpacing(16)
        bar.addLayout(asked, 1)
        self.table = MatchTable(model)
        self._empty = Invitation("search", "", "", Button("Clear filters"), dashed=False)
        self._body = QWidget()
        self._stack = QStackedLayout(self._body)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._empty)
        self._footer = QWidget()
        self._footer.setFixedHeight(31)
        foot = QVBoxLayout(self._footer)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.setSpacing(0)
        foot.addWidget(Line())
        words = QHBoxLayout()
        words.setContentsMargins(16, 0, 16, 0)
        words.setSpacing(8)
        self.footer = Label("", colour="secondary")
        self.footer_more = Label("", colour="quiet", elide=True)
        words.addWidget(self.footer)
        words.addWidget(self.footer_more, 1)
        foot.addLayout(words, 1)
        self._work = QWidget()
        work = QVBoxLayout(self._work)
        work.setContentsMargins(0, 0, 0, 0)
        work.setSpacing(0)
        for widget in (self._bar, Line(), self._body, self._footer):
            work.addWidget(widget)
        work.setStretchFactor(self._body, 1)
        self.welcome = _Welcome(add_folder, demo)
        # What is not shown shall not ask for room: in the lowest window there is none.
        self.setMinimumHeight(LEAST_HEIGHT)
        self._pages = QStackedLayout()
        self._pages.addWidget(self._work)
        self._pages.addWidget(self.welcome)
        layout.addLayout(self._pages)
        self.back.clicked.connect(matching.back)
        self.chip.toggled.connect(lambda on: matching.set_filters(any_family=not on))
        self.kinds.group.idClicked.connect(self._choose_kind)
        self.kinds_short.activated.connect(self._choose_kind)
        self.search.textChanged.connect(lambda words: matching.set_filters(text=words))
        self.search.ended.connect(self._leave_search)
        self._empty.button.clicked.connect(self.clear_filters)
        self.table.chosen.connect(self._row_chosen)
        self.table.favourite_clicked.connect(self._star_clicked)
        self.table.visible_changed.connect(self._fetch_visible)
        matching.results_ready.connect(self.show_results)
        self.show_scan(None, None)
        self._title_for(None)

    def hasHeightForWidth(self) -> bool:
        return False  # the words of pages that are not shown would push the panels above out of their places

    def set_density(self, density: Density) -> None:
        self._narrow = density.narrow
        self._fit_bar()
        self.compare.setVisible(density.small)
        self.table.set_row_height(density.table_row, density.table_header)
        self._show_columns()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_bar()

    def _fit_bar(self) -> None:
        """The types stand side by side where all that is in the bar has room."""
        for short in (self._narrow, True):
            self.kinds.setVisible(not short)
            self.kinds_short.setVisible(short)
            for layout in self._bar_layouts:
                layout.invalidate()
            if self._bar_layouts[-1].minimumSize().width() <= self.width():
                break

    def show_welcome(self, welcome: bool) -> None:
        """While the library is empty the field invites to fill it."""
        self._pages.setCurrentWidget(self.welcome if welcome else self._work)

    @property
    def current(self) -> Row | None:
        return self.model.row(self.table.currentIndex().row())

    @property
    def selected(self) -> list[Row]:
        """The chosen rows, from top to bottom."""
        rows = (self.model.row(number) for number in self.table.selected_rows)
        return [row for row in rows if row is not None]

    def show_results(self, results: Results) -> None:
        """Take what was ranked; the chosen sound stays chosen, and does not play again.

        So do the other selected ones, for what is marked next is meant for all of them; of another slot's matches they
        would be anywhere, out of sight.
        """
        before = self.results
        same_slot = before is not None and _subject(before) == _subject(results)
        self.results = results
        self._title_for(results)
        self._show_columns()
        scrolled = self.table.verticalScrollBar().value() if same_slot else 0
        selected = [row.sound.id for row in self.selected] if same_slot else None
        row = self.table.currentIndex().row() if same_slot else -1
        self.model.set_rows(results.rows)
        self.table.restore(self._chosen_sound, selected)
        self.table.verticalScrollBar().setValue(scrolled)
        if not same_slot:
            self.table.gap = None
        if self.current is None and self._chosen_sound is not None:
            self.table.gap = row if row >= 0 else None
            self._chosen_sound = None
            self.chosen.emit(None)
        if self._wants_first and not self._matching.pending:
            self._wants_first = False
            if self.current is None:
                self.table.choose(0)
        self._show_empty(results)
        if not self._scanning:
            self._show_likeness()
        self._fetch_visible()

    def show_scan(self, progress: Progress | None, state: LibraryState | None) -> None:
        """While a scan runs the footer says what the ranking rests on."""
        self._scanning = progress is not None
        if progress is None or state is None:
            self._show_likeness()
            return
        heard, waiting = state.counts.ready, max(state.counts.listed, 0 if state.counts.ready else round(progress.done))
        others = "The other one is" if waiting == 1 else f"The other {text.count(waiting)} are"
        what = others if heard else "They are"
        self.footer.setText(
            f"Ranked from {text.sounds(heard)} heard so far." if heard else f"{text.sounds(waiting)} found so far."
        )
        self.footer_more.setText(f"{what} listed, and can be searched by name and played already." if waiting else "")
        self._footer.show()

    def _show_likeness(self) -> None:
        """The footer's other words: that nothing listed is like the slot, or how far to trust an order by parts."""
        results = self.results
        unlike = results is not None and results.nothing_alike
        rough = results is not None and bool(results.rows) and not set(results.parts) <= set(PARTS_WELL_TOLD)
        self._footer.setVisible(unlike or rough)
        if unlike:
            self.footer.setText("Nothing here sounds quite like it.")
            self.footer_more.setText("These come nearest.")
        elif rough:
            self.footer.setText("A rough order.")
            self.footer_more.setText("Trust it for loops that play little else; in full mixes, only for drums.")

    def forget_choice(self) -> None:
        """Nothing is chosen any more."""
        self._chosen_sound = None
        self._wants_first = False
        self.table.restore(None)

    def step(self, rows: int) -> None:
        """Move the choice, as the arrow keys do."""
        self.table.step(rows)

    def _title_for(self, results: Results | None) -> None:
        slot = results.slot if results is not None else None
        sound = results.sound if results is not None else None
        self.chip.setVisible(slot is not None and sound is None)
        self.chip.set_families(slot.likely_families if slot is not None else ())
        parts = results.parts if results is not None else ()
        history = results is not None and results.history
        ranked = slot is not None or bool(parts)
        listed = "Auditioned lately" if history else "Sounds"
        self.title.setText("Similar" if sound is not None else "Matches" if ranked else listed)
        shown = len(results.rows) if results is not None else 0
        if sound is not None:
            self.subject.setText(f"to {sound.name} by {parts[0]}" if parts else f"to {sound.name}")
        elif parts:
            self.subject.setText(f"by {words_for(parts)}")
        elif slot is None:
            order = ", the last one first" if history else ""
            count = text.count(shown)
            if results is not None and results.first_by is not None:
                count = f"the first {count} by {column_word(results.first_by)}"
            self.subject.setText(f"{count}{order}" if results is not None else "")
        if results is not None and results.ranked and results.searchable:
            self.search.set_hints(f"Search {text.sounds(results.searchable)}", "Search sounds", "Search")
        else:
            self.search.set_hints("Search all sounds", "Search")
        self._show_way_back("all sounds")

    def name_slot(self, number: int, word: str) -> None:
        """Which slot the matches are for, or what leads back to it."""
        results = self.results
        if results is None or not (results.sound is not None or results.parts or results.history):
            self.subject.setText(f"for slot {number}: {word}")
        self._show_way_back(f"slot {number}: {word}")

    def _show_way_back(self, start: str) -> None:
        """The chip that leads back: to the sound before, or to where the trail began."""
        trail = self._matching.trail
        self._way_back.setVisible(self._matching.has_way_back)
        parts = self._matching.parts.weights
        before = f"parts: {words_for(parts)}" if trail and parts else start
        words = trail[-2].words if len(trail) > 1 else before
        self.back.setText(words if len(words) <= LONGEST_WAY_BACK else f"{words[: LONGEST_WAY_BACK - 1]}…")
        self.back.setAccessibleName(f"Back to {words}")
        for widget in (self.back, self._way_back):
            widget.updateGeometry()
        self._fit_bar()

    def _show_columns(self) -> None:
        ranked = self.results is not None and self.results.ranked
        self.table.set_columns(folder=not self._narrow, match=ranked)
        if not ranked and self.table.horizontalHeader().sortIndicatorSection() == Column.MATCH:
            self.table.horizontalHeader().setSortIndicatorShown(False)
        else:
            self.table.horizontalHeader().setSortIndicatorShown(True)

    def _show_empty(self, results: Results) -> None:
        if results.rows:
            self._stack.setCurrentWidget(self.table)
            return
        filters = self._matching.filters
        narrowed = filters != Filters(any_family=filters.any_family)
        self._empty.button.setVisible(True)
        if results.obstacle:
            title, sentence = "Nothing to rank by part", results.obstacle
            self._empty.button.setVisible(False)
        elif not results.ranked:
            title, sentence = "No sounds to show", _no_facts(filters) or "No sound in the library fits these filters."
            self._empty.button.setVisible(narrowed)
        elif results.parts and not narrowed:
            title = f"No {words_for(results.parts)} to compare with"
            sentence = "No loop or longer sound in the library has this."
            self._empty.button.setVisible(False)
        elif not results.searchable:
            title = "No sounds heard yet"
            sentence = "Matches appear here as the scan hears the library's sounds."
            self._empty.button.setVisible(False)
        elif not narrowed:
            title = "No other sound"
            sentence = "The library holds no sound but this one."
            self._empty.button.setVisible(False)
        else:
            title = "Nothing matches these filters"
            sentence = _no_facts(filters) or "Clear them, or search for something else."
        self._empty.say(title, sentence, icon="search")
        self._stack.setCurrentWidget(self._empty)

    def clear_filters(self) -> None:
        """All of the library again."""
        self.kinds.choose(0)
        self._choose_kind(0)
        self.search.clear()
        self._matching.set_filters(**NO_FILTERS)

    def _choose_kind(self, number: int) -> None:
        self.kinds.choose(number)
        self.kinds_short.setCurrentIndex(number)
        self._matching.set_filters(kinds=KINDS[number][2])

    def _row_chosen(self, number: int) -> None:
        row = self.model.row(number)
        if row is not None:
            self._chosen_sound = row.sound.id
            self.chosen.emit(row)

    def _star_clicked(self, number: int) -> None:
        row = self.model.row(number)
        if row is not None:
            self.favourite_asked.emit([row.sound.id], not row.sound.favourite)

    def _leave_search(self, kept: bool) -> None:
        """Esc empties the search first; then, as with Enter, it goes on in the table."""
        if not kept and self.search.text():
            self.search.clear()
            return
        self.table.setFocus()
        self._wants_first = kept and self._matching.pending
        if kept and self.current is None and not self._wants_first:
            self.table.choose(0)

    def _fetch_visible(self) -> None:
        first, last = self.table.visible_rows()
        self._matching.fetch_overviews(self.model.without_overview(first, last + 12))
        self.unheard_seen.emit(self.model.unheard(first, last))


class _Welcome(QWidget):
    """First run: add a folder, or try the demo."""

    def __init__(self, add_folder: Button, demo: Button) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.invitation = Invitation(
            "folder",
            "Add a folder of sounds",
            "One-shots, loops and longer sounds are ranked for each instrument.",
            add_folder,
        )
        layout.addWidget(self.invitation, 1)
        row = QHBoxLayout()
        row.setContentsMargins(16, 12, 16, 24)
        row.setSpacing(12)
        row.addStretch(1)
        row.addWidget(Label("Nothing to hand?", colour="quiet"))
        row.addWidget(demo)
        row.addWidget(Label("A short song and a small library that come with Earshot.", colour="quiet"))
        row.addStretch(1)
        layout.addLayout(row)


def _subject(results: Results) -> tuple[int | None, int | None, tuple[str, ...], bool]:
    """What the rows were compared with: ids of slot and sound, and the parts; and whether they are the history."""
    return (
        results.slot.id if results.slot else None,
        results.sound.id if results.sound else None,
        results.parts,
        results.history,
    )


def _no_facts(filters: Filters) -> str:
    """What of the search looks like a fact and is none; '' for nothing."""
    from engine.library.query import no_facts

    return no_facts(filters.text)

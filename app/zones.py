"""Where the panels stand in the window, how large they are, and which of them are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app import theme
from app.density import Density, for_size
from app.widgets.boxes import UNLIMITED, column, row
from app.widgets.labels import Line
from app.widgets.menu_bar import MenuBar

if TYPE_CHECKING:
    from app.main_window import MainWindow


class Zones:
    """Slots and reference above, library, matches and comparison below, notice and transport at the foot.

    In a small window the comparison takes the place of the table, where it is asked for.
    """

    def __init__(self, window: MainWindow, menu_bar: MenuBar) -> None:
        self._window, self._menu_bar = window, menu_bar
        self._density: Density | None = None
        self._shows_compare = False
        menus = QWidget()
        menus.setFixedHeight(39)
        box = QHBoxLayout(menus)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(menu_bar, 0, Qt.AlignmentFlag.AlignVCenter)
        self._spine = [menus, window.slots_panel, window.library_panel]
        reference = column(window.header, Line(), window.reference_panel)
        slots = column(menus, Line(), window.slots_panel)
        self._top = row(slots, Line(vertical=True), reference, stretch=reference)
        self._compare_line = Line(vertical=True)
        bottom = row(
            window.library_panel,
            Line(vertical=True),
            window.matches_panel,
            self._compare_line,
            window.compare_panel,
            stretch=window.matches_panel,
        )
        self.centre = column(
            self._top,
            window.parts_panel,
            Line(colour="zone_divider"),
            bottom,
            window.notice,
            Line(),
            window.transport,
            stretch=bottom,
        )
        self.centre.setObjectName("zone")
        # The focus rests here until a key or a click moves it: no control shows a ring before that.
        self.centre.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def swap_compare(self) -> None:
        """In a small window the comparison takes the place of the table, and gives it back."""
        focus = self.centre.focusWidget()
        leaving = self._window.matches_panel if not self._shows_compare else self._window.compare_panel
        held = focus is not None and leaving.isAncestorOf(focus)
        if held:  # it would go to whichever control comes next
            self.centre.setFocus()
        self._shows_compare = not self._shows_compare
        self.refresh()
        if held and not self._shows_compare:
            self._window.matches_panel.table.setFocus()

    def refresh(self) -> None:
        """Which panels are there to be seen, and what can be done."""
        window, work = self._window, self._window.workspace
        welcome = work.library.empty
        small = self._density is not None and self._density.small
        compare = window.compare_panel
        window.matches_panel.show_welcome(welcome)
        compare.setVisible(not welcome and (not small or self._shows_compare))
        compare.setMaximumWidth(UNLIMITED if small else compare.minimumWidth())
        window.matches_panel.setVisible(welcome or not small or not self._shows_compare)
        self._compare_line.setVisible(not welcome and not small)
        usable = work.reference.path is not None and work.reference.failure is None and work.timeline.duration > 0
        window.parts_panel.setVisible(usable and not welcome)
        asked = work.listening.asked
        window.transport.set_original(asked.name if asked is not None else None)
        window.transport.set_usable(reference=usable or asked is not None, candidate=work.listening.row is not None)
        window.actions_.refresh(usable=usable, small=small, compares=self._shows_compare)

    def fit(self) -> None:
        """Give everything the size that suits that of the window."""
        window = self._window
        density = for_size(window.width(), window.height())
        if density == self._density:
            return
        self._density = density
        for widget in self._spine:
            widget.setFixedWidth(density.spine - 1)
        padding = theme.tokens()["density"]["small"]["menu_padding"]
        self._menu_bar.fit(
            density.spine - 1, padding=padding - 3 if density.small else padding, spacing=0 if density.small else 2
        )
        window.compare_panel.setMinimumWidth(density.compare_pane - 1)
        for panel in (
            window.header,
            window.reference_panel,
            window.slots_panel,
            window.parts_panel,
            window.matches_panel,
            window.compare_panel,
            window.transport,
        ):
            panel.set_density(density)
        sizes = theme.tokens()["size"]
        above_lanes = sizes["header"] + density.overview + 1 + density.spectrogram + 1 + sizes["ruler"] - 1
        self._top.setFixedHeight(above_lanes + density.lane * density.lanes)
        self.refresh()

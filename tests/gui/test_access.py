"""The window by keyboard, by ear, and for weak eyes."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app import theme
from app.main_window import MainWindow
from app.panels.settings_dialog import PAGES
from tests.gui.conftest import until

LEAST_TEXT_CONTRAST = 4.5
LEAST_SIGN_CONTRAST = 3.0
CONTROLS = (QAbstractButton, QAbstractItemView, QComboBox, QLineEdit, QPlainTextEdit, QSlider)

GROUNDS = ("canvas", "window", "raised", "hover")
TEXT_ON = [
    *itertools.product(("text", "secondary"), (*GROUNDS, "pressed", "selected_row", "selected_lane", "region_tag")),
    *itertools.product(("quiet",), (*GROUNDS, "selected_lane")),  # on selected and pressed: secondary
    *itertools.product(("accent",), (*GROUNDS, "selected_row")),  # S and M while they are on
    ("on_accent", "accent"),
]
SIGN_ON = [
    *itertools.product(("danger", "focus_ring", "accent"), (*GROUNDS, "pressed", "selected_row")),
    ("on_accent", "accent"),  # the ring on a solid button
]


def luminance(colour: QColor) -> float:
    """Of sRGB, 0..1."""
    channels = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: QColor, second: QColor) -> float:
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["dark", "light"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT_ON, LEAST_TEXT_CONTRAST), (SIGN_ON, LEAST_SIGN_CONTRAST)])
def test_everything_stands_out_enough(name: str, pairs: list[tuple[str, str]], least: float) -> None:
    look = theme.theme(name)
    found = {pair: contrast(getattr(look, pair[0]), getattr(look, pair[1])) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < least} == {}


def test_black_on_white_is_twenty_one() -> None:
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21.0)


def unnamed(top: QWidget) -> list[QWidget]:
    """What can have the focus and would be silent to a screen reader."""
    inner = (QAbstractItemView, QComboBox)  # the parts that Qt makes of them speak through them
    return [
        widget
        for widget in top.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and isinstance(widget, CONTROLS)
        and not widget.accessibleName()
        and not any(isinstance(parent, inner) for parent in parents(widget))
    ]


def parents(widget: QWidget) -> list[QWidget]:
    found = []
    while (widget := widget.parentWidget()) is not None:  # type: ignore[assignment]
        found.append(widget)
    return found


def reachable(qtbot: QtBot, top: QWidget) -> list[QWidget]:
    """What Tab goes through, in its order."""
    top.activateWindow()
    until(qtbot, lambda: QApplication.activeWindow() is top)
    top.setFocus()
    found: list[QWidget] = []
    for _ in range(200):
        qtbot.keyClick(QApplication.focusWidget() or top, Qt.Key.Key_Tab)
        widget = QApplication.focusWidget()
        if widget is None or widget in found:
            break
        found.append(widget)
    return found


def picture(top: QWidget, widget: QWidget) -> QImage:
    rect = widget.rect().translated(widget.mapTo(top, widget.rect().topLeft()))
    return top.grab(rect).toImage()


def controls(top: QWidget) -> set[QWidget]:
    """What should be reached: shown, enabled, and no part of something else."""
    return {
        widget
        for widget in top.findChildren(QWidget)
        if isinstance(widget, CONTROLS)
        and widget.isVisible()
        and widget.isEnabled()
        and not any(isinstance(parent, (QAbstractItemView, QComboBox)) for parent in parents(widget))
        and not any(parent is not top and isinstance(parent, QDialog) for parent in parents(widget))
    }


def test_every_control_of_the_window_has_a_name(filled: MainWindow) -> None:
    filled.show_settings()
    assert unnamed(filled) == []


@pytest.mark.parametrize("name", ["dark", "light"])
def test_tab_reaches_every_control_and_shows_it(filled: MainWindow, qtbot: QtBot, name: str) -> None:
    filled.set_theme(name)
    filled.matches_panel.table.choose(0)
    auditioner = filled.workspace.auditioner
    until(qtbot, lambda: not auditioner.loading and not auditioner.playing)  # the sound has begun and ended
    order = reachable(qtbot, filled)
    exclusive = {
        button for button in controls(filled) if isinstance(button, QAbstractButton) and button.group() is not None
    }  # arrow keys move inside such a row; Tab goes to the chosen one
    assert controls(filled) - set(order) - exclusive == set()
    for widget in order:
        if isinstance(widget, CONTROLS):
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            focused = picture(filled, widget)
            filled.setFocus()
            widget.clearFocus()
            assert picture(filled, widget) != focused, f"{widget.accessibleName()} does not show its focus"


def test_every_page_of_the_settings_is_reached(filled: MainWindow, qtbot: QtBot) -> None:
    filled.actions_.settings.trigger()
    dialog = next(dialog for dialog in filled.findChildren(QDialog) if dialog.isVisible())
    for page in PAGES:
        dialog.show_page(page)  # type: ignore[attr-defined]
        order = reachable(qtbot, dialog)
        exclusive = set(dialog.pages.group.buttons())  # type: ignore[attr-defined]
        missed = controls(dialog) - set(order) - exclusive
        assert {widget.accessibleName() for widget in missed} == set(), page


def test_no_key_means_two_things(filled: MainWindow, qtbot: QtBot) -> None:
    work, lists = filled.workspace, filled.library_panel.marks
    ids = [row.sound.id for row in work.matches.rows[:2]]
    work.marks.tag(ids, add=["r&b"])
    work.marks.add_collection("Bass&4", ids)
    until(qtbot, lambda: set(lists.tag_rows) == {"r&b"} and len(lists.rows) == 1)
    work.marks.rename_collection(next(iter(lists.rows)), "Bass&5")
    until(qtbot, lambda: next(iter(lists.rows.values())).text() == "Bass&5")
    keys = [key.toString() for action in filled.actions_.all for key in action.shortcuts()]
    keys += [button.shortcut().toString() for button in filled.findChildren(QAbstractButton) if button.text()]
    assert {key for key in keys if keys.count(key) > 1 and key} == set()
    assert [button.text() for button in filled.findChildren(QAbstractButton) if not button.shortcut().isEmpty()] == []


def test_names_make_no_keys_in_menus(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    work, actions = filled.workspace, filled.actions_
    work.marks.add_collection("Bass&4")
    until(qtbot, lambda: len(work.marks.state.collections) == 1)
    work.matching.set_filters(collection_id=work.marks.state.collections[0].id)
    work.slot_editor.rename(1, "R&B lead")
    work.slot_editor.rename(1, "Lead")
    work.slot_editor.stack.undo()
    filled.settings.remember_song(tmp_path / "Drum&Bass.wav")
    for menu in (actions.mark_actions.collect, actions.recent, actions.slot_actions.merge):
        menu.aboutToShow.emit()
    work.outputs.names = ["Mix&Match"]
    work.outputs.changed.emit()
    work.keyboard.inputs = ["Keys&Co"]
    work.keyboard.changed.emit()
    menus = (actions.mark_actions.collect, actions.recent, actions.slot_actions.merge, actions.outputs, actions.midi)
    shown = [action.text() for menu in menus for action in menu.actions()]
    shown += [action.text() for action in (actions.undo, actions.redo, actions.mark_actions.let_go)]
    assert [words for words in shown if "&" in words.replace("&&", "")] == []
    wanted = {"Bass&4", "Drum&Bass.wav", "2  R&B lead", "Mix&Match", "Keys&Co", "Remove from Bass&4"}
    assert wanted - {words.replace("&&", "&") for words in shown} == set()

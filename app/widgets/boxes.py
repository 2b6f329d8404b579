"""Widgets above one another or side by side, with nothing between them."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

UNLIMITED = 16_777_215
"""Qt's word for no greatest width."""


def column(*widgets: QWidget, stretch: QWidget | None = None) -> QWidget:
    box = QWidget()
    return _fill(box, QVBoxLayout(box), widgets, stretch)


def row(*widgets: QWidget, stretch: QWidget | None = None) -> QWidget:
    box = QWidget()
    return _fill(box, QHBoxLayout(box), widgets, stretch)


def _fill(
    box: QWidget, layout: QVBoxLayout | QHBoxLayout, widgets: tuple[QWidget, ...], stretch: QWidget | None
) -> QWidget:
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget, 1 if widget is stretch else 0)
    return box

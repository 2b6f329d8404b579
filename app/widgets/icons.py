"""The icon set: SVG files of one stroke, tinted when drawn."""

from __future__ import annotations

import functools

from PySide6.QtCore import QByteArray, QRect, QRectF
from PySide6.QtGui import QColor, QPainter
from PySide6.QtSvg import QSvgRenderer

from engine.paths import resources_dir

GRID = 16
"""The icons are drawn on a square of this size."""
_STROKE = 'stroke-width="1.5"'


@functools.cache
def _drawings() -> dict[str, str]:
    """All of them are read for the first, when the window is made: while a scan computes, each file takes its time."""
    return {path.stem: path.read_text(encoding="utf-8") for path in (resources_dir() / "icons").glob("*.svg")}


@functools.cache
def _renderer(name: str, colour: str, stroke: float | None) -> QSvgRenderer:
    source = _drawings()[name].replace("currentColor", colour)
    if stroke is not None:
        source = source.replace(_STROKE, f'stroke-width="{stroke}"')
    return QSvgRenderer(QByteArray(source.encode()))


def draw_icon(
    painter: QPainter, name: str, rect: QRect | QRectF, colour: QColor, *, stroke: float | None = None
) -> None:
    """Draw the icon called `name` into `rect` in `colour`; large ones with a `stroke` in pixels, or they grow heavy."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(painter.opacity() * colour.alphaF())
    drawn = None if stroke is None else stroke * GRID / rect.width()
    _renderer(name, colour.name(), drawn).render(painter, QRectF(rect))
    painter.restore()

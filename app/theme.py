"""The look: colours, fonts and the style sheet, all from `resources/theme/tokens.json`."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from engine.paths import resources_dir

PLAIN_FONTS = ("Inter", "Adwaita Sans", "Cantarell", "Noto Sans", "Ubuntu", "DejaVu Sans")
"""Tried in order where the desktop names no interface font of its own, only a generic one."""


@functools.cache
def tokens() -> dict[str, Any]:
    """The token file, as it is."""
    loaded: dict[str, Any] = json.loads((resources_dir() / "theme" / "tokens.json").read_text(encoding="utf-8"))
    return loaded


@dataclass(frozen=True)
class Theme:
    """The colours of one theme, ready for a painter."""

    name: str
    canvas: QColor
    window: QColor
    raised: QColor
    hover: QColor
    pressed: QColor
    selected_row: QColor
    selected_lane: QColor
    divider: QColor
    control_border: QColor
    zone_divider: QColor
    text: QColor
    secondary: QColor
    quiet: QColor
    disabled: QColor
    on_accent: QColor
    accent: QColor
    focus_ring: QColor
    danger: QColor
    wave_peak: QColor
    wave_rms: QColor
    wave_played: QColor
    playhead_parked: QColor
    playhead_sounding: QColor
    region_edge: QColor
    region_tag: QColor
    region_alpha: float
    region_overview_alpha: float
    families: dict[str, QColor]
    spectrogram_table: np.ndarray
    """uint8 [256, 3], red, green and blue from quiet to loud."""

    def family(self, name: str | None) -> QColor:
        """The colour of a family; the quiet text colour for none."""
        return self.families.get(name or "", self.quiet)

    def lane_colours(self, family: str, exposure: np.ndarray) -> np.ndarray:
        """Colours of a lane's cells: uint32 [n] as 0xAARRGGBB, transparent below exposure 0.06.

        exposure : float32 [n], 0..1.
        """
        strength = 0.34 + 0.66 * np.clip(exposure, 0.0, 1.0)
        canvas, colour = self.canvas, self.family(family)
        channels = [
            np.round(low + (high - low) * strength).astype(np.uint32)
            for low, high in (
                (canvas.red(), colour.red()),
                (canvas.green(), colour.green()),
                (canvas.blue(), colour.blue()),
            )
        ]
        opaque = np.uint32(0xFF000000) | channels[0] << np.uint32(16) | channels[1] << np.uint32(8) | channels[2]
        return np.where(exposure < 0.06, np.uint32(0), opaque)


def _colour_table(stops: list[str]) -> np.ndarray:
    at = np.linspace(0, 255, len(stops))
    colours = [QColor(stop) for stop in stops]
    channels = np.array([[c.red(), c.green(), c.blue()] for c in colours], dtype=np.float64)
    table = np.stack([np.interp(np.arange(256), at, channels[:, channel]) for channel in range(3)], axis=1)
    return table.round().astype(np.uint8)


@functools.cache
def theme(name: str) -> Theme:
    """The theme called "dark" or "light"."""
    values = tokens()["theme"][name]
    background, line, text, region = values["background"], values["line"], values["text"], values["region"]
    return Theme(
        name=name,
        **{key: QColor(colour) for key, colour in (background | line).items()},
        text=QColor(text["primary"]),
        secondary=QColor(text["secondary"]),
        quiet=QColor(text["quiet"]),
        disabled=QColor(text["disabled"]),
        on_accent=QColor(text["on_accent"]),
        accent=QColor(values["accent"]),
        focus_ring=QColor(values["focus_ring"]),
        danger=QColor(values["danger"]),
        wave_peak=QColor(values["waveform"]["peak"]),
        wave_rms=QColor(values["waveform"]["rms"]),
        wave_played=QColor(values["waveform"]["played"]),
        playhead_parked=QColor(values["playhead"]["parked"]),
        playhead_sounding=QColor(values["playhead"]["sounding"]),
        region_edge=QColor(region["edge"]),
        region_tag=QColor(region["tag"]),
        region_alpha=region["fill_alpha"],
        region_overview_alpha=region["overview_fill_alpha"],
        families={family: QColor(colour) for family, colour in values["family"].items()},
        spectrogram_table=_colour_table(values["spectrogram_map"]),
    )


_current = "dark"


def current() -> Theme:
    """The theme in use; painters ask for it each time they paint, so that a change needs no wiring."""
    return theme(_current)


def with_alpha(colour: QColor, alpha: float) -> QColor:
    """A copy of `colour` at `alpha` 0..1."""
    copy = QColor(colour)
    copy.setAlphaF(alpha)
    return copy


@functools.cache
def _family_name() -> str:
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    generic = system.family().casefold() in ("sans serif", "sans-serif", "sans", "")
    if not generic and QFontInfo(system).exactMatch():
        return system.family()
    installed = set(QFontDatabase.families())
    return next((name for name in PLAIN_FONTS if name in installed), system.family())


@functools.cache
def font(role: str = "body") -> QFont:
    """The interface font in a role of the type scale: axis, small, heading, body, strong, title or invitation."""
    scale = tokens()["type"]["scale"]["small" if role == "heading" else role]
    made = QFont(_family_name())
    made.setPixelSize(scale["size"])
    made.setWeight(QFont.Weight.DemiBold if role == "heading" else QFont.Weight(scale["weight"]))
    # Outlines as they were drawn: hinted stems are a pixel too heavy at these sizes.
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def apply(application: QApplication, name: str) -> None:
    """Dress the whole application in a theme: "dark", "light", or "system" for the one that the desktop has now."""
    global _current
    if name == "system":
        light = application.styleHints().colorScheme() == Qt.ColorScheme.Light
        name = "light" if light else "dark"
    _current = name
    if not application.styleSheet():
        application.setStyle(QStyleFactory.create("Fusion"))
    application.setFont(font())
    application.setPalette(_palette(current()))
    application.setStyleSheet(_style_sheet(current()))


def _palette(look: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, look.window),
        (role.Base, look.canvas),
        (role.AlternateBase, look.window),
        (role.Button, look.raised),
        (role.ToolTipBase, look.raised),
        (role.WindowText, look.text),
        (role.Text, look.text),
        (role.ButtonText, look.text),
        (role.ToolTipText, look.text),
        (role.PlaceholderText, look.quiet),
        (role.Highlight, look.accent),
        (role.HighlightedText, look.on_accent),
        (role.Link, look.accent),
    ):
        palette.setColor(which, colour)
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, look.disabled)
    return palette


def _style_sheet(look: Theme) -> str:
    names = {key: value.name() for key, value in vars(look).items() if isinstance(value, QColor)}
    drawn = {"chevron": "combo", "check": "check", "submenu": "submenu"}
    icons = {key: (resources_dir() / "icons" / f"{name}-{look.name}.svg").as_posix() for key, name in drawn.items()}
    return _STYLE % (names | icons)


_STYLE = """
QMainWindow, QWidget#zone { background: %(window)s; }
QWidget#canvas { background: %(canvas)s; }
QToolTip { background: %(raised)s; color: %(text)s; border: 1px solid %(control_border)s; padding: 4px 8px; }
QMenuBar { background: transparent; color: %(secondary)s; padding-left: 6px; spacing: 2px; }
QMenuBar::item { padding: 6px 6px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: %(hover)s; color: %(text)s; }
QMenuBar::item:pressed { background: %(pressed)s; color: %(text)s; }
QMenu { background: %(raised)s; color: %(text)s; border: 1px solid %(control_border)s; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 16px; border-radius: 3px; }
QMenu::indicator { width: 14px; height: 14px; left: 9px; }
QMenu::indicator:checked { image: url("%(check)s"); }
QMenu::right-arrow { image: url("%(submenu)s"); width: 12px; height: 12px; right: 8px; }
QMenu::item:selected { background: %(pressed)s; }
QMenu::item:disabled { color: %(disabled)s; }
QMenu::separator { height: 1px; background: %(divider)s; margin: 4px 8px; }
QLineEdit { background: %(canvas)s; color: %(text)s; border: 1px solid %(control_border)s; border-radius: 4px;
            padding: 0 7px; min-height: 26px; max-height: 26px; selection-background-color: %(accent)s;
            selection-color: %(on_accent)s; }
QLineEdit:focus { border: 2px solid %(focus_ring)s; padding: 0 6px; min-height: 24px; max-height: 24px; }
QLineEdit:disabled { color: %(disabled)s; }
QComboBox { background: %(canvas)s; color: %(text)s; border: 1px solid %(control_border)s; border-radius: 4px;
            padding: 0 9px; min-height: 26px; max-height: 26px; }
QComboBox:focus { border: 2px solid %(focus_ring)s; padding: 0 8px; min-height: 24px; max-height: 24px; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url("%(chevron)s"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: %(raised)s; color: %(text)s; border: 1px solid %(control_border)s;
            selection-background-color: %(pressed)s; selection-color: %(text)s; outline: none; padding: 4px; }
QAbstractScrollArea { background: transparent; border: none; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QPlainTextEdit { background: %(canvas)s; color: %(secondary)s; border: 1px solid %(control_border)s;
            border-radius: 4px; padding: 8px; selection-background-color: %(accent)s; selection-color: %(on_accent)s; }
QPlainTextEdit:focus { border: 2px solid %(focus_ring)s; padding: 7px; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 4px 0; }
QScrollBar::handle:vertical { background: %(control_border)s; border-radius: 2px; margin: 0 4px; min-height: 24px; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0 4px; }
QScrollBar::handle:horizontal { background: %(control_border)s; border-radius: 2px; margin: 4px 0; min-width: 24px; }
QScrollBar::handle:hover { background: %(quiet)s; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
"""

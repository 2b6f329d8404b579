"""What the window remembers between two starts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

from app.models.columns import SHOWN_AT_FIRST, Column

VERSION = 2
OFF_DB = -120.0
"""The volume that is none."""
RECENT_SONGS = 8
THEMES = ("dark", "light", "system")
SCALES = (75, 90, 100, 110, 125, 150, 175, 200)
"""Per cent."""
COMPUTE_DEVICES = ("auto", "cpu", "cuda", "mps")


class Settings:
    """Typed values over QSettings; unreadable ones fall back to their defaults.

    Of two windows on one library the second one keeps none (`wait`): it would overwrite those of the first.

    Parameters
    ----------
    path : an INI file; None for the user's own settings.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._store = (
            QSettings(str(path), QSettings.Format.IniFormat)
            if path is not None
            else QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "earshot", "earshot")
        )
        self._unkept: dict[str, object] | None = None
        found = int(self._value("version", VERSION))
        if found > VERSION:
            self._set_aside(found)
        for version in range(max(1, found), VERSION):
            _MIGRATIONS[version](self._store)
        self._set("version", VERSION)

    def wait(self) -> None:
        """From now on what is set counts here alone, until `keep`."""
        self._unkept = {} if self._unkept is None else self._unkept

    def keep(self) -> None:
        """Write what was set, and from now on whatever is set."""
        for key, value in (self._unkept or {}).items():
            self._store.setValue(key, value)
        self._unkept = None
        self._store.sync()

    @property
    def theme(self) -> str:
        """One of `THEMES`."""
        return self._one_of("theme", THEMES, "dark")

    @theme.setter
    def theme(self, name: str) -> None:
        self._set("theme", name)

    @property
    def scale_percent(self) -> int:
        """Size of everything in the window, one of `SCALES`; counts from the next start on."""
        value = int(self._value("scale_percent", 100))
        return value if value in SCALES else 100

    @scale_percent.setter
    def scale_percent(self, value: int) -> None:
        self._set("scale_percent", value)

    @property
    def volume_db(self) -> float:
        return min(0.0, max(OFF_DB, float(self._value("volume_db", -6.0))))

    @volume_db.setter
    def volume_db(self, value: float) -> None:
        self._set("volume_db", value)

    @property
    def audible_db(self) -> float:
        """The volume when it was not off."""
        return min(0.0, max(-60.0, float(self._value("audible_db", -6.0))))

    @audible_db.setter
    def audible_db(self, value: float) -> None:
        self._set("audible_db", value)

    @property
    def level_match(self) -> bool:
        return self._flag("level_match", True)

    @level_match.setter
    def level_match(self, on: bool) -> None:
        self._set("level_match", on)

    @property
    def loop(self) -> bool:
        return self._flag("loop", False)

    @loop.setter
    def loop(self, on: bool) -> None:
        self._set("loop", on)

    @property
    def snaps_to_beats(self) -> bool:
        return self._flag("snaps_to_beats", True)

    @snaps_to_beats.setter
    def snaps_to_beats(self, on: bool) -> None:
        self._set("snaps_to_beats", on)

    @property
    def at_pitch(self) -> bool:
        return self._flag("at_pitch", False)

    @at_pitch.setter
    def at_pitch(self, on: bool) -> None:
        self._set("at_pitch", on)

    @property
    def at_tempo(self) -> bool:
        return self._flag("at_tempo", False)

    @at_tempo.setter
    def at_tempo(self, on: bool) -> None:
        self._set("at_tempo", on)

    @property
    def in_context(self) -> bool:
        return self._flag("in_context", False)

    @in_context.setter
    def in_context(self, on: bool) -> None:
        self._set("in_context", on)

    @property
    def midi_input(self) -> str | None:
        return str(self._value("midi_input", "")) or None

    @midi_input.setter
    def midi_input(self, name: str | None) -> None:
        self._set("midi_input", name or "")

    @property
    def autoplay(self) -> bool:
        return self._flag("autoplay", True)

    @autoplay.setter
    def autoplay(self, on: bool) -> None:
        self._set("autoplay", on)

    @property
    def device(self) -> str | None:
        """Name of the audio output; None for the system's choice."""
        return str(self._value("output_device", "")) or None

    @device.setter
    def device(self, name: str | None) -> None:
        self._set("output_device", name or "")

    @property
    def input(self) -> str | None:
        """Name of the audio input that was recorded last."""
        return str(self._value("audio_input", "")) or None

    @input.setter
    def input(self, name: str | None) -> None:
        self._set("audio_input", name or "")

    @property
    def scan_workers(self) -> int | None:
        """Processes that scan; None for as many as is usual."""
        return int(self._value("scan_workers", 0)) or None

    @scan_workers.setter
    def scan_workers(self, number: int | None) -> None:
        self._set("scan_workers", number or 0)

    @property
    def model(self) -> Path | None:
        """Weights of the ear; None for those that come with Earshot."""
        value = str(self._value("model", ""))
        return Path(value) if value else None

    @model.setter
    def model(self, path: Path | None) -> None:
        self._set("model", str(path or ""))

    @property
    def compute(self) -> str:
        """What the ear runs on, one of `COMPUTE_DEVICES`; 'auto' takes the fastest."""
        return self._one_of("compute", COMPUTE_DEVICES, "auto")

    @compute.setter
    def compute(self, name: str) -> None:
        self._set("compute", name)

    @property
    def restore_song(self) -> bool:
        """Whether a start opens the song that was open last."""
        return self._flag("restore_song", True)

    @restore_song.setter
    def restore_song(self, on: bool) -> None:
        self._set("restore_song", on)

    @property
    def columns(self) -> frozenset[Column]:
        """The columns of the table that are wanted."""
        names = str(self._value("columns", ""))
        known = frozenset(Column[name] for name in names.split() if name in Column.__members__)
        return known or SHOWN_AT_FIRST

    @columns.setter
    def columns(self, shown: Collection[Column]) -> None:
        self._set("columns", " ".join(column.name for column in sorted(shown)))

    @property
    def column_widths(self) -> dict[Column, int]:
        """Logical pixels, of those whose width was chosen."""
        try:
            stored = json.loads(str(self._value("column_widths", "{}")))
            return {Column[name]: int(width) for name, width in stored.items() if 0 < int(width) < 4000}
        except (ValueError, KeyError, AttributeError, TypeError):
            return {}

    @column_widths.setter
    def column_widths(self, widths: Mapping[Column, int]) -> None:
        self._set("column_widths", json.dumps({column.name: width for column, width in widths.items()}))

    @property
    def geometry(self) -> QByteArray | None:
        value = self._get("geometry")
        return value if isinstance(value, QByteArray) else None

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._set("geometry", value)

    @property
    def recent_songs(self) -> list[Path]:
        return self._paths("recent_songs")

    @property
    def unfinished_scan(self) -> list[Path]:
        """The folders of a scan that had not ended when the window was closed."""
        return self._paths("unfinished_scan")

    @unfinished_scan.setter
    def unfinished_scan(self, folders: Collection[Path]) -> None:
        self._set("unfinished_scan", [str(folder) for folder in folders])

    @property
    def scan_paused(self) -> bool:
        return self._flag("scan_paused", False)

    @scan_paused.setter
    def scan_paused(self, paused: bool) -> None:
        self._set("scan_paused", paused)

    def remember_song(self, path: Path) -> None:
        """Put a song at the head of the recent ones."""
        paths = [str(path), *(str(old) for old in self.recent_songs if old != path)]
        self._set("recent_songs", paths[:RECENT_SONGS])

    def _set_aside(self, version: int) -> None:
        """A newer version wrote it and may mean other things by the same names: keep it under another one."""
        path = Path(self._store.fileName())
        with suppress(OSError):
            shutil.copy2(path, path.with_stem(f"{path.stem}-version-{version}"))
        self._store.clear()

    def _one_of(self, key: str, known: Collection[str], default: str) -> str:
        value = str(self._value(key, default))
        return value if value in known else default

    def _get(self, key: str, default: object = None) -> Any:
        return self._unkept[key] if self._unkept and key in self._unkept else self._store.value(key, default)

    def _set(self, key: str, value: object) -> None:
        if self._unkept is None:
            self._store.setValue(key, value)
        else:
            self._unkept[key] = value

    def _value(self, key: str, default: Any) -> Any:
        try:
            return type(default)(self._get(key, default))
        except (TypeError, ValueError):
            return default

    def _paths(self, key: str) -> list[Path]:
        value = self._get(key) or []  # a list of one comes back as a text
        paths = [value] if isinstance(value, str) else list(value) if isinstance(value, list) else []
        return [Path(str(path)) for path in paths]

    def _flag(self, key: str, default: bool) -> bool:
        value = self._get(key, default)
        return value if isinstance(value, bool) else str(value).casefold() == "true"


def _name_the_output(store: QSettings) -> None:
    """1 to 2: 'device' could be mistaken for what the ear runs on."""
    if store.contains("device"):
        store.setValue("output_device", store.value("device"))
        store.remove("device")


_MIGRATIONS: dict[int, Callable[[QSettings], None]] = {1: _name_the_output}
"""From each version to the next."""

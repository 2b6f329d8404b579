"""What the window remembers between two starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

VERSION = 1
RECENT_SONGS = 8


class Settings:
    """Typed values over QSettings; unreadable ones fall back to their defaults.

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
        if int(self._value("version", VERSION)) > VERSION:
            # A newer version wrote it and may mean other things by the same names.
            self._store.clear()
        self._store.setValue("version", VERSION)

    @property
    def theme(self) -> str:
        value = str(self._value("theme", "dark"))
        return value if value in ("dark", "light") else "dark"

    @theme.setter
    def theme(self, name: str) -> None:
        self._store.setValue("theme", name)

    @property
    def volume_db(self) -> float:
        return min(0.0, max(-60.0, float(self._value("volume_db", -6.0))))

    @volume_db.setter
    def volume_db(self, value: float) -> None:
        self._store.setValue("volume_db", value)

    @property
    def level_match(self) -> bool:
        return self._flag("level_match", True)

    @level_match.setter
    def level_match(self, on: bool) -> None:
        self._store.setValue("level_match", on)

    @property
    def loop(self) -> bool:
        return self._flag("loop", False)

    @loop.setter
    def loop(self, on: bool) -> None:
        self._store.setValue("loop", on)

    @property
    def at_pitch(self) -> bool:
        return self._flag("at_pitch", False)

    @at_pitch.setter
    def at_pitch(self, on: bool) -> None:
        self._store.setValue("at_pitch", on)

    @property
    def at_tempo(self) -> bool:
        return self._flag("at_tempo", False)

    @at_tempo.setter
    def at_tempo(self, on: bool) -> None:
        self._store.setValue("at_tempo", on)

    @property
    def midi_input(self) -> str | None:
        return str(self._value("midi_input", "")) or None

    @midi_input.setter
    def midi_input(self, name: str | None) -> None:
        self._store.setValue("midi_input", name or "")

    @property
    def autoplay(self) -> bool:
        return self._flag("autoplay", True)

    @autoplay.setter
    def autoplay(self, on: bool) -> None:
        self._store.setValue("autoplay", on)

    @property
    def device(self) -> str | None:
        value = self._value("device", "")
        return str(value) or None

    @device.setter
    def device(self, name: str | None) -> None:
        self._store.setValue("device", name or "")

    @property
    def geometry(self) -> QByteArray | None:
        value = self._store.value("geometry")
        return value if isinstance(value, QByteArray) else None

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("geometry", value)

    @property
    def recent_songs(self) -> list[Path]:
        value = self._store.value("recent_songs") or []
        paths = [value] if isinstance(value, str) else list(value) if isinstance(value, list) else []
        return [Path(str(path)) for path in paths]

    def remember_song(self, path: Path) -> None:
        """Put a song at the head of the recent ones."""
        paths = [str(path), *(str(old) for old in self.recent_songs if old != path)]
        self._store.setValue("recent_songs", paths[:RECENT_SONGS])

    def sync(self) -> None:
        self._store.sync()

    def _value(self, key: str, default: Any) -> Any:
        try:
            return type(default)(self._store.value(key, default))
        except (TypeError, ValueError):
            return default

    def _flag(self, key: str, default: bool) -> bool:
        value = self._store.value(key, default)
        return value if isinstance(value, bool) else str(value).casefold() == "true"

"""The audio outputs there are, and the one that sounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.backend import Backend
from app.controllers.audition import Auditioner
from app.jobs import JobRunner
from app.settings import Settings

if TYPE_CHECKING:
    from engine.audition.output import OutputDevice


class Outputs(QObject):
    """`names` are those of the outputs, the default first."""

    changed = Signal()

    def __init__(
        self, backend: Backend, jobs: JobRunner, auditioner: Auditioner, settings: Settings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._backend, self._jobs = backend, jobs
        self._auditioner, self._settings = auditioner, settings
        self.names: list[str] = []

    def read(self) -> None:
        """Look for audio outputs."""
        self._jobs.start("outputs", lambda job: self._backend.devices(), on_done=self._take, on_failed=self._none)

    def choose(self, name: str | None) -> None:
        """Play through another output; None is the system's default."""
        self._settings.device = name
        self._auditioner.set_device(name)
        self.changed.emit()

    @property
    def current(self) -> str:
        """What sounds now, or would."""
        if not self.names:
            return "No output"
        chosen = self._settings.device
        return chosen if chosen in self.names else self.names[0]

    def _take(self, devices: list[OutputDevice]) -> None:
        default_first = sorted(devices, key=lambda device: not device.default)
        self.names = list(dict.fromkeys(device.name for device in default_first))
        if self._settings.device in self.names:
            self._auditioner.set_device(self._settings.device)
        self.changed.emit()

    def _none(self, reason: str) -> None:
        self.names = []
        self.changed.emit()

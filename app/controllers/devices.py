"""Sound cards and keyboards that come and go while the window is open."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from app.backend import Backend

LOOK_MILLISECONDS = 2000


class DeviceWatch(QObject):
    """Says when devices should be looked for anew.

    Where the system shows devices in its files those are looked at; everywhere, coming back to the window counts, since
    a device is plugged in with the hands. Never while something plays: the devices that PortAudio knows are those from
    before it was opened, and it must not be restarted under a stream.
    """

    changed = Signal()

    def __init__(self, backend: Backend, parent: QObject) -> None:
        super().__init__(parent)
        self._backend = backend
        self._trace: tuple[str, ...] | None = None
        self._returned = False
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MILLISECONDS)
        self._timer.timeout.connect(self.look)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.applicationStateChanged.connect(self._state_changed)

    def start(self) -> None:
        """From now on; what is there now is known."""
        self._trace = self._backend.device_trace()
        self._timer.start()

    def look(self) -> None:
        """Compare with the last look."""
        if self._backend.output_is_open():
            return
        trace = self._backend.device_trace()
        if trace != self._trace or self._returned:
            self._trace, self._returned = trace, False
            self.changed.emit()

    def _state_changed(self, state: Qt.ApplicationState) -> None:
        # At the next look, not now: the click that brings the window to the front may be one that plays.
        self._returned = self._returned or state == Qt.ApplicationState.ApplicationActive

"""Opens the window: first the window, everything heavy behind it."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QEvent, QLibraryInfo, QSize, QTimer, Signal
from PySide6.QtGui import QFileOpenEvent, QIcon
from PySide6.QtWidgets import QApplication, QMainWindow

from app import garbage, log, theme
from app.backend import Backend
from app.crash import CrashReporter
from app.main_window import MainWindow
from app.settings import Settings
from app.widgets.carried import path_of
from engine.errors import EarshotError
from engine.paths import library_dir, log_dir, resources_dir

LONGEST_EXIT_SECONDS = 60.0
FRAME_HEIGHT = 40
"""Of the title bar, about: only a window that is shown knows it."""
SCALE_VARIABLE = "QT_SCALE_FACTOR"


class Application(QApplication):
    """Hears of the files that macOS opens with it, from Finder or Dock: they come as events, not as arguments."""

    file_opened = Signal(object)
    """The path of one."""

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent) and event.url().isLocalFile():
            self.file_opened.emit(path_of(event.url()))
            return True
        return super().event(event)


def main(
    paths: Sequence[Path] = (), *, library: Path | None = None, model: Path | None = None, settings: Path | None = None
) -> int:
    """Run the window until it is closed; returns the exit status.

    Parameters
    ----------
    paths : opened as if they had been dropped.
    library : the folder of catalog and index, by default the user's.
    model : weights to use rather than those that the settings name.
    settings : an INI file, by default the user's.

    Raises EarshotError where the system lacks a library that every window needs.
    """
    log.start(log_dir())
    garbage.wait()
    remembered = Settings(settings)
    scale_interface(remembered.scale_percent)
    with display_in_reach():
        application = QApplication.instance() or Application(sys.argv[:1])
    assert isinstance(application, QApplication)
    introduce(application)
    theme.apply(application, remembered.theme)
    backend = Backend(
        library_dir(library),
        model=model or remembered.model,
        compute=None if remembered.compute == "auto" else remembered.compute,
        scan_workers=remembered.scan_workers,
    )
    window = MainWindow(backend, remembered)
    reporter = CrashReporter(window, log_dir())
    reporter.install()
    window.workspace.jobs.defect.connect(reporter.tell)
    if remembered.geometry is None:
        fit_to_screen(window)
    window.show()
    if isinstance(application, Application):
        application.file_opened.connect(lambda path: window.workspace.take([path]))
    if paths:
        QTimer.singleShot(0, lambda: window.workspace.take(list(paths)))
    else:
        window.workspace.open_last_song()
    # Python sees Ctrl-C only while it runs; a slow timer lets it.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    ticker = QTimer()
    ticker.timeout.connect(lambda: None)
    ticker.start(500)
    status = application.exec()
    # A thread in the middle of importing librosa cannot be stopped, and must not be torn down with the interpreter.
    if not window.workspace.jobs.shutdown(LONGEST_EXIT_SECONDS):
        logging.shutdown()
        os._exit(status)
    return status


@contextmanager
def display_in_reach() -> Iterator[None]:
    """Begin Qt within this: where its part for X11 cannot be loaded or finds no display, Qt would end the process.

    The display is held meanwhile; a server that is left by its last client begins anew, and drops whoever comes then.

    Raises EarshotError.
    """
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    if sys.platform != "linux" or not (chosen.startswith("xcb") or not (chosen or os.environ.get("WAYLAND_DISPLAY"))):
        yield
        return
    plugin = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms" / "libqxcb.so"
    try:
        ctypes.CDLL(str(plugin))
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError as error:
        raise EarshotError(
            f"The window cannot be opened: {error}. Install the system's package of that library "
            "(of libxcb-cursor.so.0: libxcb-cursor0 or xcb-util-cursor)."
        ) from error
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    try:
        if xcb.xcb_connection_has_error(connection):
            raise EarshotError(
                f"The display {os.environ.get('DISPLAY', '')} cannot be reached. Open Earshot from the desktop itself; "
                "the commands work without a display: earshot --help"
            )
        yield
    finally:
        xcb.xcb_disconnect(connection)


def introduce(application: QApplication) -> None:
    """Say by which names and which icon a desktop knows the program."""
    application.setApplicationName("earshot")
    application.setApplicationDisplayName("Earshot")
    # Unset it is the name of the executable, for which no desktop has a file: the window would go without an icon.
    application.setDesktopFileName("earshot")
    application.setWindowIcon(QIcon(str(resources_dir() / "icons" / "earshot.svg")))


def scale_interface(percent: int) -> None:
    """Make everything larger or smaller, on top of what the screen asks for; only before Qt has begun."""
    if percent != 100 and QApplication.instance() is None and SCALE_VARIABLE not in os.environ:
        os.environ[SCALE_VARIABLE] = str(percent / 100)


def fit_to_screen(window: QMainWindow) -> None:
    """Make a window that was never placed no larger than what the screen has to give, its frame included."""
    room = window.screen().availableSize() - QSize(0, FRAME_HEIGHT)
    window.resize(window.size().boundedTo(room))


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))

"""Opens the window: first the window, everything heavy behind it."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from app import theme
from app.backend import Backend
from app.main_window import MainWindow
from app.settings import Settings
from engine.paths import library_dir, resources_dir

LONGEST_EXIT_SECONDS = 60.0


def main(
    paths: Sequence[Path] = (), *, library: Path | None = None, model: Path | None = None, settings: Path | None = None
) -> int:
    """Run the window until it is closed; returns the exit status.

    Parameters
    ----------
    paths : opened as if they had been dropped.
    library : the folder of catalog and index, by default the user's.
    """
    logging.basicConfig(level=os.environ.get("EARSHOT_LOG", "WARNING").upper(), format="%(name)s: %(message)s")
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("earshot")
    application.setApplicationDisplayName("Earshot")
    application.setWindowIcon(QIcon(str(resources_dir() / "icons" / "earshot.svg")))
    remembered = Settings(settings)
    theme.apply(application, remembered.theme)
    window = MainWindow(Backend(library_dir(library), model=model), remembered)
    window.show()
    if paths:
        QTimer.singleShot(0, lambda: window.workspace.take(list(paths)))
    # Python sees Ctrl-C only while it runs; a slow timer lets it.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    ticker = QTimer()
    ticker.timeout.connect(lambda: None)
    ticker.start(500)
    status = application.exec()
    # A thread in the middle of importing torch cannot be stopped, and must not be torn down with the interpreter.
    if not window.workspace.jobs.shutdown(LONGEST_EXIT_SECONDS):
        logging.shutdown()
        os._exit(status)
    return status


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))

"""A defect of Earshot is told with a report that can be sent, and the window goes on."""

from __future__ import annotations

import logging
import platform
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType

import PySide6
from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app.widgets.buttons import Button
from app.widgets.labels import Label, Paragraph
from engine import __version__

log = logging.getLogger(__name__)


def report(error: BaseException) -> str:
    """Version, system and traceback; nothing about the user's files but what the traceback names."""
    return "\n".join(
        (
            f"Earshot {__version__}",
            f"Python {platform.python_version()}, Qt {PySide6.__version__}, {platform.platform()}",
            "",
            "".join(traceback.format_exception(error)).rstrip(),
        )
    )


class CrashReporter(QObject):
    """Shows one dialog for whatever goes wrong while it is open.

    Parameters
    ----------
    log_folder : is opened on request.
    """

    _happened = Signal(object)

    def __init__(self, window: QWidget, log_folder: Path) -> None:
        super().__init__(window)
        self._window, self._log_folder = window, log_folder
        self.dialog: CrashDialog | None = None
        # From whatever thread: the dialog is shown by that of the window.
        self._happened.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Hear of every exception that nobody caught."""
        sys.excepthook = self._unhandled
        threading.excepthook = self._unhandled_in_thread

    def tell(self, error: BaseException) -> None:
        """Show a defect; may be called from any thread."""
        self._happened.emit(error)

    def _unhandled(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.critical("unhandled", exc_info=(kind, error, trace))
        self.tell(error)

    def _unhandled_in_thread(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self._unhandled(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    def _show(self, error: BaseException) -> None:
        if self.dialog is not None:
            self.dialog.add(report(error))
            return
        self.dialog = CrashDialog(report(error), self._log_folder, self._window)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def _closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None


class CrashDialog(QDialog):
    """The report, and what can be done with it."""

    def __init__(self, report: str, log_folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Earshot made a mistake")
        self.resize(640, 420)
        self._count = 1
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(12)
        layout.addWidget(Label("Earshot made a mistake", role="title"))
        layout.addWidget(
            Paragraph(
                "What you did last may not have worked; your files and your library are safe. You can go on. "
                "The report below tells what happened: copy it into a message to the project.",
                colour="secondary",
            )
        )
        self.text = QPlainTextEdit(report)
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Report")
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTabChangesFocus(True)
        self.text.document().setDocumentMargin(0)
        layout.addWidget(self.text, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        self.copy = Button("Copy the report")
        self.open_log = Button("Open log folder")
        self.go_on = Button("Go on", kind="primary")
        buttons.addWidget(self.copy)
        buttons.addWidget(self.open_log)
        buttons.addStretch(1)
        buttons.addWidget(self.go_on)
        layout.addLayout(buttons)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        self.open_log.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_folder))))
        self.go_on.clicked.connect(self.accept)
        self.go_on.setFocus()

    def add(self, report: str) -> None:
        """Something else went wrong in the meantime."""
        self._count += 1
        self.text.appendPlainText(f"\n\n{self._count}\n{report}")

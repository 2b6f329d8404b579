"""What the menus send out of the window: to the clipboard, the file manager, a file, a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog

if TYPE_CHECKING:
    from app.main_window import MainWindow

SHEET_KINDS = {"Slot sheet (*.json)": ".json", "Table for spreadsheets (*.csv)": ".csv"}


class Outbox:
    """Asks where to, and says what became of it."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._export = window.workspace.export
        notice = window.notice
        self._export.said.connect(
            lambda words: notice.say(words, topic="export", danger=False, action=("Stop", self._stop))
        )
        self._export.done.connect(
            lambda words, path: notice.say(
                words, topic="export", danger=False, action=("Show", lambda: reveal(str(path)))
            )
        )
        self._export.failed.connect(lambda words: notice.say(words, topic="export"))

    def copy_paths(self) -> None:
        """Put the paths of the chosen sounds, as they are heard, on the clipboard, one per line."""
        panel = self._window.matches_panel
        rows = (panel.model.row(number) for number in panel.table.selected_rows)
        self._window.workspace.carrying.fetch([row.sound for row in rows if row is not None], self._copy)

    def _copy(self, paths: list[Path], _: bool) -> None:
        QGuiApplication.clipboard().setText("\n".join(map(str, paths)))
        self._say(f"{len(paths)} paths are on the clipboard." if len(paths) > 1 else "The path is on the clipboard.")

    def copy_list(self) -> None:
        """Put the chosen rows on the clipboard as a table; all of them where no more than one is chosen."""
        panel = self._window.matches_panel
        chosen = panel.table.selected_rows
        rows = chosen if len(chosen) > 1 else list(range(panel.model.rowCount()))
        if rows:
            QGuiApplication.clipboard().setText(panel.model.as_text(rows))
            self._say(f"The list is on the clipboard: {len(rows):,} row{'' if len(rows) == 1 else 's'}.")

    def reveal_sound(self) -> None:
        """Show the chosen sound's folder."""
        row = self._window.matches_panel.current
        if row is not None:
            reveal(row.sound.path)

    def save_sheet(self) -> None:
        """Ask where to, and write the slot sheet."""
        reference = self._window.workspace.reference
        if reference.path is None or not self._export.has_sheet:
            return
        proposed = str(reference.path.with_name(f"{reference.path.stem} slots.json"))
        path, kind = QFileDialog.getSaveFileName(self._window, "Export slot sheet", proposed, ";;".join(SHEET_KINDS))
        if path:
            target = Path(path)
            self._export.save_sheet(target if target.suffix else target.with_suffix(SHEET_KINDS.get(kind, ".json")))

    def copy_favourites(self) -> None:
        """Ask where to, and copy the favourites."""
        folder = QFileDialog.getExistingDirectory(self._window, "Export favourites into a folder")
        if folder:
            self._export.copy_favourites(Path(folder))

    def _stop(self) -> None:
        self._export.stop()
        self._say("Stopped. What was copied stays.")

    def _say(self, words: str) -> None:
        self._window.notice.say(words, topic="export", danger=False)


def reveal(path: str) -> None:
    """Show a file's folder in the desktop's file manager."""
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

"""What leaves the window: to the clipboard, the file manager, a file, a folder, another program."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.jobs import JobRunner
from app.models.columns import Row
from app.widgets.carried import put_sounds, url_of
from app.widgets.match_table import drag_out

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from engine.library.marks import SoundCollection

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
            lambda words, path: self._ended(
                words, danger=False, action=("Show", lambda: reveal(window.workspace.jobs, str(path)))
            )
        )
        self._export.failed.connect(self._ended)
        self._export.is_there.connect(self._offer_to_replace)

    def _ended(
        self, words: str, *, danger: bool = True, action: tuple[str, Callable[[], object]] | None = None
    ) -> None:
        """Of an export, which the next one, if any waits, does not cover for good."""
        self._window.notice.settle("export")
        self._window.notice.say(words, topic="exported", danger=danger, action=action)

    def copy_paths(self) -> None:
        """Put the paths of the chosen sounds, as they are heard, on the clipboard, one per line."""
        panel = self._window.matches_panel
        rows = (panel.model.row(number) for number in panel.table.selected_rows)
        sounds = [row.sound for row in rows if row is not None]
        if sounds:
            self._window.workspace.carrying.fetch(sounds, self._copy, what_for="copy")

    def _copy(self, paths: list[Path]) -> None:
        if not paths:
            return
        QGuiApplication.clipboard().setText("\n".join(map(str, paths)))
        self._say(f"{len(paths)} paths are on the clipboard." if len(paths) > 1 else "The path is on the clipboard.")

    def drag_current(self) -> None:
        """Drag the chosen sound from the comparison."""
        panel = self._window.compare_panel.drag_out
        if self._window.matches_panel.current is not None:
            self.drag(panel, [self._window.matches_panel.current])

    def drag(self, source: QWidget, rows: list[Row]) -> None:
        """Carry rows to wherever the pointer lets go of them: to other programs as files, within the window as sounds.

        Nothing is asked of a drive before the pointer moves on: what is not there after all leaves, and files that have
        to be made first join, while the pointer is on its way.
        """
        carrying, sounds = self._window.workspace.carrying, [row.sound for row in rows]
        data = QMimeData()
        carried = carrying.expected(sounds)
        data.setUrls([url_of(path) for path in carried])  # also of none: it cannot become of another kind later
        put_sounds(data, [row.sound.id for row in rows], self._window.workspace.backend.library_dir)
        on_its_way, stayed_inside = True, False

        def take(paths: list[Path]) -> None:
            nonlocal carried
            late = [path for path in paths if path not in carried]
            if on_its_way:
                carried = paths
                data.setUrls([url_of(path) for path in paths])
            elif late and not stayed_inside:
                names = late[0].name if len(late) == 1 else f"{len(late)} files"
                self._window.notice.say(
                    f"{names} made in {late[-1].parent}. Drag again to use it.", topic="carry", danger=False
                )

        carrying.fetch(sounds, take)
        caption = rows[0].sound.name if len(rows) == 1 else f"{len(rows)} sounds"
        stayed_inside = drag_out(source, data, caption)
        on_its_way = False

    def copy_list(self) -> None:
        """Put the chosen rows on the clipboard as a table; all of them where no more than one is chosen."""
        panel = self._window.matches_panel
        chosen = panel.table.selected_rows
        rows = chosen if len(chosen) > 1 else list(range(panel.model.rowCount()))
        if rows:
            self._window.workspace.carrying.give_up("copy")  # paths that come late would take the list's place
            QGuiApplication.clipboard().setText(panel.model.as_text(rows))
            self._say(f"The list is on the clipboard: {len(rows):,} row{'' if len(rows) == 1 else 's'}.")

    def reveal_sound(self) -> None:
        """Show the chosen sound's folder, or say that it is away; no drive is asked."""
        panel = self._window.matches_panel
        if panel.current is None:
            return
        sound = panel.current.sound
        if panel.model.offline(sound):
            self._window.notice.say(
                f"{sound.name} is away, and its folder cannot be shown: {sound.path}", topic="reveal"
            )
        else:
            QDesktopServices.openUrl(url_of(Path(sound.path).parent))

    def save_sheet(self) -> None:
        """Ask where to, and write the slot sheet."""
        reference = self._window.workspace.reference
        if reference.path is None or not self._export.has_sheet:
            return
        proposed = str(reference.path.with_name(f"{reference.path.stem} slots.json"))
        path, kind = QFileDialog.getSaveFileName(self._window, "Export slot sheet", proposed, ";;".join(SHEET_KINDS))
        if path:
            target = Path(path)
            complete = target.suffix.lower() in SHEET_KINDS.values()  # 'Track 1.2' has no ending
            if not complete:
                target = target.with_name(target.name + SHEET_KINDS.get(kind, ".json"))
            self._export.save_sheet(target, may_replace=complete)  # else the dialog asked about another name

    def _offer_to_replace(self, target: Path) -> None:
        words = f"{target.name} already exists. Replace it?"
        if QMessageBox.question(self._window, "Export slot sheet", words) == QMessageBox.StandardButton.Yes:
            self._export.save_sheet(target)

    def copy_favourites(self) -> None:
        """Ask where to, and copy the favourites."""
        folder = QFileDialog.getExistingDirectory(self._window, "Export favourites into a folder")
        if folder:
            self._export.copy_favourites(Path(folder))

    def copy_collection(self, collection: SoundCollection) -> None:
        """Ask where to, and copy a collection into a folder of its name there."""
        folder = QFileDialog.getExistingDirectory(self._window, f"Export {collection.name} into a folder")
        if folder:
            self._export.copy_collection(collection, Path(folder))

    def _stop(self) -> None:
        self._ended(self._export.stop(), danger=False)

    def _say(self, words: str) -> None:
        self._window.notice.say(words, topic="clipboard", danger=False)


def reveal(jobs: JobRunner, path: str) -> None:
    """Show a folder, or that of a file, in the desktop's file manager, once its drive has said which of both it is."""

    def show(folder: Path) -> None:
        QDesktopServices.openUrl(url_of(folder))

    jobs.start("reveal", lambda _: Path(path) if os.path.isdir(path) else Path(path).parent, on_done=show)

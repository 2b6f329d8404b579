"""The window as `earshot open` shows it, which also writes down what is where on the screen.

python -m tests.e2e.desktop.watched_window REPORT [PATH ...]
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QApplication, QWidget

import app.main
from app.main_window import MainWindow
from engine.cli import main

_MILLISECONDS = 100


class WatchedWindow(MainWindow):
    """Nothing of the window is changed: it is only looked at, as an eye would."""

    report = Path(os.devnull)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._write)
        self._timer.start(_MILLISECONDS)

    def _write(self) -> None:
        work, table = self.workspace, self.matches_panel.table
        rows = work.matches.rows[:50]
        focus = QApplication.focusWidget()
        seen = {
            "song": str(work.reference.path or ""),
            "hearing": work.reference.hearing_job is not None,
            "slots": work.slots.rowCount(),
            "scanning": work.library.scan_job is not None,
            "ranked": "" if work.jobs.running("rank") or work.matching._settle.isActive() else self._subject(),
            "names": [row.sound.name for row in rows],
            "favourites": [row.sound.name for row in rows if row.sound.favourite],
            "chosen": row.sound.name if (row := self.matches_panel.current) is not None else "",
            "playing": work.auditioner.playing,
            "focus": type(focus).__name__,
            "notice": self.notice.message.text() if self.notice.isVisible() else "",
            "centre": _middle(self.zones.centre),
            "first_row": _on_screen(table.viewport(), QPoint(60, table.rowHeight(0) // 2)),
        }
        unfinished = self.report.with_suffix(".part")
        unfinished.write_text(json.dumps(seen), encoding="utf-8")
        unfinished.replace(self.report)

    def _subject(self) -> str:
        """For what the rows are ranked, once nothing else is asked for."""
        return self.matches_panel.subject.text()


def _middle(widget: QWidget) -> tuple[int, int]:
    return _on_screen(widget, widget.rect().center())


def _on_screen(widget: QWidget, point: QPoint) -> tuple[int, int]:
    there = widget.mapToGlobal(point)
    return there.x(), there.y()


if __name__ == "__main__":
    WatchedWindow.report = Path(sys.argv[1])
    app.main.MainWindow = WatchedWindow  # type: ignore[misc]
    sys.exit(main(["open", *sys.argv[2:]]))

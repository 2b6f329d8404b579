"""The states of the window that are pictured, and the ways in which each of them is."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from app.crash import CrashDialog, report
from app.models.columns import Column
from app.panels.settings_dialog import PAGES, SettingsDialog

if TYPE_CHECKING:
    from app.jobs import Job
    from app.screenshots import Studio
    from engine.library.catalog import Sound

BAD_FILES = {
    "Kick Deep 07.wav": b"RIFF\x10\x00\x00\x00WAVEfmt ",
    "Readme.wav": b"These are no samples.",
    "Empty.flac": b"",
}


@dataclass(frozen=True)
class Way:
    """How a state is pictured.

    Attributes
    ----------
    suffix : of the file's name.
    size : logical pixels.
    scale : of the picture to them.
    """

    suffix: str
    look: str
    size: tuple[int, int]
    scale: float = 1.0


PLAIN = Way("", "dark", (1440, 900))
EVERY_WAY = (
    PLAIN,
    Way("-light", "light", (1440, 900)),
    Way("-1280x800", "dark", (1280, 800)),
    Way("-1280x800-light", "light", (1280, 800)),
    Way("-2560x1440", "dark", (2560, 1440)),
    Way("-2560x1440-light", "light", (2560, 1440)),
    Way("-150", "dark", (960, 600), 1.5),
    Way("-150-light", "light", (960, 600), 1.5),
)


class Scenes:
    """Leads a window through its states, from the first start on.

    Parameters
    ----------
    folder : of the pictures.
    scratch : an empty folder for a copy of the sounds.
    ways : in which each state is pictured.
    """

    def __init__(self, studio: Studio, folder: Path, scratch: Path, ways: tuple[Way, ...]) -> None:
        self._studio, self._folder, self._ways = studio, folder, ways
        self._root = scratch / "Samples"
        self._work, self._window = studio.work, studio.window
        self.saved: list[Path] = []

    def picture(self, name: str, beside: QWidget | None = None) -> None:
        """Save the window as it is now, with what stands before it."""
        for way in self._ways:
            if self._window.settings.theme != way.look:
                self._window.set_theme(way.look)
            path = self._folder / f"{name}{way.suffix}.png"
            self._studio.picture(path, size=way.size, scale=way.scale, beside=beside)
            self.saved.append(path)

    def run(self, sounds: Path, song: Path) -> None:
        """All of them, in the order in which a producer meets them."""
        self._first_start()
        self._at_work(sounds, song)
        self._matched()
        self._recording()
        self._similar()
        self._parts()
        self._marked()
        self._slots_by_hand()
        self._region_slot()
        self._table()
        self._dialogs()
        self._failures()

    def _first_start(self) -> None:
        studio, window = self._studio, self._window
        studio.wait(lambda: self._work.library.state is not None, "opening the library")
        studio.wait(lambda: window.header.device.text() != "starting", "loading the ear")
        self.picture("empty")

    def _at_work(self, sounds: Path, song: Path) -> None:
        studio, work = self._studio, self._work
        shutil.copytree(sounds, self._root)
        work.take([self._root, song])
        reference, library = work.reference, work.library
        studio.wait(
            lambda: reference.hearing is not None and reference.hearing.heard_seconds >= 0.4 * work.timeline.duration,
            "hearing the first half",
        )
        with _held(lambda: reference.hearing_job):
            studio.wait(lambda: self._window.reference_panel.spectrogram.picture is not None, "drawing the song")
            self.picture("analysing")
        some = max(12, len(list(self._root.rglob("*.wav"))) // 6)
        studio.wait(lambda: library.state is not None and library.state.counts.ready >= some, "scanning the first")
        with _held(lambda: library.scan_job):
            studio.choose_first_slot()
            studio.live(1.0)
            self.picture("scanning")

    def _matched(self) -> None:
        studio, work = self._studio, self._work
        studio.wait_until_scanned()
        studio.wait_until_heard()
        studio.wait_for_matches()
        studio.audition()
        duration = work.timeline.duration
        work.timeline.show(0.1 * duration, 0.85 * duration)
        work.timeline.set_region((0.6 * duration, 0.72 * duration))
        work.timeline.set_hover((0.4 * duration, 0.55))
        self.picture("matched")
        work.timeline.set_region(None)
        work.timeline.show_all()

    def _recording(self) -> None:
        recording = self._work.recording
        self._work.record()
        self._studio.wait(lambda: recording.ready, "opening the input")
        recording.choose(1)
        self._studio.wait(lambda: recording.ready, "opening another input")
        self.picture("record")
        recording.begin()
        self._studio.wait(lambda: recording.recording, "recording")
        self._studio.live(0.2)
        self.picture("recording")
        recording.finish()
        self._studio.wait(lambda: not recording.active, "ending the recording")

    def _similar(self) -> None:
        work, panel = self._work, self._window.matches_panel
        work.find_similar()
        self._studio.wait(lambda: panel.results is not None and panel.results.sound is not None, "finding similar ones")
        self._rows_are_drawn()
        self.picture("similar")
        work.matching.back()
        self._studio.wait(lambda: panel.results is not None and panel.results.sound is None, "going back")

    def _parts(self) -> None:
        """Ranked by the first of the song's parts: its drums, where it has any."""
        work, panel = self._work, self._window.matches_panel
        chosen = tuple(work.matching.parts.heard)[:1]
        for part in chosen:
            work.matching.parts.toggle(part)
        self._studio.wait(lambda: panel.results is not None and panel.results.parts == chosen, "ranking by parts")
        if panel.model.rowCount():
            self._studio.audition()
        self._rows_are_drawn()
        self.picture("parts")
        work.matching.leave()
        self._studio.choose_first_slot()

    def _marked(self) -> None:
        work, panel = self._work, self._window.matches_panel
        table, marks, lists = panel.table, work.marks, self._window.library_panel.marks
        rows = [row.sound.id for row in panel.model.rows]
        for ids, rating in ((rows[:2], 5), (rows[2:5], 4), (rows[6:7], 2)):
            marks.rate(ids, rating)
        for tag, ids in (("warm", rows[:4]), ("dusty tape", rows[2:3]), ("intro", rows[5:9])):
            marks.tag(ids, add=[tag])
        marks.add_collection("Late-night kit", rows[:6])
        marks.add_collection("Song two", rows[4:7])
        self._studio.wait(lambda: len(marks.state.collections) == 2 and marks.state.auditioned > 0, "marking")
        table.choose_columns({*table.shown, Column.RATING, Column.TAGS}, {})
        collection = next(iter(lists.rows.values()))
        collection.click()
        self._studio.wait(lambda: panel.model.rowCount() == 6, "showing a collection")
        self._rows_are_drawn()
        self.picture("marked")
        collection.click()
        lists.ask_name()
        lists.naming.field.setText("A name")  # type: ignore[union-attr]
        self.picture("naming")
        lists.naming.field.ended.emit(False)  # type: ignore[union-attr]
        lists.history.click()
        self._studio.wait(lambda: panel.results is not None and panel.results.history, "showing the history")
        self.picture("auditioned")
        lists.history.click()
        table.reset_columns()
        self._window.notice.dismiss()
        self._studio.choose_first_slot()

    def _slots_by_hand(self) -> None:
        work, window = self._work, self._window
        editor, last = work.slot_editor, work.slots.rowCount() - 1
        editor.rename(0, "Opening chords")
        editor.toggle_pinned(0)
        if last > 1:
            work.toggle_muted(last)
            # Another family that the ear takes for likely, as a producer would set it.
            doubtful = (row for row, slot in enumerate(work.slots.slots) if row and len(slot.likely_families) > 1)
            row = next(doubtful, 1)
            family = work.slots.slots[row].likely_families[-1]
            editor.set_family(row, family)
            window.slots_panel.choose(row)
            self._studio.wait(lambda: window.matches_panel.chip.text() == family, "ranking by the family")
            self._rows_are_drawn()
        self.picture("slots-by-hand")
        if last > 1:
            work.toggle_muted(last)
        while editor.stack.canUndo():
            editor.stack.undo()
        self._studio.choose_first_slot()

    def _region_slot(self) -> None:
        work, window = self._work, self._window
        work.timeline.set_region((0.2 * work.timeline.duration, 0.35 * work.timeline.duration))
        work.region_slot.make()
        self._studio.wait(lambda: bool(work.slots.edits.added), "hearing the region")
        self._studio.wait(
            lambda: (
                (results := window.matches_panel.results) is not None
                and results.slot is work.slots.slot(window.slots_panel.row)
            ),
            "ranking for the new slot",
        )
        self._rows_are_drawn()
        self.picture("region-slot")
        work.slot_editor.stack.undo()
        work.timeline.set_region(None)
        self._studio.choose_first_slot()

    def _table(self) -> None:
        window = self._window
        table, panel = window.matches_panel.table, window.matches_panel
        table.choose_columns({*table.shown, Column.CHANCE, Column.TYPE} - {Column.WAVEFORM}, {Column.FAMILY: 96})
        table.sortByColumn(Column.NAME, table.horizontalHeader().sortIndicatorOrder())
        for row in (0, 2, 3):
            self._work.set_favourites([panel.model.rows[row].sound.id])
        self.picture("columns")
        table.reset_columns()
        table.sort_by_rank()
        panel.search.setText("no sound is called so")
        self._studio.wait(lambda: panel.model.rowCount() == 0, "searching")
        self.picture("nothing-found")
        panel.clear_filters()
        self._studio.wait(lambda: panel.model.rowCount() > 0, "clearing the filters")
        self._rows_are_drawn()

    def _dialogs(self) -> None:
        window = self._window
        window.show_settings()
        dialog = window.findChild(SettingsDialog)
        assert isinstance(dialog, SettingsDialog)
        for page in PAGES:
            dialog.show_page(page)
            self.picture(f"settings-{page.casefold()}", beside=dialog)
        dialog.close()
        window.keys.toggle()
        self.picture("keyboard")
        window.keys.hide()
        window.notice.say("Copying favourites: 12 of 37.", topic="export", danger=False, action=("Stop", int))
        self.picture("exporting")
        window.notice.settle("export")
        try:
            raise RuntimeError("shown for its picture")
        except RuntimeError as error:
            mistake = CrashDialog(report(error), self._folder, window)
        mistake.show()
        self.picture("mistake", beside=mistake)
        mistake.close()

    def _failures(self) -> None:
        studio, work, library = self._studio, self._work, self._work.library
        for name, content in BAD_FILES.items():
            (self._root / name).write_bytes(content)
        library.scan([self._root])
        studio.wait(
            lambda: library.state is not None and {_name(sound) for sound in library.state.failed} >= set(BAD_FILES),
            "finding bad files",
        )
        studio.wait_until_scanned("scanning again")
        self._window.library_panel.failed.fold.setChecked(True)
        self.picture("failed-files")
        self._window.library_panel.failed.fold.setChecked(False)
        away = self._root.rename(self._root.with_name("Unplugged"))
        library.refresh()
        studio.wait(lambda: library.state is not None and library.state.roots[0].away, "missing the drive")
        studio.live(0.5)
        self.picture("drive-away")
        away.rename(self._root)
        library.refresh()
        work.reference.close()  # which stays open where another file cannot be opened
        work.open_song(self._root / "Readme.wav")
        studio.wait(lambda: work.reference.failure is not None, "refusing the bad file")
        studio.forgive()
        self.picture("failed-song")

    def _rows_are_drawn(self) -> None:
        matches = self._work.matches
        self._studio.wait(
            lambda: not matches.without_overview(0, min(12, matches.rowCount() - 1)), "drawing the waveforms"
        )


def _name(sound: Sound) -> str:
    return Path(sound.path).name


@contextmanager
def _held(job: Callable[[], Job | None]) -> Iterator[None]:
    """Pause a job, if it runs, while it is pictured."""
    running = job()
    if running is not None:
        running.pause()
    yield
    if running is not None:
        running.resume()

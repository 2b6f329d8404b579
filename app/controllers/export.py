"""What leaves Earshot as files: the slot sheet, favourites and collections as folders."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app import audio_files
from app.backend import Backend
from app.controllers.matching import MatchController, matches_of
from app.controllers.reference import ReferenceController
from app.jobs import Job, JobRunner
from app.models.slots import SlotsModel
from engine.errors import EarshotError
from engine.paths import file_name

if TYPE_CHECKING:
    from engine.jobs import Progress
    from engine.library.export import CopyResult
    from engine.library.marks import Marks, SoundCollection
    from engine.matching.match import Match

SHEET_TOP = 50
"""Matches of each slot in a sheet."""


@dataclass(frozen=True)
class _Export:
    """stopped : what is said where it is stopped."""

    work: Callable[[Job], Any]
    on_progress: Callable[[Progress], None]
    on_done: Callable[[Any], None]
    stopped: str


class ExportController(QObject):
    """One export at a time; those asked for meanwhile wait their turn."""

    said = Signal(str)
    """How far it is, in words."""
    done = Signal(str, object)
    """What was done, in words, and the path to be shown."""
    failed = Signal(str)
    is_there = Signal(object)
    """The path of a sheet that was not written, for there is a file already."""

    def __init__(
        self,
        backend: Backend,
        jobs: JobRunner,
        reference: ReferenceController,
        slots: SlotsModel,
        matching: MatchController,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._backend, self._jobs = backend, jobs
        self._reference, self._slots, self._matching = reference, slots, matching
        self._waiting: deque[_Export] = deque()
        self._stopped = ""
        """What is said where the export that runs is stopped."""

    @property
    def has_sheet(self) -> bool:
        """Whether slots were heard that could be written."""
        return self._reference.hearing is not None and bool(self._slots.rowCount())

    def save_sheet(self, target: Path, *, may_replace: bool = True) -> None:
        """Write the slots and their matches as the window has them: CSV where the name says so, else JSON.

        Hidden and left-out slots are not in it, nor sounds that the filters leave out; the ids are the numbers of the
        rows. Where a file is there that it may not replace nothing is written, and `is_there` says so.
        """
        path, hearing, model = self._reference.path, self._reference.hearing, self._slots
        if path is None or hearing is None:
            return
        numbered = [(number, slot) for number, slot in enumerate(model.slots, 1) if not model.muted(slot.id)]
        slots = tuple(replace(slot, id=number) for number, slot in numbered)
        names = {number: model.edits.names[slot.id] for number, slot in numbered if slot.id in model.edits.names}
        sure = {number for number, slot in numbered if slot.id in model.edits.families}
        backend, filters = self._backend, self._matching.filters

        def work(job: Job) -> tuple[Path, bool]:
            from engine.audio.decode import probe
            from engine.jobs import Progress
            from engine.matching.sheet import sheet_csv, slot_sheet

            if not may_replace and os.path.exists(target):  # asked here, for a drive may take long to answer
                return target, False
            matches: dict[int, list[Match]] = {}
            for slot in slots:
                job.progress(Progress("ranking", len(matches), len(slots)))
                ranked = matches_of(backend, slot, filters, family_is_sure=slot.id in sure, most=SHEET_TOP)
                matches[slot.id] = ranked[:SHEET_TOP]
            rate = probe(path).rate
            sheet = slot_sheet(path, rate, replace(hearing, slots=slots), matches, backend.ear(), names=names)
            job.checkpoint()
            as_table = target.suffix.casefold() == ".csv"
            _write(target, sheet_csv(sheet) if as_table else json.dumps(sheet, indent=1, ensure_ascii=False) + "\n")
            return target, True

        self._take(_Export(work, self._saving_sheet, self._sheet_saved, "Stopped. No sheet was saved."))

    def copy_favourites(self, folder: Path) -> None:
        """Copy the favourites into a folder, beside what is there: files as they are, presets as auditioned."""
        self._copy_sounds("favourites", folder, lambda marks: marks.favourites())

    def copy_collection(self, collection: SoundCollection, folder: Path) -> None:
        """Copy a collection into a folder of its name inside `folder`, as `copy_favourites`."""
        inside = folder / file_name(collection.name, "Collection")
        self._copy_sounds(collection.name, inside, lambda marks: marks.collected(collection.id))

    def _copy_sounds(self, what: str, folder: Path, chosen: Callable[[Marks], list[int]]) -> None:
        backend = self._backend

        def work(job: Job) -> tuple[Path, CopyResult]:
            from engine.library.export import copy_sounds

            catalog = backend.library().catalog
            sounds = catalog.sounds(chosen(catalog.marks))
            presets = [sound for sound in sounds if sound.is_preset]
            paths = [sound.path for sound in sounds if not sound.is_preset]
            copied = copy_sounds(paths, folder, progress=job.progress, cancel=job.token)
            return folder, copied + audio_files.copy_presets(presets, folder, job.progress, job.token)

        self._take(
            _Export(
                work, lambda progress: self._copying(what, progress), self._copied, "Stopped. What was copied stays."
            )
        )

    def stop(self) -> str:
        """End what runs; files that are whole stay. What became of it, in words."""
        words = self._stopped
        self._jobs.cancel("export")
        self._begin_next()
        return words

    def _take(self, export: _Export) -> None:
        self._waiting.append(export)
        if self._jobs.running("export") is None:
            self._begin_next()

    def _begin_next(self) -> None:
        if not self._waiting:
            return
        export = self._waiting.popleft()
        self._stopped = export.stopped
        self._jobs.start(
            "export",
            export.work,
            on_progress=export.on_progress,
            on_done=lambda answer: self._ended(export.on_done, answer),
            on_failed=lambda reason: self._ended(self.failed.emit, reason),
        )

    def _ended(self, tell: Callable[[Any], None], answer: object) -> None:
        tell(answer)
        self._begin_next()

    def _saving_sheet(self, progress: Progress) -> None:
        self.said.emit(f"Saving the slot sheet: {progress.done:,.0f} of {progress.total or 0:,.0f} slots.")

    def _sheet_saved(self, answer: tuple[Path, bool]) -> None:
        target, written = answer
        if written:
            self.done.emit(f"The slot sheet was saved as {target.name}.", target)
        else:
            self.is_there.emit(target)

    def _copying(self, what: str, progress: Progress) -> None:
        self.said.emit(f"Copying {what}: {progress.done:,.0f} of {progress.total or 0:,.0f}.")

    def _copied(self, answer: tuple[Path, CopyResult]) -> None:
        folder, result = answer
        words = [f"{_files(result.copied)} copied into {folder.name}."]
        if result.present:
            words.append(f"{_files(result.present)} there already.")
        if result.missing:
            words.append(f"{_files(len(result.missing))} not within reach, such as {Path(result.missing[0]).name}.")
        if result.refused:
            path, reason = result.refused[0]
            words.append(f"{_files(len(result.refused))} not copied, such as {Path(path).name} ({reason}).")
        self.done.emit(" ".join(words), folder)


def _files(number: int) -> str:
    return f"{number:,} file{' was' if number == 1 else 's were'}"


def _write(target: Path, text: str) -> None:
    """All of it or nothing; where names of files are not UTF-8, with the escapes of JSON.

    Raises EarshotError where the file cannot be written.
    """
    from engine.unfinished import unfinished_in

    try:
        with unfinished_in(target.parent) as unfinished:
            unfinished.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
            os.replace(unfinished, target)
    except OSError as error:
        # Windows replaces no file that is open: a table is, as long as the spreadsheet shows it.
        is_open = isinstance(error, PermissionError) and os.path.exists(target)
        remedy = "Close it where it is open, or choose another name." if is_open else "Choose another folder."
        raise EarshotError(f"{target} cannot be written ({error.strerror}). {remedy}") from error

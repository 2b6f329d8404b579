"""A slot made by hand: what the producer marked is heard as one instrument."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.backend import Backend
from app.controllers.reference import ReferenceController
from app.controllers.slots import SlotEditor
from app.jobs import Job, JobRunner
from app.models.timeline import Timeline

if TYPE_CHECKING:
    from engine.matching.slots import Slot

NO_REGION = "Mark a region first: drag over the spectrogram where the instrument stands alone."
SILENT = "There is nothing but silence in this region."


class RegionSlot(QObject):
    """Hears the region behind the window; another reference ends that."""

    said = Signal(str)
    failed = Signal(str)
    ready = Signal()
    """What was said is no longer true."""

    def __init__(
        self,
        backend: Backend,
        jobs: JobRunner,
        reference: ReferenceController,
        timeline: Timeline,
        editor: SlotEditor,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._backend, self._jobs, self._editor = backend, jobs, editor
        self._reference, self._timeline = reference, timeline
        reference.opened.connect(self._forget)
        timeline.region_committed.connect(self.ready)

    def make(self) -> None:
        """Make a slot of the marked region."""
        path, region, backend = self._reference.path, self._timeline.region, self._backend
        if path is None or self._reference.failure is not None:
            return
        if region is None:
            self.said.emit(NO_REGION)
            return
        duration = self._timeline.duration

        def work(job: Job) -> Slot | None:
            ear = backend.ear()
            job.checkpoint()
            from engine.matching.reference import hear_as_one

            return hear_as_one(path, ear, start=region[0], end=region[1], duration_seconds=duration)

        self.said.emit("Hearing the region as one instrument.")
        self._jobs.start("region slot", work, on_done=self._take, on_failed=self.failed.emit, gentle=True)

    def _forget(self) -> None:
        self._jobs.cancel("region slot")
        self.ready.emit()

    def _take(self, slot: Slot | None) -> None:
        if slot is None:
            self.said.emit(SILENT)
        else:
            self.ready.emit()
            self._editor.add(slot)

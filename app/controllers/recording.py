"""Recording a reference: which inputs there are, how loud the chosen one is, what becomes of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.backend import Backend
from app.jobs import Job, JobRunner

if TYPE_CHECKING:
    from engine.recording.inputs import InputDevice
    from engine.recording.recorder import Recorder

POLL_MILLISECONDS = 40
FLOOR_DB = -60.0
FALL_DB = 1.5
"""The level shown falls by so much from one poll to the next: a peak can be read."""
SILENT_POLLS = 100


class RecordingController(QObject):
    """Listens to an input while it is `active`, and keeps what comes between `begin` and `finish`."""

    changed = Signal()
    """Inputs, the chosen one, whether it is listened to or recorded."""
    moved = Signal()
    """Level and time."""
    recorded = Signal(object)
    """The `Path` of a recording that was finished."""
    kept = Signal(object)
    """The `Path` of one that was ended by something else."""
    failed = Signal(str)

    def __init__(self, backend: Backend, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._backend, self._jobs = backend, jobs
        self.active = False
        self.inputs: list[InputDevice] = []
        self.device: InputDevice | None = None
        self.obstacle = ""
        """Why the chosen input cannot be listened to, in words."""
        self.level_db = FLOOR_DB
        """`FLOOR_DB` to 0, or more where it is too loud."""
        self._wanted: str | None = None
        self._recorder: Recorder | None = None
        self._finishing: Recorder | None = None
        self._opens = True
        """Whether what is being finished becomes the reference."""
        self._said: str | None = None
        """What was said already of how it ended."""
        self._made: list[Recorder] = []
        self._silent_polls = 0
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MILLISECONDS)
        self._timer.timeout.connect(self._poll)

    @property
    def ready(self) -> bool:
        """Whether the input is listened to."""
        return self._recorder is not None and self._recorder.failure is None

    @property
    def recording(self) -> bool:
        return self._recorder is not None and self._recorder.recording

    @property
    def seconds(self) -> float:
        return self._recorder.seconds if self._recorder is not None else 0.0

    @property
    def silent(self) -> bool:
        """For some seconds nothing but silence came."""
        return self._silent_polls >= SILENT_POLLS

    def open(self, wanted: str | None = None) -> None:
        """Look for inputs and listen to one: the one of this name if it is there, else the system's default."""
        self.active, self._wanted = True, wanted
        self.changed.emit()
        self._jobs.start("inputs", lambda _: self._backend.inputs(), on_done=self._take_inputs, on_failed=self._refuse)

    def choose(self, number: int) -> None:
        """Listen to another of `inputs`."""
        if 0 <= number < len(self.inputs) and not self.recording:
            self._listen(self.inputs[number])

    def begin(self) -> None:
        """Record from now on."""
        recorder = self._recorder
        if recorder is not None and not recorder.recording:
            self._jobs.start(
                "record", lambda _: recorder.begin(), on_done=lambda _: self.changed.emit(), on_failed=self.failed.emit
            )

    def finish(self, *, opened: bool = True) -> None:
        """Keep what was recorded, and close.

        opened : it becomes the reference.
        """
        recorder = self._recorder
        if recorder is None:
            self.close()
            return
        self._finishing, self._opens, self._said = recorder, opened, recorder.failure
        self._let_go()
        # Closing an input that does not answer takes seconds: that comes after, when what was recorded is there.
        self._jobs.start("record", lambda _: recorder.finish(), on_done=self._finished, on_failed=self._lost)

    def close(self) -> None:
        """Give the input back; a recording that is running, or being finished, is kept."""
        self._opens = False
        if self.recording:
            self.finish(opened=False)
        else:
            self._let_go()
            self._drop_others()

    def stop(self) -> None:
        """The window closes: what is being recorded is kept."""
        self._timer.stop()
        for recorder in self._made:
            recorder.close()

    def _let_go(self) -> None:
        self._timer.stop()
        self._recorder, self.active, self.level_db = None, False, FLOOR_DB
        for lane in ("inputs", "recorder"):
            self._jobs.cancel(lane)
        self.changed.emit()

    def _take_inputs(self, inputs: list[InputDevice]) -> None:
        self.inputs = inputs
        if not inputs:
            from engine.recording.inputs import NO_INPUT

            self._refuse(NO_INPUT)
            return
        self._listen(next((device for device in inputs if device.name == self._wanted), inputs[0]))

    def _listen(self, device: InputDevice) -> None:
        self.device, self._recorder, self.obstacle = device, None, ""
        self.level_db, self._silent_polls = FLOOR_DB, 0
        self._drop_others()
        backend, made = self._backend, self._made

        def work(job: Job) -> Recorder:
            recorder = backend.recorder(device)
            made.append(recorder)
            if job.token.cancelled:  # nobody waits for it any more, nor looks for it
                recorder.close()
            return recorder

        self._jobs.start("recorder", work, on_done=self._listening, on_failed=self._refuse)
        self.changed.emit()

    def _listening(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._drop_others()
        self._timer.start()
        self.changed.emit()

    def _refuse(self, reason: str) -> None:
        self.obstacle = reason
        self.changed.emit()

    def _drop_others(self) -> None:
        others = [recorder for recorder in self._made if recorder not in (self._recorder, self._finishing)]
        self._made[:] = [recorder for recorder in self._made if recorder not in others]

        def end(_: Job) -> None:
            for recorder in others:
                recorder.close()

        if others:
            self._jobs.start("recorders left", end)

    def _finished(self, path: Path | None) -> None:
        recorder, self._finishing = self._finishing, None
        self._drop_others()
        if path is not None:
            (self.recorded if self._opens else self.kept).emit(path)
        if recorder is not None and (recorder.failure != self._said or recorder.lost_seconds):
            self.failed.emit(" ".join(filter(None, (recorder.failure, _words_for_lost(recorder.lost_seconds)))))

    def _lost(self, reason: str) -> None:
        self._finishing = None
        self._drop_others()
        self.failed.emit(reason)

    def _poll(self) -> None:
        recorder = self._recorder
        if recorder is None:
            return
        level = recorder.level()
        now_db = 20 * math.log10(level) if level > 0 else FLOOR_DB
        self.level_db = max(FLOOR_DB, now_db, self.level_db - FALL_DB)
        self._silent_polls = 0 if now_db > FLOOR_DB else self._silent_polls + 1
        if recorder.failure is not None:
            self._lose(recorder, recorder.failure)
        self.moved.emit()

    def _lose(self, recorder: Recorder, reason: str) -> None:
        """The input or the disk gave up: what was recorded is opened, else another input can be chosen."""
        self._timer.stop()
        self.failed.emit(reason)
        if recorder.has_recording:
            self.finish()
        else:
            self._refuse(reason)


def _words_for_lost(seconds: float) -> str:
    if not seconds:
        return ""
    return f"{max(seconds, 0.1):.1f} s of the recording were lost: the disk was too slow. Close what else writes to it."

"""Recording an input into a WAV file that is whole at every moment.

The input's callback copies into memory that was reserved before, and does nothing else. A thread takes the blocks from
there, measures their level, and writes them while a recording is on; the file's header is brought up to date with each
write, so that a crash costs no more than what was not written yet.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import os
import threading
import time
import wave
from datetime import datetime
from pathlib import Path

import numpy as np

from engine.errors import RecordingError
from engine.paths import numbered
from engine.recording.inputs import InputDevice, Take, open_input

LONGEST_SECONDS = 7200.0
MOST_BYTES = 2**32 - 2**10
"""Of samples: the lengths in a WAV file's header have 32 bits. At 192 kHz that is an hour, at 48 kHz four."""

_RING_SECONDS = 20.0
_PERIOD_SECONDS = 0.03
_SYNC_SECONDS = 5.0
_SILENT_SECONDS = 3.0
"""An input that delivers nothing for so long is gone: even silence is delivered."""
_FULL_SCALE = 2**23 - 1
_SAMPLE_BYTES = 3
_MOST_NAMESAKES = 1000

_log = logging.getLogger(__name__)


class Ring:
    """Passes frames from one thread to another without a lock; what finds no room is dropped and counted.

    Parameters
    ----------
    frames : how many it holds.
    """

    def __init__(self, frames: int, channels: int) -> None:
        self._frames = np.zeros((frames, channels), np.float32)
        self._written = self._read = 0  # each is changed by one side alone
        self.dropped = 0

    def take(self, block: np.ndarray) -> None:
        """Copy a block, float32 [frames, channels]. By the rules of an audio callback."""
        count, size = block.shape[0], self._frames.shape[0]
        if count > size - (self._written - self._read):
            self.dropped += count
            return
        at = self._written % size
        first = min(count, size - at)
        self._frames[at : at + first] = block[:first]
        if first < count:
            self._frames[: count - first] = block[first:]
        self._written += count

    def drain(self) -> np.ndarray:
        """All that came since the last time, float32 [frames, channels]."""
        size, until = self._frames.shape[0], self._written
        numbers = np.arange(self._read, until) % size
        block = self._frames[numbers]
        self._read = until
        return block


class Recorder:
    """Listens to an input from the start; `begin` and `finish` mark what is kept.

    Usable from any thread: a lock guards the file and what becomes of it, against the thread that writes too, and what
    is only told - level, seconds, failure - is read without. `begin` and `finish` may wait for the disk.

    Parameters
    ----------
    device : one of `input_devices()`.
    folder : where recordings are kept; made where it is missing.

    Raises RecordingError where the input cannot be opened.
    """

    def __init__(self, device: InputDevice, folder: Path) -> None:
        self._device = device
        self._folder = folder
        self._lock = threading.Lock()
        self._file: _WavFile | None = None
        self._path: Path | None = None
        self._peak = 0.0
        self._dropped_before = self._lost_frames = 0
        self._failure: str | None = None
        self._closed = threading.Event()
        self._input = open_input(device, self._prepare)
        self._heard_at = time.monotonic()  # some inputs take seconds to open
        self._thread = threading.Thread(target=self._work, name="earshot-recorder", daemon=True)
        self._thread.start()

    def _prepare(self, rate: int, channels: int) -> Take:
        self._rate, self._channels = rate, channels
        self._ring = Ring(round(_RING_SECONDS * rate), channels)
        return self._ring.take

    @property
    def failure(self) -> str | None:
        """Why nothing more comes or is written, in words; what was recorded until then is kept."""
        return self._failure

    @property
    def recording(self) -> bool:
        return self._file is not None

    @property
    def has_recording(self) -> bool:
        """Whether there is something that `finish` gives, also after a failure."""
        return self._path is not None

    @property
    def seconds(self) -> float:
        """How much was recorded."""
        file = self._file
        return file.frames / self._rate if file is not None else 0.0

    @property
    def lost_seconds(self) -> float:
        """How much of the last recording was lost since nobody came to take it, the disk being too slow for it."""
        return self._lost_frames / self._rate

    def level(self) -> float:
        """The highest sample, 0 to 1 (full scale) or more, since the last time this was asked."""
        peak, self._peak = self._peak, 0.0
        return peak

    def begin(self) -> None:
        """Keep what comes from now on. Raises RecordingError."""
        with self._lock:
            if self._file is not None or self._failure is not None:
                return
            self._ring.drain()  # it came before
            self._dropped_before, self._lost_frames = self._ring.dropped, 0
            self._path, self._file = _new_file(self._folder, self._rate, self._channels)

    def finish(self) -> Path | None:
        """The recording, whole, once; None where nothing came."""
        with self._lock:
            self._end()
            path, self._path = self._path, None
        return path

    def close(self) -> None:
        """End the recording, if there is one, and give the input back; `finish` still tells what was recorded."""
        self._closed.set()
        self._thread.join(timeout=5.0)
        try:
            with self._lock:
                self._end()
        finally:
            self._input.close()

    def _work(self) -> None:
        while not self._closed.wait(_PERIOD_SECONDS):
            with self._lock:
                try:
                    self._look_after()
                except Exception as error:  # a defect of ours or of a driver: nobody hears of a thread that ended
                    _log.exception("the recorder ended")
                    if self._failure is None:
                        self._fail(self._words_for(error))
                    return

    def _look_after(self) -> None:
        alive = self._input.alive  # first: what an input delivered before it went away is kept
        block = self._ring.drain()
        self._keep(block)
        if len(block):
            self._heard_at = time.monotonic()
        if self._failure is None and not (alive and time.monotonic() - self._heard_at < _SILENT_SECONDS):
            self._fail(f"The input {self._device.name} went away: connect it again, or choose another one.")

    def _keep(self, block: np.ndarray) -> None:
        if not len(block):
            return
        self._peak = max(self._peak, float(np.abs(block).max()))
        if self._file is None:
            return
        by_bytes, by_time = MOST_BYTES // (_SAMPLE_BYTES * self._channels), round(LONGEST_SECONDS * self._rate)
        room = min(by_bytes, by_time) - self._file.frames
        try:
            self._file.write(block[:room])
        except Exception as error:
            self._fail(self._words_for(error))
            return
        if len(block) >= room:
            hours = f"A recording ends after {LONGEST_SECONDS / 3600:g} hours."
            self._fail(hours if by_time <= by_bytes else "A recording ends where a WAV file can hold no more (4 GB).")

    def _fail(self, words: str) -> None:
        recorded = self._file is not None and self._file.frames > 0
        told = f"{words} What was recorded until then is kept." if recorded else words
        _log.warning("recording: %s", told)
        if self._file is not None:
            self._end_file()
        self._failure = told  # last: who reads it finds the recording ended

    def _words_for(self, error: Exception) -> str:
        """Why nothing more is written, and what to do."""
        if not isinstance(error, OSError):
            return f"The recording broke off ({type(error).__name__}: {error})."
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return f"The disk is full: free some space, then record again into {self._folder}."
        return f"{self._path} cannot be written: {error.strerror}. See to its disk, then record again."

    def _end(self) -> None:
        if self._file is not None:
            self._keep(self._ring.drain())
        if self._file is not None:  # what came last found room
            self._end_file()

    def _end_file(self) -> None:
        file, self._file = self._file, None
        assert file is not None
        assert self._path is not None
        file.close()
        self._lost_frames = self._ring.dropped - self._dropped_before
        if self._lost_frames:
            _log.warning("recording: %d frames were lost, the disk was too slow", self._lost_frames)
        if not file.frames:
            with contextlib.suppress(OSError):  # an empty file that cannot be removed does no harm
                self._path.unlink(missing_ok=True)
            self._path = None


class _WavFile:
    """24-bit PCM; the header says after each write how much there is. Raises OSError."""

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        self._raw = open(path, "xb")  # noqa: SIM115  closed with the recording
        self._wave = wave.open(self._raw, "wb")  # noqa: SIM115
        self._wave.setparams((channels, _SAMPLE_BYTES, rate, 0, "NONE", ""))
        self.frames = 0
        self._synced = time.monotonic()

    def write(self, block: np.ndarray) -> None:
        """float32 [frames, channels]; what is beyond full scale is cut."""
        numbers = np.rint(np.clip(block, -1.0, 1.0) * _FULL_SCALE).astype("<i4")
        self._wave.writeframes(numbers.view(np.uint8).reshape(-1, 4)[:, :_SAMPLE_BYTES].tobytes())
        self._raw.flush()
        self.frames += len(block)
        if time.monotonic() - self._synced >= _SYNC_SECONDS:
            os.fsync(self._raw.fileno())
            self._synced = time.monotonic()

    def close(self) -> None:
        for end in (self._wave.close, self._raw.close):
            with contextlib.suppress(OSError):  # what could be written is written
                end()


def _new_file(folder: Path, rate: int, channels: int) -> tuple[Path, _WavFile]:
    """A file named by the time, that was not there before."""
    name = f"Recording {datetime.now():%Y-%m-%d %H.%M.%S}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for namesake in itertools.islice(numbered(name, ".wav"), _MOST_NAMESAKES):
            path = folder / namesake
            with contextlib.suppress(FileExistsError):
                return path, _WavFile(path, rate, channels)
    except OSError as error:
        raise RecordingError(
            f"Nothing can be recorded in {folder}: {error.strerror}. Free some space or make the folder writable."
        ) from error
    raise RecordingError(f"Nothing can be recorded in {folder}: it holds too many recordings of this moment.")

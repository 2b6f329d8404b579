"""Opens audio files and reads their samples as they are, at their own rate and in all their channels.

libsndfile (through soundfile) reads wav, aiff, flac, ogg, opus, mp3 and their relatives; FFmpeg (through PyAV) takes
the rest: m4a, aac, wma, ac3. What a file is, is decided by what it holds, never by its name.
"""

from __future__ import annotations

import errno
import io
import itertools
import math
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

import av
import av.error
import numpy as np
import soundfile

from engine.audio.mending import (
    WithHeader,
    finished_header,
    frames_without_padding,
    header_of_true_tag,
    is_unfinished_wav,
)
from engine.audio.suffixes import is_preset_file
from engine.errors import AudioError

Told = TypeVar("Told")

DECODING_ERRORS = (soundfile.LibsndfileError, av.error.FFmpegError, OSError)
"""What `Source.blocks` raises where the samples are damaged, or the file cannot be read on."""

_FFMPEG_SUFFIXES = frozenset({".m4a", ".aac", ".ac3", ".wma", ".wv", ".ape", ".tta", ".mka"})
_REX_SUFFIXES = frozenset({".rx2", ".rex", ".rcy"})
AUDIO_SUFFIXES: frozenset[str] = (
    _FFMPEG_SUFFIXES
    | _REX_SUFFIXES
    | {
        *{".wav", ".wave", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".caf", ".au"},
        *{".flac", ".ogg", ".oga", ".opus", ".mp3", ".mp2"},
    }
)
"""Endings (lower case) of the files that a scan lists; REX loops among them, so that nobody wonders where they are."""

_NOT_AUDIO = "Not audio in any known format, or damaged beyond reading."
_LONGEST_WINDOWS_PATH = 259
"""Letters; what is longer Windows does not find, unless long paths were switched on."""
_BLOCK_SAMPLES = 1 << 17
_LEAD_IN_SECONDS = 0.5
"""Decoded before a place in an MP3: its frames need some of those before them, the more the lower their bit rate."""
_MOST_CHANNELS = 64
_CODED_IN_BLOCKS = ("IMA_ADPCM", "MS_ADPCM", "GSM610")
_RATES_HZ = range(1_000, 1_000_001)

_FFMPEG_OPTIONS = {
    # Playlists and the like would let a file that nobody trusts open others, or the network.
    "protocol_whitelist": "file",
    "format_whitelist": "mov,aac,asf,ac3,eac3,caf,mp3,matroska,wav,w64,aiff,au,flac,ogg,wv,ape,tta,amr",
}


@dataclass(frozen=True)
class AudioInfo:
    """What the header says; `duration_seconds` is 0.0 where it does not say."""

    duration_seconds: float
    rate: int
    channels: int


class Source(Protocol):
    """An open file. `blocks` gives float32 [channels, k] of the frames from `first` up to `last` (None: to the end)."""

    info: AudioInfo

    def blocks(self, first: int, last: int | None) -> Iterator[np.ndarray]: ...


class _SoundFile(soundfile.SoundFile):
    """Reads on. The library itself seeks to where it is after every read, which costs MP3 what a frame borrows from
    those before it: the next ones are damaged, up to full scale."""

    def seekable(self) -> bool:
        return False  # asked by the library before it seeks by itself; `seek` does all the same


class _SndfileSource:
    def __init__(self, file: soundfile.SoundFile, frames: int | None = None) -> None:
        """`frames` : without padding; None where all are sound."""
        self._file = file
        self._frames = file.frames if frames is None else min(frames, file.frames)
        # Frames are unknown (a very large number) in some streams that were never closed properly.
        seconds = self._frames / file.samplerate if 0 <= file.frames < 1 << 48 and file.samplerate > 0 else 0.0
        self.info = AudioInfo(seconds, file.samplerate, file.channels)

    def blocks(self, first: int, last: int | None) -> Iterator[np.ndarray]:
        most = _BLOCK_SAMPLES // self.info.channels
        if first:
            self._seek(min(first, self._file.frames))
        left = math.inf if last is None else last - first
        if self._frames < self._file.frames:
            left = min(left, self._frames - first)
        told = self._file.frames - first
        while left > 0:
            # No larger than what the header tells: of many small files each would fill a large one twice.
            block = np.full((int(min(left, most, max(told, 1))), self.info.channels), np.nan, np.float32)
            try:
                frames = self._file.read(dtype="float32", out=block)
            except soundfile.LibsndfileError:
                # What was decoded before the damage is in the block already.
                written = np.flatnonzero(~np.isnan(block).all(axis=1))
                if not len(written):
                    raise
                yield np.ascontiguousarray(block[: written[-1] + 1].T)
                raise
            if not len(frames):
                return
            yield np.ascontiguousarray(frames.T)
            left -= len(frames)
            told -= len(frames)

    def _seek(self, first: int) -> None:
        lead_in = min(first, round(_LEAD_IN_SECONDS * self.info.rate)) if self._file.format == "MP3" else 0
        self._file.seek(first - lead_in)
        self._file.read(lead_in, dtype="float32", out=np.empty((lead_in, self.info.channels), np.float32))


class _FfmpegSource:
    def __init__(self, container: av.container.InputContainer) -> None:
        self._container = container
        self._stream = container.streams.audio[0]
        context = self._stream.codec_context
        seconds = 0.0
        if self._stream.duration is not None and self._stream.time_base is not None:
            seconds = float(self._stream.duration * self._stream.time_base)
        elif container.duration is not None:
            seconds = container.duration / av.time_base
        self.info = AudioInfo(seconds, context.sample_rate, context.channels)

    def blocks(self, first: int, last: int | None) -> Iterator[np.ndarray]:
        # Read from the start, not from a seek: where a seek lands, to the sample, differs from container to container.
        position = 0
        for samples in self._without_padding(self._planar()):
            kept = samples[:, max(0, first - position) : None if last is None else max(0, last - position)]
            position += samples.shape[1]
            if kept.shape[1]:
                yield kept
            if last is not None and position >= last:
                return

    def _without_padding(self, blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Without what fills the last frame of an MP4, which neither the header counts nor the decoder cuts off: a loop
        would stumble over it."""
        left = round(self.info.duration_seconds * self.info.rate) if "mp4" in self._container.format.name else math.inf
        behind: list[np.ndarray] = []
        for samples in blocks:
            if left >= samples.shape[1]:
                yield samples
                left -= samples.shape[1]
                continue
            behind.append(samples[:, int(left) :])
            if left:
                yield samples[:, : int(left)]
                left = 0
            if sum(held.shape[1] for held in behind) >= self._stream.codec_context.frame_size:
                yield from behind  # the header tells too little
                behind, left = [], math.inf

    def _planar(self) -> Iterator[np.ndarray]:
        """float32 [channels, k] of every frame: at the stated rate, in the channels of the first frame."""
        layout: av.AudioLayout | None = None
        # A recorded broadcast goes from stereo to mono and back; a resampler takes frames of one kind only.
        for _, frames in itertools.groupby(self._container.decode(self._stream), _kind):
            resampler = av.AudioResampler(format="fltp", layout=layout, rate=self.info.rate)
            for frame in itertools.chain(frames, [None]):
                layout = layout or (frame and frame.layout)
                for converted in resampler.resample(frame):
                    yield converted.to_ndarray()


def _kind(frame: av.AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


@contextmanager
def open_source(path: str | Path) -> Iterator[Source]:
    """Open a file with whichever library knows what it holds.

    Raises
    ------
    AudioError : missing, unreadable, empty or not audio.
    """
    path = Path(path)
    check_readable(path)
    with ExitStack() as stack:
        source = _first_that_opens(path, stack)
        rate, channels = source.info.rate, source.info.channels
        if rate < 1 or channels < 1:
            raise AudioError(path, _NOT_AUDIO)
        if rate not in _RATES_HZ or channels > _MOST_CHANNELS:
            raise AudioError(path, f"Its header makes no sense: {channels} channels at {rate} Hz.")
        yield source


def sndfile_name(path: Path) -> str | bytes:
    """A path as libsndfile takes it: bytes, so that names which are not valid UTF-8 do as well; on Windows text."""
    return str(path) if os.name == "nt" else os.fsencode(path)


def _first_that_opens(path: Path, stack: ExitStack) -> Source:
    sndfile_error: Exception | None = None
    try:
        # Neither library finds the sound behind a tag that tells a wrong length, or not all of it.
        if header := _asked(path, header_of_true_tag):
            return _SndfileSource(_opened_with(header, path, stack))
        file = stack.enter_context(_SoundFile(sndfile_name(path)))
        frames = _asked(path, frames_without_padding) if file.subtype in _CODED_IN_BLOCKS else None
        source = _SndfileSource(file, frames)
        # libsndfile believes a length of nothing; FFmpeg reads on to the end of a wav file, but not of others.
        if not source.info.duration_seconds and (header := _asked(path, finished_header)):
            return _SndfileSource(_opened_with(header, path, stack))
        if source.info.duration_seconds or not _asked(path, is_unfinished_wav):
            return source
    except soundfile.LibsndfileError as error:
        sndfile_error = error
    except TypeError as error:  # soundfile asks for the format of '.raw'
        raise AudioError(path, "Headerless sample data: its rate and format cannot be known.") from error
    try:
        ogg = _ogg_inside_wav(path)
        if ogg is not None:
            return _SndfileSource(stack.enter_context(_SoundFile(ogg)))
        # Tags in whatever letters their writer's system had do not make a file unreadable.
        raw = stack.enter_context(path.open("rb"))
        container = stack.enter_context(av.open(raw, options=_FFMPEG_OPTIONS, metadata_errors="replace"))
    except (soundfile.LibsndfileError, av.error.FFmpegError, OSError, ValueError) as error:
        check_readable(path)  # it was a moment ago
        if path.suffix.lower() in _REX_SUFFIXES:
            raise AudioError(path, "A REX loop, which only its maker's software can open. Export it as WAV.") from error
        if is_preset_file(path):
            raise AudioError(
                path, "It holds presets, not a recording. They are heard when its folder is scanned."
            ) from error
        # Of the two accounts of what is wrong, the one of the library that should have known the format.
        cause = error if path.suffix.lower() in _FFMPEG_SUFFIXES or sndfile_error is None else sndfile_error
        raise AudioError(path, _NOT_AUDIO) from cause
    if not container.streams.audio:
        raise AudioError(path, "There is no sound in it.")
    if container.streams.audio[0].codec_context is None:
        raise AudioError(path, "Its sound is coded in a way that is not known here.")
    return _FfmpegSource(container)


def _opened_with(header: bytes, path: Path, stack: ExitStack) -> soundfile.SoundFile:
    """A file whose first bytes are read as others."""
    mended = WithHeader(stack.enter_context(path.open("rb")), header)
    return stack.enter_context(_SoundFile(mended))


def _asked(path: Path, what: Callable[[BinaryIO], Told]) -> Told:
    """What is found out about a file by reading its beginning."""
    with reading(path), open(path, "rb") as file:
        return what(file)


def _ogg_inside_wav(path: Path) -> io.BytesIO | None:
    """The Ogg stream that FL Studio and others put into wav files, where neither library looks for it."""
    with open(path, "rb") as file:
        head = file.read(4_096)
        start = head.find(b"OggS")
        if start < 0 or head[:4] != b"RIFF" or head[8:12] != b"WAVE":
            return None
        file.seek(start)
        return io.BytesIO(file.read())


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Around the reading of a file: what the system refuses, or a drive that is gone, is an AudioError in words."""
    try:
        yield
    except OSError as error:
        raise AudioError(path, _words_for(error, path)) from error


def check_readable(path: Path) -> None:
    """Raise AudioError, in words for what is wrong, unless `path` is a regular file with something in it."""
    with reading(path):
        facts = path.stat()
        if stat.S_ISDIR(facts.st_mode):
            raise AudioError(path, "This is a folder, not a sound.")
        if not stat.S_ISREG(facts.st_mode):
            raise AudioError(path, "This is not a regular file.")
        with open(path, "rb"):
            pass
    if facts.st_size == 0:
        raise AudioError(path, "The file is empty.")


def _words_for(error: OSError, path: Path) -> str:
    if isinstance(error, FileNotFoundError) and sys.platform == "win32" and len(str(path)) > _LONGEST_WINDOWS_PATH:
        return "There is no such file, or its path is too long for Windows. Move it, or switch long paths on there."
    if isinstance(error, FileNotFoundError):
        return "There is no such file."
    if isinstance(error, PermissionError):
        return "It may not be read: permission denied."
    if error.errno == errno.ENAMETOOLONG:
        return "The path is too long."
    return f"It cannot be read: {error.strerror or error}."

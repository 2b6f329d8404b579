"""Any audio file -> float32 samples at a known rate.

libsndfile (through soundfile) reads wav, aiff, flac, ogg, opus, mp3 and their relatives; FFmpeg (through PyAV) takes
the rest: m4a, aac, wma, ac3. What a file is, is decided by what it holds, never by its name. Nothing is allocated on
the word of a header: samples are read in blocks until there are no more, so that a lying header costs nothing.

Arrays are [channels, samples] unless said otherwise; times are seconds from the start of the file.
"""

from __future__ import annotations

import errno
import itertools
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import av
import av.error
import numpy as np
import soundfile
import soxr

from engine.errors import AudioError

_FFMPEG_SUFFIXES = frozenset({".m4a", ".aac", ".ac3", ".wma"})
AUDIO_SUFFIXES: frozenset[str] = _FFMPEG_SUFFIXES | {
    *{".wav", ".wave", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".caf", ".au"},
    *{".flac", ".ogg", ".oga", ".opus", ".mp3"},
}
"""Endings (lower case) of the files that a scan lists."""

_NOT_AUDIO = "Not audio in any known format, or damaged beyond reading."
_BLOCK_FRAMES = 1 << 16
_RATES_HZ = range(1_000, 1_000_001)
_LARGEST_SAMPLE = 1e6
"""Float files in the scale of integers exist and are kept; beyond this a value is damage."""

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
    format: str


@dataclass(frozen=True)
class Audio:
    """Decoded sound.

    Attributes
    ----------
    samples : float32 [channels, n], n >= 1, finite; full scale is +-1, float files may exceed it.
    rate : samples per second.
    """

    samples: np.ndarray
    rate: int

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def duration_seconds(self) -> float:
        return float(self.samples.shape[1] / self.rate)

    def mono(self) -> np.ndarray:
        """float32 [n]: the mean of the channels, or the loudest one where they cancel each other."""
        return _Downmix()(self.samples)


class _Downmix:
    """Mixes block after block to mono.

    Energies accumulate, so that the choice between the mean and one channel does not flicker from block to block.
    """

    _CANCELLED = 0.05
    """Mean power, relative to the loudest channel's, below which the mean has lost the sound (-13 dB)."""

    def __init__(self) -> None:
        self._channel_energy: np.ndarray | float = 0.0
        self._mean_energy = 0.0

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        if samples.shape[0] == 1:
            return samples[0]
        mean = samples.mean(axis=0)
        self._channel_energy = self._channel_energy + np.einsum("cn,cn->c", samples, samples, dtype=np.float64)
        self._mean_energy += float(np.einsum("n,n->", mean, mean, dtype=np.float64))
        if self._mean_energy < self._CANCELLED * np.max(self._channel_energy):
            # The first of those that are as good as the loudest: equal channels must not take turns.
            return samples[int(np.argmax(self._channel_energy >= 0.5 * np.max(self._channel_energy)))]
        return mean


def probe(path: str | Path) -> AudioInfo:
    """What the header says, without decoding.

    Raises
    ------
    AudioError : missing, unreadable, empty or not audio.
    """
    with _open(path) as source:
        return source.info


def decode(path: str | Path, *, rate: int | None = None, start: float = 0.0, end: float | None = None) -> Audio:
    """Decode a file, or the part from `start` to `end`, at its own rate or at `rate`.

    A file that was cut short gives what is there. Values that are not numbers become 0.

    Raises
    ------
    AudioError : missing, unreadable, empty, not audio, without a single valid sample, or nothing in that part.
    """
    with _open(path) as source:
        blocks = list(_checked_blocks(source, Path(path), start, end))
        samples = blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)
        own_rate = source.info.rate
    if rate is None or rate == own_rate:
        return Audio(samples, own_rate)
    return Audio(np.stack([resample(channel, own_rate, rate) for channel in samples]), rate)


def stream(
    path: str | Path, *, rate: int, block_seconds: float, start: float = 0.0, end: float | None = None
) -> Iterator[np.ndarray]:
    """Decode to mono at `rate`, block by block, in memory that does not grow with the file.

    Yields
    ------
    float32 [round(block_seconds * rate)], the last one shorter; joined they are what one resampling of the whole gives.

    Raises
    ------
    AudioError : as `decode`, at the first block.
    """
    block_length = max(1, round(block_seconds * rate))
    with _open(path) as source:
        own_rate = source.info.rate
        downmix = _Downmix()
        resampler = None if own_rate == rate else soxr.ResampleStream(own_rate, rate, 1, dtype="float32")
        pending: list[np.ndarray] = []
        pending_length = 0
        is_empty = True
        blocks = _checked_blocks(source, Path(path), start, end)
        for block in itertools.chain(blocks, [None]):
            mono = np.zeros(0, np.float32) if block is None else downmix(block)
            if resampler is not None:
                mono = resampler.resample_chunk(mono, last=block is None)
            pending.append(mono)
            pending_length += len(mono)
            if pending_length >= block_length or block is None:
                joined = np.concatenate(pending)
                whole = pending_length - pending_length % block_length
                for offset in range(0, whole, block_length):
                    yield joined[offset : offset + block_length]
                    is_empty = False
                pending, pending_length = [joined[whole:]], pending_length - whole
        if pending_length:
            yield pending[0]
        elif is_empty:  # a few samples at a high rate are less than one at a low rate
            yield np.zeros(1, np.float32)


def resample(mono: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """float32 [n] at `rate` -> float32 [about n * new_rate / rate, at least 1] at `new_rate`."""
    if rate == new_rate:
        return mono
    resampled = soxr.resample(mono, rate, new_rate)
    return resampled if len(resampled) else np.zeros(1, np.float32)


class _Source(Protocol):
    """An open file. `blocks` gives float32 [channels, k] of the frames from `first` up to `last` (None: to the end)."""

    info: AudioInfo

    def blocks(self, first: int, last: int | None) -> Iterator[np.ndarray]: ...


class _SndfileSource:
    def __init__(self, file: soundfile.SoundFile) -> None:
        self._file = file
        # Frames are unknown (a very large number) in some streams that were never closed properly.
        seconds = file.frames / file.samplerate if 0 <= file.frames < 1 << 48 and file.samplerate > 0 else 0.0
        self.info = AudioInfo(seconds, file.samplerate, file.channels, file.format.lower())

    def blocks(self, first: int, last: int | None) -> Iterator[np.ndarray]:
        if first:
            self._file.seek(min(first, self._file.frames))
        left = math.inf if last is None else last - first
        while left > 0:
            block = np.full((int(min(left, _BLOCK_FRAMES)), self.info.channels), np.nan, np.float32)
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
        self.info = AudioInfo(seconds, context.sample_rate, context.channels, self._stream.codec.name)

    def blocks(self, first: int, last: int | None) -> Iterator[np.ndarray]:
        # Read from the start, not from a seek: where a seek lands, to the sample, differs from container to container.
        to_planar_float = av.AudioResampler(format="fltp", rate=self.info.rate)
        position = 0
        for frame in itertools.chain(self._container.decode(self._stream), [None]):
            for converted in to_planar_float.resample(frame):
                samples = converted.to_ndarray()
                kept = samples[:, max(0, first - position) : None if last is None else max(0, last - position)]
                position += samples.shape[1]
                if kept.shape[1]:
                    yield kept
            if last is not None and position >= last:
                return


@contextmanager
def _open(path: str | Path) -> Iterator[_Source]:
    path = Path(path)
    _check_readable(path)
    # libsndfile takes bytes, so that names which are not valid UTF-8 open as well; on Windows it takes text.
    name: str | bytes = str(path) if os.name == "nt" else os.fsencode(path)
    try:
        with soundfile.SoundFile(name) as file:
            source = _SndfileSource(file)
            _check_info(path, source.info)
            yield source
            return
    except soundfile.LibsndfileError as error:
        sndfile_error = error
    except TypeError as error:  # soundfile asks for the format of '.raw'
        raise AudioError(path, "Headerless sample data: its rate and format cannot be known.") from error
    try:
        with open(path, "rb") as raw, av.open(raw, options=_FFMPEG_OPTIONS) as container:
            if not container.streams.audio:
                raise AudioError(path, "There is no sound in it.")
            if container.streams.audio[0].codec_context is None:
                raise AudioError(path, "Its sound is coded in a way that is not known here.")
            ffmpeg_source = _FfmpegSource(container)
            _check_info(path, ffmpeg_source.info)
            yield ffmpeg_source
    except (av.error.FFmpegError, ValueError) as error:
        # Of the two accounts of what is wrong, the one of the library that should have known the format.
        cause = error if path.suffix.lower() in _FFMPEG_SUFFIXES else sndfile_error
        raise AudioError(path, _NOT_AUDIO) from cause


def _check_readable(path: Path) -> None:
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise AudioError(path, "This is a folder, not a sound.")
        if not path.is_file():
            raise AudioError(path, "This is not a regular file.")
        with open(path, "rb"):
            pass
    except OSError as error:
        raise AudioError(path, _words_for(error)) from error
    if size == 0:
        raise AudioError(path, "The file is empty.")


def _words_for(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "There is no such file."
    if isinstance(error, PermissionError):
        return "It may not be read: permission denied."
    if error.errno == errno.ENAMETOOLONG:
        return "The path is too long."
    return f"It cannot be read: {error.strerror or error}."


def _check_info(path: Path, info: AudioInfo) -> None:
    if info.rate < 1 or info.channels < 1:
        raise AudioError(path, _NOT_AUDIO)
    if info.rate not in _RATES_HZ:
        raise AudioError(path, f"Its header makes no sense: {info.channels} channels at {info.rate} Hz.")


def _checked_blocks(source: _Source, path: Path, start: float, end: float | None) -> Iterator[np.ndarray]:
    """The blocks of a part, cleaned. Damage after the first of them ends the sound; before it, there is none."""
    info = source.info
    if start < 0 or (end is not None and end <= start):
        raise AudioError(path, f"There is no such part: {start:g} s to {end} s.")
    first, last = round(start * info.rate), None if end is None else max(1, round(end * info.rate))
    frames = valid_samples = 0
    blocks = source.blocks(first, last)
    while True:
        try:
            block = next(blocks, None)
        except (soundfile.LibsndfileError, av.error.FFmpegError) as error:
            if not frames:
                raise AudioError(path, "Damaged: nothing in it can be decoded.") from error
            break
        if block is None:
            break
        invalid = ~(np.abs(block) <= _LARGEST_SAMPLE)
        valid_samples += block.size - int(np.count_nonzero(invalid))
        block[invalid] = 0.0
        frames += block.shape[1]
        yield block
    if not frames:
        if start > 0:
            raise AudioError(path, f"Nothing is there after {start:g} s: it lasts {info.duration_seconds:.1f} s.")
        if info.duration_seconds > 0:
            raise AudioError(path, f"Cut short: nothing of its {info.duration_seconds:.1f} s is there.")
        raise AudioError(path, "There is not a single sample in it.")
    if not valid_samples:
        raise AudioError(path, "Not one of its samples is a number.")

"""A changed sound as a file for other programs, in a folder that is the producer's: nothing in it is ever deleted."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import soundfile

from engine.audio.decode import Audio
from engine.audio.encode import write_wav
from engine.audio.sources import sndfile_name
from engine.audition.fit import Change
from engine.errors import ExportError
from engine.paths import file_name, numbered
from engine.unfinished import take_name, unfinished_in

_SAME = 2e-4
"""Two renderings of one sound differ by less; the joints of one that was made in pieces are as good as exact."""
_MOST_NAMESAKES = 1000


def changed_name(name: str, change: Change, tempo_bpm: float | None) -> str:
    """The file name of a changed sound, which tells what was done: "Kick 01 +3st.wav", "Loop 92 at 122 BPM.wav".

    Parameters
    ----------
    name : of the sound.
    tempo_bpm : of the sound as it is; None where it has none.
    """
    words = [file_name(name, "Sound")]
    if change.semitones:
        words.append(f"{change.semitones:+d}st")
    if change.speed != 1.0:
        words.append(
            f"at {round(tempo_bpm * change.speed, 1):g} BPM" if tempo_bpm else f"at {100 * change.speed:.1f} percent"
        )
    return f"{' '.join(words)}.wav"


def export(audio: Audio, folder: Path, name: str) -> Path:
    """Write `audio` as 24-bit WAV `name` in `folder`, which is made where it is missing; its path.

    Another file of that name is left alone, and this one gets a number. The same sound is not written twice. What is
    louder than full scale, which such a file cannot hold, is turned down as a whole. Raises ExportError.
    """
    peak = float(np.max(np.abs(audio.samples)))
    samples = audio.samples / max(1.0, peak)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with unfinished_in(folder) as unfinished:
            write_wav(unfinished, samples, audio.rate, "PCM_24")
            for namesake in itertools.islice(numbered(Path(name).stem, ".wav"), _MOST_NAMESAKES):
                path = folder / namesake
                if take_name(unfinished, path) or _holds(path, samples, audio.rate):
                    return path
    except OSError as error:
        raise ExportError(
            f"{folder / name} could not be written: {error.strerror or error}. Free some space or make the folder "
            "writable, then try again."
        ) from error
    raise ExportError(f"{folder} holds too many files named like {name}. Move some of them elsewhere, then try again.")


def _holds(path: Path, samples: np.ndarray, rate: int) -> bool:
    try:
        info = soundfile.info(sndfile_name(path))
        if (info.samplerate, info.channels, info.frames) != (rate, *samples.shape):
            return False
        held = soundfile.read(sndfile_name(path), dtype="float32", always_2d=True)[0]
    except (OSError, soundfile.SoundFileError):
        return False
    return bool(np.max(np.abs(held.T - samples)) <= _SAME)

"""Voices that sing and speak: recorded announcements of a telephone exchange, and a speech synthesizer's many speakers.

Nearly every song is sung, and the other sources know voices as sustained choirs only. Words become sung notes by
pitch-synchronous overlap and add (Moulines and Charpentier 1990, in Praat), which leaves the vowels as they are.
"""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import soundfile

from engine.audio.decode import resample
from engine.training.instruments import RATE, Instrument, Note

if TYPE_CHECKING:
    import parselmouth

RECORDED = Path("/usr/share/asterisk/sounds")
SPEAKERS = Path("/usr/lib/x86_64-linux-gnu/espeak-ng-data/voices/!v")
KEPT_OUT = "fr_CA_f_June"
"""Never taught, so that it can be asked whether people's voices are found in songs."""
LANGUAGES = ("en-us", "es", "it", "fr-fr", "de", "pt-br", "ru", "sv", "ja", "en-gb")
"""Synthesized speakers count in one of them each."""
VOCAL_TRACTS = (0.88, 1.0, 1.13)
"""Recorded speakers also sing with longer and shorter throats, as other people would."""
SPOKEN_PITCHES = range(44, 76, 2)
"""Words that are spoken keep their melody; such MIDI numbers tell which of them is heard."""
SUNG_OFFSETS = (0, 4, -4, 7, -7, 10, 2)
"""Semitones from the middle of a singer's range."""
SUNG_STRETCH = 1.6
LOWEST_HZ, HIGHEST_HZ = 60.0, 600.0
"""Where the pitch of speech is looked for."""
VIBRATO_HZ, VIBRATO_SEMITONES = 5.5, 0.3


def instruments() -> list[Instrument]:
    """Every speaker twice: speaking, and singing, with each of the `VOCAL_TRACTS` where it is a recorded one."""
    found = []
    for folder in sorted(path for path in RECORDED.iterdir() if (path / "phonetic").is_dir()):
        if folder.name != KEPT_OUT:
            found += _instruments(folder.name, str(folder), VOCAL_TRACTS)
    for number, path in enumerate(sorted(SPEAKERS.iterdir())):
        voice = f"{LANGUAGES[number % len(LANGUAGES)]}+{path.name}"
        found += _instruments(voice, voice, (1.0,))
    return found


def _instruments(speaker: str, location: str, tracts: tuple[float, ...]) -> list[Instrument]:
    manners = {"spoken": "", **{f"sung {tract}": str(tract) for tract in tracts}}
    return [
        Instrument(f"voices/{speaker}/{name}", "voices", f"{speaker} {name}", "voice", location=f"{location}:{tract}")
        for name, tract in manners.items()
    ]


def render_notes(instrument: Instrument) -> Iterator[Note]:
    """One word for each note."""
    speaker, _, tract = instrument.location.rpartition(":")
    words = _words(speaker, len(SPOKEN_PITCHES))
    if not tract:
        for midi, word in zip(SPOKEN_PITCHES, words, strict=True):
            yield Note(midi, 0.8, len(word) / RATE, word)
        return
    middle = _register(words)
    for offset, word in zip(SUNG_OFFSETS, words, strict=False):
        samples = sung(word, middle + offset, tract=float(tract))
        yield Note(middle + offset, 0.8, len(samples) / RATE, samples)


def sung(word: np.ndarray, midi: float, *, tract: float = 1.0) -> np.ndarray:
    """A spoken word on one pitch with vibrato, `SUNG_STRETCH` times as long.

    Parameters
    ----------
    word : mono float32 at `RATE`.
    tract : what its formants are multiplied by.
    """
    from parselmouth import Sound
    from parselmouth.praat import call

    sound = Sound(word.astype(np.float64), RATE)
    if tract != 1.0:
        sound = call(sound, "Change gender", LOWEST_HZ, HIGHEST_HZ, tract, 0, 1, 1)
    seconds = sound.duration
    manipulation = call(sound, "To Manipulation", 0.01, LOWEST_HZ, HIGHEST_HZ)
    pitch = call("Create PitchTier", "pitch", 0, seconds)
    for at in np.arange(0, seconds, 0.02):
        swing = VIBRATO_SEMITONES * np.sin(2 * np.pi * VIBRATO_HZ * SUNG_STRETCH * at)
        call(pitch, "Add point", float(at), _hz(midi + swing))
    length = call("Create DurationTier", "length", 0, seconds)
    call(length, "Add point", seconds / 2, SUNG_STRETCH)
    call([pitch, manipulation], "Replace pitch tier")
    call([length, manipulation], "Replace duration tier")
    result: parselmouth.Sound = call(manipulation, "Get resynthesis (overlap-add)")
    return result.values[0].astype(np.float32)


def _register(words: Sequence[np.ndarray]) -> int:
    """The MIDI number a little above which a speaker speaks, where singing is at ease."""
    from parselmouth import Sound

    heard = []
    for word in words:
        pitch = Sound(word.astype(np.float64), RATE).to_pitch(pitch_floor=LOWEST_HZ, pitch_ceiling=HIGHEST_HZ)
        heard.append(pitch.selected_array["frequency"])
    voiced = np.concatenate(heard)
    voiced = voiced[voiced > 0]
    middle = float(np.median(voiced)) if len(voiced) else 150.0
    return round(69 + 12 * np.log2(middle / 440)) + 4


def _hz(midi: float) -> float:
    return float(440 * 2 ** ((midi - 69) / 12))


@lru_cache(maxsize=1)  # a speaker's instruments are rendered one after the other
def _words(location: str, count: int) -> list[np.ndarray]:
    """Words of a speaker: mono float32 at `RATE`."""
    if Path(location).is_absolute():
        return [_recorded(path) for path in sorted((Path(location) / "phonetic").glob("*_p.*"))[:count]]
    return [_synthesized(location, number) for number in range(1, count + 1)]


def _recorded(path: Path) -> np.ndarray:
    with av.open(str(path)) as file:
        rate = file.streams.audio[0].rate
        samples = np.concatenate([frame.to_ndarray().ravel() for frame in file.decode(audio=0)])
    return resample(samples.astype(np.float32) / 32768, rate, RATE)


def _synthesized(voice: str, number: int) -> np.ndarray:
    spoken = subprocess.run(["espeak-ng", "-v", voice, "--stdout", str(number)], check=True, capture_output=True).stdout
    samples, rate = soundfile.read(io.BytesIO(spoken), dtype="float32")
    return resample(samples, rate, RATE)

"""What the window takes from audio files: pictures, facts, clips to be played. Everything may take long and is called
in a job's thread, where what is heavy is imported."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.models.scales import HIGH_HZ, LOW_HZ
from app.models.sonogram import Look, MelPicture

if TYPE_CHECKING:
    from engine.audio.declared import Credits
    from engine.audio.decode import Audio
    from engine.audio.pictures import Picture
    from engine.audition.change import Rendering
    from engine.audition.fit import Change
    from engine.jobs import CancelToken, ProgressCallback
    from engine.library.catalog import Sound
    from engine.library.export import CopyResult

FACTS_SECONDS = 60.0
"""Tempo and key are estimated from this much of the middle of the reference."""
FACTS_RATE = 16_000


@dataclass(frozen=True)
class MusicFacts:
    """What was estimated of a reference; None where nothing could be said."""

    tempo_bpm: float | None
    key: str | None


@dataclass(frozen=True)
class Clip:
    """Sound ready to be played, the gain that level matching asks for, and the level as it is heard without it.

    rendering : of a changed sound, begun; `audio` is what it fills.
    """

    audio: Audio
    level_gain_db: float
    loudness_lufs: float | None
    peak_db: float | None
    rendering: Rendering | None = None

    def gain_db(self, level_match: bool) -> float:
        """The gain it is played with: what level matching asks for, else only what full scale does."""
        from engine.audition.level import unmatched_gain_db

        return self.level_gain_db if level_match else unmatched_gain_db(self.peak_db)

    @property
    def sound(self) -> Audio | Rendering:
        """What the player takes."""
        return self.rendering or self.audio


def written_at(path: str) -> int | None:
    """When a file was written, in nanoseconds; None where it is away."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return None


def look(path: Path, duration: float) -> Iterator[Look]:
    """Draw a reference piece by piece; bounded memory for any length. Raises AudioError."""
    import app.widgets.plot  # noqa: F401  the window, which is about to draw, does not wait for it
    from engine.audio.pictures import draw

    drawn: Picture | None = None
    picture: MelPicture | None = None
    for drawing in draw(path, duration, low_hz=LOW_HZ, high_hz=HIGH_HZ):
        if drawing.picture is not None and drawing.picture is not drawn:
            drawn, picture = drawing.picture, _coloured(drawing.picture)
        yield Look(drawing.peaks, picture, drawing.drawn_seconds)


def close_up(path: str | Path, start: float, end: float) -> MelPicture:
    """A finer picture of a short stretch of a file. Raises AudioError."""
    from engine.audio.decode import decode
    from engine.audio.pictures import close_up

    return _coloured(close_up(decode(path, start=start, end=end), low_hz=LOW_HZ, high_hz=HIGH_HZ))


def sound_picture(sound: Sound, longest_seconds: float) -> MelPicture:
    """A fine picture of the beginning of a sound of the library. Raises AudioError."""
    from engine.audio.pictures import close_up
    from engine.audition.prepare import load_for_audition

    audio = load_for_audition(sound.path, preset=sound.preset, root=sound.root, end=longest_seconds)
    return _coloured(close_up(audio, low_hz=LOW_HZ, high_hz=HIGH_HZ))


def credits_of(path: Path) -> Credits:
    """Title and artist of a reference, as far as its tags tell them."""
    from engine.audio.declared import credits_of

    return credits_of(path)


def music_facts(path: Path, duration: float) -> MusicFacts:
    """Tempo and key of a reference. Raises AudioError."""
    from engine.audio.decode import decode
    from engine.audio.measure import estimate_key, estimate_tempo

    start = max(0.0, (duration - FACTS_SECONDS) / 2)
    audio = decode(path, rate=FACTS_RATE, start=start, end=start + FACTS_SECONDS)
    mono = audio.mono()
    return MusicFacts(estimate_tempo(mono, audio.rate), estimate_key(mono, audio.rate))


def beats(path: Path, tempo_bpm: float) -> list[float]:
    """Seconds of the beats of a reference. Raises AudioError."""
    from engine.audio.decode import decode
    from engine.audio.onsets import beat_times, onset_strength

    mono = decode(path, rate=FACTS_RATE).mono()
    return beat_times(onset_strength(mono, FACTS_RATE), tempo_bpm).tolist()


def clip(
    path: str | Path,
    *,
    preset: str | None = None,
    root: str | None = None,
    start: float = 0.0,
    end: float | None = None,
    loudness_lufs: float | None = None,
    peak_db: float | None = None,
) -> Clip:
    """Decode what is to be heard; its level is measured where the catalog does not know it. Raises AudioError."""
    from engine.audition.level import heard_level, level_gain_db
    from engine.audition.prepare import load_for_audition

    audio = load_for_audition(path, preset=preset, root=root, start=start, end=end)
    loudness_lufs, peak_db = heard_level(audio, loudness_lufs, peak_db)
    return Clip(audio, level_gain_db(loudness_lufs, peak_db), loudness_lufs, peak_db)


def sound_clip(sound: Sound) -> Clip:
    """A sound of the library, as `clip`. What plays a preset has a level of its own, which is measured."""
    return clip(
        sound.path,
        preset=sound.preset,
        root=sound.root,
        loudness_lufs=None if sound.is_preset else sound.loudness_lufs,
        peak_db=None if sound.is_preset else sound.peak_db,
    )


def changed(clip: Clip, change: Change) -> Clip:
    """A sound at another pitch or tempo, begun and ready to be played; as loud as it was, unless that would clip it:
    the same partials in other phases may be twice as high, which its beginning shows."""
    from engine.audition.change import Rendering
    from engine.audition.level import level_gain_db, peak_db_of
    from engine.audition.prepare import to_channels

    rendering = Rendering(clip.audio, change)
    rendering.begin()
    begun_db = peak_db_of(to_channels(rendering.audio.samples, 2))
    peaks = [peak for peak in (clip.peak_db, begun_db) if peak is not None]
    peak_db = max(peaks, default=None)
    gain_db = level_gain_db(clip.loudness_lufs, peak_db)
    return replace(clip, audio=rendering.audio, rendering=rendering, peak_db=peak_db, level_gain_db=gain_db)


def export_changed(sound: Sound, change: Change, folder: Path) -> Path:
    """A changed sound, or a preset as it is auditioned, as a file that stays. Raises AudioError, ExportError."""
    from engine.audition.change import Rendering
    from engine.audition.export import changed_name, export
    from engine.audition.prepare import load_for_audition

    audio = load_for_audition(sound.path, preset=sound.preset, root=sound.root, to_the_end=True)
    name = changed_name(sound.name, change, sound.tempo_bpm)
    return export(Rendering(audio, change).finish() if change else audio, folder, name)


def copy_presets(
    sounds: Sequence[Sound], folder: Path, progress: ProgressCallback, cancel: CancelToken | None = None
) -> CopyResult:
    """Presets as WAV files in a folder, each as it is auditioned: what they lie in holds others, or lacks its samples.

    `progress` is told of the stage "copying"; what cannot be played, as when its drive is away, counts as missing.
    Raises ExportError, and Cancelled between two of them.
    """
    from engine.audition.fit import UNCHANGED
    from engine.errors import AudioError
    from engine.jobs import Progress
    from engine.library.export import CopyResult

    there = {path.name for path in folder.iterdir()} if os.path.isdir(folder) else set()
    made: set[str] = set()
    missing: list[str] = []
    for number, sound in enumerate(sounds):
        if cancel is not None:
            cancel.raise_if_cancelled()
        progress(Progress("copying", number, len(sounds)))
        try:
            made.add(export_changed(sound, UNCHANGED, folder).name)
        except AudioError:
            missing.append(sound.path)
    return CopyResult(len(made - there), len(made & there), tuple(missing))


def _coloured(picture: Picture) -> MelPicture:
    return MelPicture.from_decibels(picture.decibels, picture.frames_per_second)

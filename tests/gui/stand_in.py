"""An ear that tells sounds apart by their spectrum: enough to see the window work without the trained weights."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.backend import Backend
from engine.audio.decode import Audio
from engine.audition.change import Rendering
from engine.audition.output import OutputDevice
from engine.audition.wish import Bed
from engine.encoder.calibration import Calibration
from engine.encoder.heard import Embeddings, HeardWindows
from engine.families import FAMILIES, FAMILY_INDEX, PARTS, part_of_family
from engine.jobs import CancelToken, ProgressCallback
from engine.library.ears import EarLoader
from engine.plugins import Added, add_instrument
from tests.unit.plugins.stand_ins import load_toy_plugin

RATE = 16_000
EDGES_HZ = (0.0, 120.0, 260.0, 520.0, 1100.0, 2400.0, 5200.0, 8000.0)
BAND_FAMILIES = ("kick", "bass", "pad", "mallet", "lead", "snare", "hat")
STEPS = 50
_PLAYS = np.array([[part_of_family(family) == part for family in BAND_FAMILIES] for part in PARTS])


class StandInEar:
    """The interface of `engine.encoder.ear.Ear`."""

    fingerprint = "stand-in"
    name = "stand-in"
    dimension = 32
    rate = RATE
    window_seconds = 5.0
    calibration: Calibration | None = None
    device = "cpu"
    loaded = True

    def embed(self, sounds: Sequence[np.ndarray]) -> Embeddings:
        levels = np.stack([_levels(sound, 1)[:, 0] for sound in sounds])
        share = levels / np.maximum(levels.sum(axis=1, keepdims=True), 1e-9)
        families = np.full((len(sounds), len(FAMILIES)), 1e-3, np.float32)
        for row, band in enumerate(share.argmax(axis=1)):
            families[row, FAMILY_INDEX[BAND_FAMILIES[band]]] = 0.6 + 0.39 * share[row, band]
        return Embeddings(vectors=_unit(share), families=families)

    def hear(self, windows: np.ndarray) -> HeardWindows:
        bands = len(BAND_FAMILIES)
        levels = np.stack([_levels(window, STEPS) for window in windows])  # [n, bands, steps]
        share = levels / np.maximum(levels.sum(axis=1, keepdims=True), 1e-9)
        families = np.full((len(windows), bands, len(FAMILIES)), 1e-3, np.float32)
        for band, family in enumerate(BAND_FAMILIES):
            families[:, band, FAMILY_INDEX[family]] = 0.9
        presence = np.clip(share.max(axis=2) * 1.6, 0, 0.97)
        vectors = np.stack([_unit(np.eye(bands))] * len(windows))
        return HeardWindows(
            vectors=vectors,
            presence=presence.astype(np.float32),
            families=families,
            activity=np.clip(share * 1.5, 0, 1).astype(np.float32),
            parts=np.stack([_unit(np.where(_PLAYS, level, 0)) for level in levels.mean(axis=2)]),
        )


def load_stand_in(model: Path | None, device: str | None = None) -> StandInEar:
    """For the processes that scan and hear."""
    return StandInEar()


def load_asleep(model: Path | None, device: str | None) -> StandInEar:
    """A model that takes a minute to load."""
    time.sleep(60.0)
    return StandInEar()


class SilentPlayer:
    """The interface of `engine.audition.player.Player` without a device: time passes, nothing sounds.

    Between two looks at it no more than `LONGEST_STEP_SECONDS` pass, so that nothing ends while a busy machine stands
    still.
    """

    LONGEST_STEP_SECONDS = 0.05

    def __init__(self) -> None:
        self.played: list[tuple[Audio, float, bool]] = []
        self.starts: list[float] = []
        self.beds: list[Bed | None] = []
        self.keys: list[tuple[object, ...]] = []
        self.failure: str | None = None
        self.substitute: str | None = None
        self.volume_db = 0.0
        self.device: str | None = None
        self._began: float | None = None
        self._position: float | None = None
        self._length = 0.0
        self._loop = False
        self._bed: tuple[float, Bed] | None = None
        """When it began, or where it was paused, and what it is."""
        self._now, self._looked = 0.0, time.monotonic()
        self._clock = threading.Lock()

    def _time(self) -> float:
        with self._clock:
            looked = time.monotonic()
            self._now += min(looked - self._looked, self.LONGEST_STEP_SECONDS)
            self._looked = looked
            return self._now

    def play(
        self,
        sound: Audio | Rendering,
        *,
        loop: bool = False,
        gain_db: float = 0.0,
        start: float = 0.0,
        bed: Bed | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        if cancel is not None and cancel.cancelled:
            return
        audio = sound.audio if isinstance(sound, Rendering) else sound
        self.starts.append(start)
        self.beds.append(bed)
        if bed is None:
            self._bed = None
        elif self._bed is None or self._bed[1].audio is not bed.audio or self.bed_position_seconds is None:
            self._bed = self._time(), bed
        self._length, self._loop = audio.duration_seconds, loop
        self._began, self._position = self._time() - start, start
        self.played.append((audio, gain_db, loop))  # last: tests wait for it, and look at the rest then

    @property
    def playing(self) -> bool:
        began = self._began
        if began is None:
            return False
        return self._loop or self._time() - began < self._length or self.bed_position_seconds is not None

    @property
    def can_go_on(self) -> bool:
        return self.position_seconds is not None or self.bed_position_seconds is not None

    @property
    def position_seconds(self) -> float | None:
        began = self._began
        if began is None:
            return self._position
        passed = self._time() - began
        if passed < self._length:
            return passed
        return passed % self._length if self._loop else None

    def pause(self) -> None:
        if self._bed is not None:
            self._bed = self.bed_position_seconds or 0.0, self._bed[1]
        self._position, self._began = self.position_seconds, None

    def resume(self, cancel: CancelToken | None = None) -> None:
        if cancel is None or not cancel.cancelled:
            self._began = self._time() - (self._length if self._position is None else self._position)
            if self._bed is not None:
                self._bed = self._time() - self._bed[0], self._bed[1]

    def stop(self) -> None:
        self._began = self._position = self._bed = None

    def seek(self, seconds: float) -> None:
        if self._began is not None:
            self._began = self._time() - seconds
        self._position = seconds

    def set_loop(self, loop: bool, *, bed: bool) -> None:
        self._loop = loop
        if self._bed is not None:
            self._bed = self._bed[0], replace(self._bed[1], loop=bed)

    def set_volume_db(self, volume_db: float) -> None:
        self.volume_db = volume_db

    @property
    def bed_position_seconds(self) -> float | None:
        if self._bed is None:
            return None
        since, bed = self._bed
        position = since if self._began is None else self._time() - since
        length = bed.audio.duration_seconds
        return position % length if bed.loop else position if position < length else None

    def set_key_sound(self, sound: Audio | Rendering, root: float, gain_db: float = 0.0) -> None:
        self.keys.append(("sound", sound, root))

    def press(self, note: int, velocity: float) -> None:
        self.keys.append(("press", note, velocity))

    def release(self, note: int) -> None:
        self.keys.append(("release", note))

    def release_all(self) -> None:
        self.keys.append(("release all",))

    def bend(self, amount: float) -> None:
        self.keys.append(("bend", amount))

    def close(self) -> None:
        self.stop()


class StandInBackend(Backend):
    """The real engine with another ear, and with a player that needs no device."""

    def __init__(self, library_dir: Path) -> None:
        super().__init__(library_dir, scan_workers=1)
        self.silent_player = SilentPlayer()
        self.rendered_dir = library_dir.parent / "rendered"
        self.recordings_dir = library_dir.parent / "recordings"

    def player(self) -> SilentPlayer:  # type: ignore[override]
        return self.silent_player

    def existing_player(self) -> SilentPlayer:  # type: ignore[override]
        return self.silent_player

    def ear(self) -> StandInEar:  # type: ignore[override]
        return StandInEar()

    def devices(self) -> list[OutputDevice]:
        return [
            OutputDevice(0, "Speakers", "stand-in", 2, 48_000, True),
            OutputDevice(1, "Headphones", "stand-in", 2, 48_000, False),
        ]

    def ear_of_scans(self) -> EarLoader:
        return load_stand_in

    def add_instrument(self, path: Path, *, progress: ProgressCallback, cancel: CancelToken) -> Added:
        return add_instrument(path, self.library_dir, progress=progress, cancel=cancel, loader=load_toy_plugin)


def _levels(sound: np.ndarray, steps: int) -> np.ndarray:
    """float32 [bands, steps]: amplitude of each band in equal parts of the sound."""
    usable = np.pad(sound, (0, max(0, 512 * steps - len(sound))))
    parts = usable[: len(usable) // steps * steps].reshape(steps, -1)
    spectra = np.abs(np.fft.rfft(parts, axis=1))
    hz = np.fft.rfftfreq(parts.shape[1], 1 / RATE)
    return np.stack(
        [
            np.sqrt((spectra[:, (hz >= low) & (hz < high)] ** 2).sum(axis=1))
            for low, high in itertools.pairwise(EDGES_HZ)
        ]
    ).astype(np.float32)


def _unit(share: np.ndarray) -> np.ndarray:
    vectors = np.zeros((len(share), StandInEar.dimension), np.float32)
    vectors[:, : share.shape[1]] = share
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

"""From windows to a song: follows every instrument through the windows in which it was heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from engine.encoder.calibration import Calibration
from engine.families import FAMILIES, likely_families
from engine.matching.slots import CELL_SECONDS, DEFAULT_RULES, Passage, Slot, SlotRules, active_stretches, most_exposed


@dataclass(eq=False)
class WindowSlot:
    """One slot of one window.

    Attributes
    ----------
    vector : float32 [dimension], unit length.
    presence : 0..1.
    families : float32 [families], probabilities.
    activity : float32 [cells of the window], 0..1.
    """

    vector: np.ndarray
    presence: float
    families: np.ndarray
    activity: np.ndarray


class _Kept(NamedTuple):
    """What one of a track's best windows heard."""

    presence: float
    window: int
    vector: np.ndarray
    passage: Passage


@dataclass(eq=False)  # two tracks are never the same one, and arrays have no truth value
class _Track:
    """A slot in the making."""

    id: int | None = None  # given when first shown, so that numbers have no gaps
    sum: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    families: np.ndarray = field(default_factory=lambda: np.zeros(len(FAMILIES), np.float32))
    windows: set[int] = field(default_factory=set)
    best: list[_Kept] = field(default_factory=list)
    exposure: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))  # weighted sum over windows

    @property
    def centre(self) -> np.ndarray:
        return self.sum / max(float(np.linalg.norm(self.sum)), 1e-9)

    @property
    def family_mean(self) -> np.ndarray:
        return self.families / max(float(self.families.sum()), 1e-9)


class SlotTracker:
    """Collects the slots of windows, in any order, and tells the slots of the song at any time.

    Greedy online clustering: each window's slots are assigned to the tracks so far, at most one to a track (the
    Hungarian method), and tracks that turn out to be the same instrument are merged.
    """

    def __init__(self, rules: SlotRules = DEFAULT_RULES, calibration: Calibration | None = None) -> None:
        self._rules = rules
        self._calibration = calibration
        self._tracks: list[_Track] = []
        self._coverage = np.zeros(0, np.float32)
        self._windows = 0
        self._last_id = 0
        self._first_cell: int | None = None

    def add(self, start_cell: int, heard: Sequence[WindowSlot], cells: int) -> None:
        """Take in one window which begins at `start_cell` and is `cells` long; `heard` is empty for a silent one."""
        number = self._windows
        self._windows += 1
        self._first_cell = start_cell if self._first_cell is None else min(self._first_cell, start_cell)
        # Cells near the middle of a window are known best; never zero, since the ends of a song have one window only.
        weight = np.maximum(np.bartlett(cells + 2)[1:-1], 0.05).astype(np.float32)
        self._coverage = _added(self._coverage, start_cell, weight)
        present = self._without_duplicates(self._present(heard))
        for slot, track in zip(present, self._assigned(present), strict=True):
            if track is None:
                track = _Track(sum=np.zeros_like(slot.vector))
                self._tracks.append(track)
            self._extend(track, slot, number, start_cell, weight)
        self._merge_alike()
        self._drop_weakest()

    def slots(self, cells: int = 0) -> tuple[Slot, ...]:
        """The slots as known now, the surest first.

        Parameters
        ----------
        cells : length of the reference; exposures are that long, or longer where windows went beyond.
        """
        tracks = sorted(self._tracks, key=self._presence, reverse=True)
        considered = [track for track in tracks if self._presence(track) >= self._rules.min_agreement] or tracks[:1]
        if not considered:
            return ()
        heard_cells = len(self._coverage)
        exposures = np.zeros((len(considered), max(cells, heard_cells)), np.float32)
        for row, track in zip(exposures, considered, strict=True):
            row[: len(track.exposure)] = track.exposure
        exposures[:, :heard_cells] /= np.maximum(self._coverage, 1e-6)
        np.clip(exposures, 0.0, 1.0, out=exposures)
        known = evidence(considered, exposures)
        if self._calibration is None:
            confidence = np.array([self._presence(track) for track in considered])
        else:
            confidence = self._calibration.slot_confidence(known)
        order = np.argsort(-confidence, kind="stable")
        order = order[: max(1, min(self._rules.max_slots, int((confidence >= self._rules.min_confidence).sum())))]
        exposures, known = exposures[order], known[order]
        passages = most_exposed(exposures[:, :heard_cells], self._rules, first_cell=self._first_cell or 0)
        return tuple(
            self._slot(considered[number], float(confidence[number]), exposure, passage, tuple(map(float, row)))
            for number, exposure, passage, row in zip(order, exposures, passages, known, strict=True)
        )

    def _slot(
        self,
        track: _Track,
        confidence: float,
        exposure: np.ndarray,
        exposed_seconds: tuple[float, float],
        known: tuple[float, ...],
    ) -> Slot:
        if track.id is None:
            self._last_id += 1
            track.id = self._last_id
        likely = likely_families(track.family_mean)
        return Slot(
            id=track.id,
            vectors=np.stack([kept.vector for kept in track.best]).astype(np.float32),
            family=likely[0],
            likely_families=likely,
            confidence=confidence,
            exposure=exposure,
            activity=active_stretches(exposure, self._rules),
            exposed_seconds=exposed_seconds,
            evidence=known,
            passages=tuple(kept.passage for kept in track.best),
        )

    def _presence(self, track: _Track) -> float:
        windows = min(self._rules.presence_windows, self._windows)
        best = sorted((kept.presence for kept in track.best), reverse=True)[:windows]
        return float(sum(best) / windows)

    def _present(self, heard: Sequence[WindowSlot]) -> list[WindowSlot]:
        ordered = sorted(heard, key=lambda slot: -slot.presence)
        return [slot for slot in ordered if slot.presence >= self._rules.min_presence] or ordered[:1]

    def _without_duplicates(self, ordered: list[WindowSlot]) -> list[WindowSlot]:
        """One slot for each instrument of a window: what is near-identical to a more present one melts into it."""
        kept: list[WindowSlot] = []
        for slot in ordered:
            twin = next((k for k in kept if k.vector @ slot.vector >= self._rules.duplicate_similarity), None)
            if twin is None:
                kept.append(slot)
            else:
                twin.activity = np.maximum(twin.activity, slot.activity)
        return kept

    def _assigned(self, present: list[WindowSlot]) -> list[_Track | None]:
        """For each slot of a window the track it belongs to, None for a new one."""
        chosen: list[_Track | None] = [None] * len(present)
        if not present or not self._tracks:
            return chosen
        centres = np.stack([track.centre for track in self._tracks])
        families = np.stack([track.family_mean for track in self._tracks])
        similarity = np.stack([slot.vector for slot in present]) @ centres.T
        agreement = np.stack([slot.families for slot in present]) @ families.T
        score = similarity + self._rules.family_weight * agreement
        allowed = score >= self._rules.join_similarity
        # Forbidden pairs cost as much as no pair at all, so that they never push an allowed pair aside.
        rows, columns = linear_sum_assignment(np.where(allowed, score, 0.0), maximize=True)
        for row, column in zip(rows, columns, strict=True):
            if allowed[row, column]:
                chosen[row] = self._tracks[column]
        return chosen

    def _extend(self, track: _Track, slot: WindowSlot, window: int, start_cell: int, weight: np.ndarray) -> None:
        track.sum = track.sum + slot.presence * slot.vector
        track.families = track.families + slot.presence * slot.families
        track.windows.add(window)
        middle_seconds = (start_cell + len(weight) / 2) * CELL_SECONDS
        kept = _Kept(slot.presence, window, slot.vector, Passage(middle_seconds, slot.families))
        track.best = self._best([*track.best, kept])
        track.exposure = _added(track.exposure, start_cell, weight * slot.presence * slot.activity)

    def _best(self, candidates: list[_Kept]) -> list[_Kept]:
        """The most present windows, each once."""
        best: dict[int, _Kept] = {}
        for candidate in sorted(candidates, key=lambda kept: (-kept.presence, kept.window)):
            best.setdefault(candidate.window, candidate)
        return list(best.values())[: max(self._rules.vector_windows, self._rules.presence_windows)]

    def _merge_alike(self) -> None:
        """Merge the most similar pair of tracks which are one instrument, until there is none."""
        while len(self._tracks) > 1:
            centres = np.stack([track.centre for track in self._tracks])
            similarity = np.triu(centres @ centres.T, k=1)
            for position in np.argsort(similarity, axis=None)[::-1]:
                first, second = divmod(int(position), len(self._tracks))
                value = similarity[first, second]
                if value < self._rules.merge_similarity:
                    return
                if value >= self._rules.duplicate_similarity or self._seldom_together(first, second):
                    self._merge(first, second)
                    break
            else:
                return

    def _seldom_together(self, first: int, second: int) -> bool:
        one, other = self._tracks[first].windows, self._tracks[second].windows
        return len(one & other) <= self._rules.merge_overlap * min(len(one), len(other))

    def _merge(self, first: int, second: int) -> None:
        into, gone = self._tracks[first], self._tracks.pop(second)
        into.id = min((number for number in (into.id, gone.id) if number is not None), default=None)
        into.sum = into.sum + gone.sum
        into.families = into.families + gone.families
        into.best = self._best(into.best + gone.best)
        longer, shorter = sorted((into.exposure, gone.exposure), key=len, reverse=True)
        into.exposure = longer.copy()
        if into.windows & gone.windows:  # answered twice in the same windows: the same sound, not two of them
            into.exposure[: len(shorter)] = np.maximum(longer[: len(shorter)], shorter)
        else:
            into.exposure[: len(shorter)] += shorter
        into.windows |= gone.windows

    def _drop_weakest(self) -> None:
        while len(self._tracks) > self._rules.max_tracked:
            # The newest window's tracks had no chance yet to be heard again.
            old = [track for track in self._tracks if self._windows - 1 not in track.windows] or self._tracks
            self._tracks.remove(min(old, key=lambda track: float(np.linalg.norm(track.sum))))


def evidence(tracks: Sequence[_Track], exposures: np.ndarray) -> np.ndarray:
    """What tells instruments from mistakes: float [tracks, 3], as `Calibration.slot` weighs it.

    exposures : [tracks, cells], 0..1.
    """
    centres = np.stack([track.centre for track in tracks])
    similarity = centres @ centres.T
    np.fill_diagonal(similarity, 0.0)
    families = np.array([track.family_mean.max() for track in tracks])
    return np.stack([exposures.max(axis=1), families, similarity.max(axis=1)], axis=1)


def _added(curve: np.ndarray, start: int, values: np.ndarray) -> np.ndarray:
    """`curve`, made longer where need be, with `values` added from cell `start` on."""
    end = start + len(values)
    if end > len(curve):
        curve = np.concatenate((curve, np.zeros(end - len(curve), np.float32)))
    curve[start:end] += values
    return curve


def cells_of(seconds: float) -> int:
    """How many cells a duration takes."""
    return int(np.ceil(round(seconds / CELL_SECONDS, 6)))

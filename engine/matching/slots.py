"""A slot: one instrument heard in the reference, and when it sounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CELL_SECONDS = 0.1
"""The grid of time on which a slot's exposure is told."""


@dataclass(frozen=True)
class SlotRules:
    """How windows become slots. Every similarity is a cosine of two unit vectors of the ear.

    The similarities and shares were chosen on songs of validation instruments (`earshot eval --protocol song`).

    Attributes
    ----------
    hop_seconds : distance of two windows. Half a window: every moment but the ends is heard twice, once near the
        middle of a window, where the ear knows what comes before and after.
    silence_db : RMS in dBFS under which a window is not heard and a cell counts as silent. Below the noise floor of
        16-bit recordings with their dither, above what a fade-out leaves.
    short_seconds : a reference shorter than this is one sound, not a mixture; it is heard by the single head.
    min_presence : a window's slot less present than this is not counted. Lower than a coin's toss, because the
        windows' agreement decides later; the most present slot of a loud window always counts.
    join_similarity : a window's slot joins a song's slot at least this similar, else it founds a new one.
    family_weight : how much agreement about the family (0 none, 1 full) adds to the similarity when joining. Enough
        to decide between two near candidates, not enough to overrule the vectors.
    merge_similarity : two of the song's slots at least this similar are one, if they seldom sound in the same window.
    merge_overlap : what 'seldom' means: the share of the rarer slot's windows in which both were heard.
    duplicate_similarity : so similar that they are one even inside the same window: the ear answered twice.
    vector_windows : a slot keeps what this many windows heard, those in which it is most present.
    presence_windows : a slot's presence is the mean over this many best windows. Half-overlapping windows hear every
        moment twice; what only one of them hears is probably a mistake.
    min_agreement : slots of less presence are not considered.
    min_confidence : slots below are not shown; where an ear is not calibrated, presence stands for confidence. The best
        one is always shown if anything sounds at all. Low, because an instrument that is missing is worse than a lane
        too many, which can be seen to be unsure.
    max_slots : more lanes than this help nobody.
    max_tracked : candidates kept while listening, the weakest are dropped: bounds memory for any length of reference.
    active_share : a slot is active where its exposure reaches this share of its own strong passages.
    min_gap_seconds : shorter pauses do not split an active stretch.
    exposed_length_seconds : length of the passage offered for listening to the slot.
    """

    hop_seconds: float = 2.5
    silence_db: float = -60.0
    short_seconds: float = 1.5
    min_presence: float = 0.4
    join_similarity: float = 0.5
    family_weight: float = 0.1
    merge_similarity: float = 0.5
    merge_overlap: float = 0.25
    duplicate_similarity: float = 0.7
    vector_windows: int = 20
    presence_windows: int = 2
    min_agreement: float = 0.3
    min_confidence: float = 0.4
    max_slots: int = 12
    max_tracked: int = 48
    active_share: float = 0.3
    min_gap_seconds: float = 0.5
    exposed_length_seconds: float = 4.0


DEFAULT_RULES = SlotRules()


@dataclass(frozen=True, eq=False)
class Passage:
    """Where one of a slot's vectors was heard, and as what.

    Attributes
    ----------
    middle_seconds : the middle of the window.
    families : float32 [families], probabilities.
    """

    middle_seconds: float
    families: np.ndarray


@dataclass(frozen=True, eq=False)
class Slot:
    """One instrument of the reference.

    Attributes
    ----------
    id : 1, 2, ...; stays the same while results stream in.
    vectors : float32 [windows, dimension], unit rows, in the space of the library's sounds: what its best windows
        heard. A sound is as near to the slot as to the nearest of them: one passage in which the instrument stands
        alone tells more than the average of many in which it is half buried.
    family : the likeliest of `engine.families.FAMILIES`.
    likely_families : those in which its sound is looked for, the likeliest first.
    confidence : 0..1, how sure the ear is that this instrument is there.
    exposure : float32 per `CELL_SECONDS`, 0..1; cell 0 begins with the file, whatever region of it was heard.
    activity : stretches in seconds in which the slot sounds, in order, not overlapping.
    exposed_seconds : the passage in which it is best heard, strong itself and little covered by the others.
    evidence : what the confidence rests on, as `engine.encoder.calibration.Calibration` weighs it.
    passages : one for each of the vectors; none where the slot was heard as a single sound.
    content : of the reference's file, as `engine.library.content` tells it: that file is no match for the slot.
    """

    id: int
    vectors: np.ndarray
    family: str
    likely_families: tuple[str, ...]
    confidence: float
    exposure: np.ndarray
    activity: tuple[tuple[float, float], ...]
    exposed_seconds: tuple[float, float]
    evidence: tuple[float, ...] = ()
    passages: tuple[Passage, ...] = ()
    content: bytes | None = None


def active_stretches(exposure: np.ndarray, rules: SlotRules = DEFAULT_RULES) -> tuple[tuple[float, float], ...]:
    """The stretches in seconds where an exposure curve (float [cells]) is high by its own measure."""
    sounding = exposure[exposure > 0]
    if not len(sounding):
        return ()
    active = exposure >= rules.active_share * np.quantile(sounding, 0.95)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], active, [False])).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    long_gap = (starts[1:] - ends[:-1]) * CELL_SECONDS >= rules.min_gap_seconds - 1e-9
    starts = starts[np.concatenate(([True], long_gap))]
    ends = ends[np.concatenate((long_gap, [True]))]
    return tuple((_seconds(start), _seconds(end)) for start, end in zip(starts, ends, strict=True))


def most_exposed(
    exposures: np.ndarray, rules: SlotRules = DEFAULT_RULES, *, first_cell: int = 0
) -> list[tuple[float, float]]:
    """For each slot the passage in seconds where it is strong and the others are weak.

    Parameters
    ----------
    exposures : float [slots, cells], 0..1, all slots of the reference.
    first_cell : where the heard region begins; passages lie inside it. It ends with the last cell.
    """
    cells = exposures.shape[1]
    length = min(round(rules.exposed_length_seconds / CELL_SECONDS), cells - first_cell)
    # Its own strength times its share of everything that is heard at that moment.
    dominance = exposures**2 / np.maximum(exposures.sum(axis=0), 1e-6)
    passages = []
    for curve in dominance[:, first_cell:]:
        total = np.concatenate(([0.0], np.cumsum(curve, dtype=np.float64)))
        start = int(np.argmax(total[length:] - total[:-length]))
        sounding = np.flatnonzero(curve[start : start + length] > 0.25 * curve[start : start + length].max())
        if len(sounding):  # begin with the sound itself, not with the silence before it
            start = min(start + int(sounding[0]), len(curve) - length)
        passages.append((_seconds(first_cell + start), _seconds(first_cell + start + length)))
    return passages


def _seconds(cell: int) -> float:
    return round(int(cell) * CELL_SECONDS, 1)

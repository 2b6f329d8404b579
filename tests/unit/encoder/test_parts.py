"""Which parts sound in a piece, told from what an ear heard in its windows."""

from __future__ import annotations

import numpy as np
import pytest

from engine.encoder.heard import HeardWindows
from engine.encoder.parts import MOST_WINDOWS, PartsCollector, hear_parts, part_presence
from engine.families import DRUM_FAMILIES, FAMILIES, FAMILY_INDEX, PARTS, part_of_family

RATE, LENGTH = 100, 500
VECTORS = np.eye(len(PARTS), 8, dtype=np.float32)


def heard(*windows: dict[str, float], turned: float = 0.0) -> HeardWindows:
    """Windows in which slots of these families are so present; part vectors are unit axes, turned towards another."""
    vectors = np.cos(turned) * VECTORS + np.sin(turned) * np.eye(1, 8, 7, dtype=np.float32)
    presence = np.array([list(window.values()) for window in windows], np.float32)
    families = np.stack([[np.eye(len(FAMILIES))[FAMILY_INDEX[name]] for name in window] for window in windows])
    return HeardWindows(
        np.zeros((*presence.shape, 8), np.float32),
        presence,
        families.astype(np.float32),
        np.zeros((*presence.shape, 50), np.float32),
        np.stack([vectors.astype(np.float32)] * len(windows)),
    )


def test_every_family_but_effects_plays_a_part() -> None:
    assert {part_of_family(family) for family in DRUM_FAMILIES} == {"drums"}
    assert [family for family in FAMILIES if part_of_family(family) is None] == ["fx"]
    assert part_of_family(None) is None


def test_a_part_sounds_where_one_of_its_families_is_present() -> None:
    found = part_presence(heard({"hat": 0.9, "organ": 0.6, "keys": 0.7, "fx": 1.0, "bass": 0.2}))
    np.testing.assert_allclose(found, [[0.9, 0.2, 0.7, 0.0, 0.0]], atol=1e-6)
    collector = PartsCollector()
    collector.add(heard({"hat": 0.9, "organ": 0.6, "keys": 0.7, "fx": 1.0, "bass": 0.2}))
    assert list(collector.parts()) == ["drums", "keys"]


def test_one_window_of_several_is_not_believed() -> None:
    collector = PartsCollector()
    collector.add(heard({"bass": 0.9, "lead": 0.9}, {"bass": 0.3, "lead": 0.0}, {"bass": 0.0, "lead": 0.0}))
    assert list(collector.parts()) == ["bass"]  # 0.6 and 0.45 over the two best
    collector.add(heard({"bass": 0.0, "lead": 0.4}))
    assert list(collector.parts()) == ["bass", "other"]


def test_windows_are_merged_by_how_present_the_part_is_in_them() -> None:
    collector = PartsCollector()
    collector.add(heard({"bass": 0.9}))
    collector.add(heard({"bass": 0.6}, turned=0.5))
    collector.add(heard({"bass": 0.4}, turned=1.5))  # too unsure to change what the part is like
    (vector,) = collector.parts().values()
    expected = 0.9 * VECTORS[1] + 0.6 * (np.cos(0.5) * VECTORS[1] + np.sin(0.5) * np.eye(1, 8, 7)[0])
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)
    assert vector.dtype == np.float32


def test_the_passage_of_a_part_is_where_it_is_heard_most_surely() -> None:
    collector = PartsCollector()
    collector.add(heard({"bass": 0.7, "hat": 0.8}, {"bass": 0.6, "hat": 0.9}), [(0.0, 5.0), (2.5, 7.5)])
    alone = {("drums",): (2.5, 7.5), ("bass",): (0.0, 5.0)}
    assert collector.passages() == {**alone, ("drums", "bass"): (0.0, 5.0)}
    collector.add(heard({"bass": 0.9, "hat": 0.9, "lead": 0.4}), [(5.0, 9.0)])
    later = {("drums",): (2.5, 7.5), ("bass",): (5.0, 9.0), ("drums", "bass"): (5.0, 9.0)}
    assert collector.passages() == later, "the first of two, and no unsure part"


def test_parts_that_never_sound_at_once_have_no_passage_together() -> None:
    collector = PartsCollector()
    collector.add(
        heard(*({"bass": bass, "hat": hat} for bass, hat in ((0.9, 0.2), (0.8, 0.0), (0.0, 0.9), (0.3, 0.8)))),
        [(0.0, 5.0), (2.5, 7.5), (5.0, 10.0), (7.5, 12.5)],
    )
    assert collector.passages() == {("drums",): (5.0, 10.0), ("bass",): (0.0, 5.0)}


def test_nothing_heard_and_nothing_told() -> None:
    collector = PartsCollector()
    assert collector.parts() == {}
    plain = heard({"bass": 0.9})
    collector.add(HeardWindows(plain.vectors, plain.presence, plain.families, plain.activity))
    assert collector.parts() == {}


class _Witness:
    rate, window_seconds = RATE, 5.0

    def __init__(self) -> None:
        self.windows = np.zeros((0, LENGTH))

    def hear(self, windows: np.ndarray) -> HeardWindows:
        self.windows = windows
        return heard(*[{"bass": 0.9}] * len(windows))


@pytest.mark.parametrize(
    ("seconds", "count"), [(0.01, 1), (2.0, 1), (5.0, 1), (5.1, 2), (12.0, 3), (600.0, MOST_WINDOWS)]
)
def test_as_many_windows_as_the_sound_is_long(seconds: float, count: int) -> None:
    sound = np.random.default_rng(0).normal(size=round(seconds * RATE)).astype(np.float32)
    ear = _Witness()
    (parts,) = hear_parts([sound], ear)
    assert list(parts) == ["bass"]
    assert ear.windows.shape == (count, LENGTH)
    assert ear.windows.dtype == np.float32
    np.testing.assert_array_equal(ear.windows[0][: len(sound)], sound[:LENGTH])
    if count > 1:
        np.testing.assert_array_equal(ear.windows[-1], sound[-LENGTH:])
    else:  # a loop goes round
        np.testing.assert_array_equal(ear.windows[0], np.resize(sound, LENGTH))


def test_silence_is_not_asked_about() -> None:
    sound = np.zeros(4 * LENGTH, np.float32)
    ear = _Witness()
    assert hear_parts([sound], ear) == [{}]
    louder = sound.copy()
    louder[2 * LENGTH : 3 * LENGTH] = 0.5
    assert [list(parts) for parts in hear_parts([louder, sound, louder], ear)] == [["bass"], [], ["bass"]]
    assert len(ear.windows) == 2
    assert hear_parts([], ear) == []


def test_sounds_heard_together_are_not_mixed_up() -> None:
    class Ear(_Witness):
        def hear(self, windows: np.ndarray) -> HeardWindows:
            return heard(
                *({"bass": 0.9, "lead": 0.0} if level < 1 else {"bass": 0.0, "lead": 0.9} for level in windows[:, 0])
            )

    low, high = np.full(2 * LENGTH, 0.5, np.float32), np.full(LENGTH, 2.0, np.float32)
    found = hear_parts([low, high, low], Ear())
    assert [list(parts) for parts in found] == [["bass"], ["other"], ["bass"]]

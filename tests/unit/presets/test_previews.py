"""Presets of plug-ins, heard by the recording that lies beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import AudioError
from engine.presets import PRESET_SUFFIXES, Note, audition, hear, notes_to_hear, play, presets_of, preview_of
from tests.unit.presets.fonts import strongest_hz


@pytest.fixture
def preset(tmp_path: Path) -> Path:
    path = tmp_path / "Warm Pad.nksf"
    path.write_bytes(b"RIFF\x04\0\0\0NIKS")
    (tmp_path / ".previews").mkdir()
    t = np.arange(6 * 44_100) / 44_100
    soundfile.write(tmp_path / ".previews" / "Warm Pad.nksf.ogg", 0.2 * np.sin(2 * np.pi * 440 * t), 44_100)
    return path


def test_a_preset_is_heard_by_its_preview(preset: Path) -> None:
    (found,) = presets_of(preset)
    assert (found.key, found.name, found.keys) == ("", "Warm Pad", ())
    assert notes_to_hear(found) == ()
    assert preview_of(preset) == preset.parent / ".previews" / "Warm Pad.nksf.ogg"
    (whole,) = hear(preset, "", rate=32_000)
    assert whole.rate == 32_000
    assert whole.duration_seconds == pytest.approx(6.0, abs=0.1)
    clicked = audition(preset, "")
    assert clicked.duration_seconds <= 3.0
    assert strongest_hz(clicked.samples, clicked.rate) == pytest.approx(440, rel=0.01)
    assert np.abs(clicked.samples).max() == pytest.approx(0.5, abs=0.01)


def test_nothing_else_can_be_played_of_it(preset: Path) -> None:
    with pytest.raises(AudioError, match="plug-in"):
        play(preset, "", Note(60), rate=44_100)


def test_without_or_with_a_damaged_preview_it_says_so_of_the_preset(preset: Path, tmp_path: Path) -> None:
    lonely = tmp_path / "Lonely.nki"
    lonely.write_bytes(b"x")
    assert preview_of(lonely) is None
    with pytest.raises(AudioError, match="no preview"):
        presets_of(lonely)
    (tmp_path / ".previews" / "Warm Pad.nksf.ogg").write_bytes(b"no sound")
    with pytest.raises(AudioError, match="Its preview: Not audio") as failure:
        hear(preset, "", rate=32_000)
    assert failure.value.path == preset


def test_the_endings_that_a_scan_lists() -> None:
    assert {".sf2", ".sf3", ".sfz", ".nksf", ".nki"} <= PRESET_SUFFIXES
    assert all(suffix == suffix.lower() for suffix in PRESET_SUFFIXES)

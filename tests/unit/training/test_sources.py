"""Training instruments of SoundFonts: what is listed can be rendered."""

from pathlib import Path

import numpy as np
import pytest

from engine.presets import presets_of
from engine.training.sources import soundfont
from tests.unit.presets.fonts import FontPreset, Sample, Zone, tone, write_font

NAMES = (
    b"Kick",
    b"Snare",
    b"Hat",
    b"Clap",
    b"Ride",
    b"Bell",
    b"Tom",
    b"Crash",
    b"Block",
    b"Whistle",
    b"Guiro",
    b"Cowbell",
)


@pytest.fixture
def font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pitched preset, a drum kit, and what has the shape of a kit among the pitched ones."""
    samples = [Sample(tone(100 + 40 * number, 0.2), name=name) for number, name in enumerate(NAMES)]
    struck = [Zone(number, (50 + number, 50 + number), root=50 + number) for number in range(len(NAMES))]
    pitched = FontPreset(b"Piano", [Zone(0, (21, 108))], bank=0, program=0)
    effects = FontPreset(b"Effects", struck, bank=10, program=115)
    kit = FontPreset(b"Kit", struck, bank=128, program=0)
    path = write_font(tmp_path / "font.sf2", [pitched, effects, kit], samples)
    monkeypatch.setitem(soundfont.SOUNDFONTS, "fluid", path)
    return path


def test_every_instrument_that_is_listed_sounds(font: Path) -> None:
    assert any(preset.key.startswith("10:115:") for preset in presets_of(font)), "the library takes it for a kit"
    source = soundfont.SoundFont("fluid")
    instruments = source.instruments()
    assert [i.key for i in instruments if not i.drum] == ["fluid/0/0", "fluid/10/115"]
    assert len([i for i in instruments if i.drum]) == len(NAMES)
    for instrument in instruments:
        notes = list(source.render_notes(instrument))
        assert notes
        assert all(np.abs(note.samples).max() > 0.01 for note in notes)

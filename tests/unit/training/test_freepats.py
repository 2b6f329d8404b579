"""Freepats as a source: what its list names, and notes that lie where they are looked for."""

import sys
from pathlib import Path

import librosa
import numpy as np
import pytest

from engine.training.instruments import RATE
from engine.training.sources import freepats

LIST = """
dir /usr/share/midi/freepats
# made by hand
drumset 0
 35\tDrum_000/035_Kick_1.pat amp=100
 31\tDrum_000/031_Sticks.pat

bank 0
 0\tTone_000/000_Acoustic_Grand_Piano.pat amp=120 pan=center
 33\tTone_000/033_Finger_Bass.pat
"""
PLAYER = """#!{python}
import sys
import mido, numpy as np, soundfile
song, rate = mido.MidiFile(sys.argv[-1]), int(sys.argv[sys.argv.index("-s") + 1])
samples, now = np.zeros(int(song.length * rate)), 0.0
for message in song:
    now += message.time
    if message.type == "note_on":
        time = np.arange(int(1.0 * rate)) / rate
        tone = np.sin(2 * np.pi * 440 * 2 ** ((message.note - 69) / 12) * time) * message.velocity / 127
        samples[int(now * rate):][:len(tone)] += tone
soundfile.write(sys.argv[sys.argv.index("-o") + 1], samples * 0.5, rate)
"""


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of four patches, and a player that plays each note as a second of a sine."""
    monkeypatch.setattr(freepats, "PATCHES", tmp_path / "freepats.cfg")
    monkeypatch.setattr(freepats, "PLAYER", tmp_path / "timidity")
    (tmp_path / "freepats.cfg").write_text(LIST)
    (tmp_path / "timidity").write_text(PLAYER.format(python=sys.executable))
    (tmp_path / "timidity").chmod(0o755)


def test_programs_and_drums_are_instruments() -> None:
    found = [(i.key, i.name, i.family, i.drum) for i in freepats.instruments()]
    assert found == [
        ("freepats/drum/35", "Kick 1", "kick", True),
        ("freepats/drum/31", "Sticks", None, True),
        ("freepats/tone/0", "Acoustic Grand Piano", "keys", False),
        ("freepats/tone/33", "Finger Bass", "bass", False),
    ]


def test_each_note_is_cut_out_where_it_was_played() -> None:
    piano = freepats.instruments()[2]
    notes = list(freepats.render_notes(piano))
    assert len(notes) == 7
    for note in notes:
        assert np.argmax(np.abs(note.samples) > 0.01) < 0.01 * RATE
        assert np.abs(note.samples).max() == pytest.approx(0.5 * int(note.velocity * 127) / 127, abs=0.01)
        spectrum = np.abs(np.fft.rfft(note.samples[:RATE]))  # of a second: a bin is a hertz
        assert librosa.hz_to_midi(spectrum.argmax()) == pytest.approx(note.midi, abs=0.3)


def test_a_drum_is_two_strokes_of_its_key() -> None:
    kick = freepats.instruments()[0]
    notes = list(freepats.render_notes(kick))
    assert [(note.midi, note.velocity) for note in notes] == [(60, 0.95), (60, 0.65)]
    assert [float(np.abs(note.samples).max()) > 0.25 for note in notes] == [True, True]

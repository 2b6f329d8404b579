"""Training instruments: what is listed, what can be rendered, and on which side of a split it comes."""

from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
from scipy.signal import lfilter

from engine.audio.measure import pitch_track
from engine.errors import EarshotError
from engine.presets import presets_of
from engine.training import data, note_bank, sources
from engine.training.instruments import RATE, Instrument, Note
from engine.training.sources import amsynth, soundfont, voices
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


def test_programs_of_the_mt32_tell_no_family_by_their_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = Sample(tone(220, 0.2), name=b"Sample")
    zones = [Zone(0, (21, 108))]
    named = FontPreset(b"Slap Bass", zones, bank=127, program=70)
    unnamed = FontPreset(b"Fantasy", zones, bank=127, program=32)
    path = write_font(tmp_path / "font.sf2", [named, unnamed], [sample])
    monkeypatch.setitem(soundfont.SOUNDFONTS, "csound", path)
    families = {i.name: i.family for i in soundfont.SoundFont("csound").instruments()}
    assert families == {"Slap Bass": "bass", "Fantasy": None}


def test_the_kit_of_a_font_for_drums_alone_is_one_wherever_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    struck = [Zone(0, (36, 36), root=36), Zone(0, (38, 38), root=38)]
    kit = FontPreset(b"Pearl", struck, bank=0, program=0)
    path = write_font(tmp_path / "font.sf2", [kit], [Sample(tone(220, 0.2), name=b"Hit")])
    monkeypatch.setitem(soundfont.SOUNDFONTS, "black-pearl", path)
    assert [(i.family, i.drum) for i in soundfont.SoundFont("black-pearl").instruments()] == [
        ("kick", True),
        ("snare", True),
    ]


def preset(name: str, attack: float, cutoff: float) -> str:
    return f"<preset> <name> {name} \n<parameter> amp_attack {attack}\n<parameter> filter_cutoff {cutoff}\n"


def test_what_is_not_installed_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(soundfont.SOUNDFONTS, "fluid", tmp_path / "FluidR3_GM.sf2")
    sources.require(["procedural"])
    with pytest.raises(EarshotError, match=r"FluidR3_GM\.sf2 is not there; .* fluid-soundfont-gm, or .*--sources"):
        sources.require(["procedural", "fluid"])
    (tmp_path / "FluidR3_GM.sf2").touch()
    sources.require(["fluid"])
    monkeypatch.setattr(amsynth, "BANKS", tmp_path)
    monkeypatch.setattr(amsynth, "PLUGIN", tmp_path / "amsynth_vst.so")
    with pytest.raises(EarshotError, match=r"amsynth_vst\.so is not there"):
        sources.require(["amsynth"])
    (tmp_path / "amsynth_vst.so").touch()
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(EarshotError, match="xvfb-run"):
        sources.require(["amsynth"])


def test_presets_of_amsynth_are_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amsynth, "BANKS", tmp_path)
    quick = [preset(f"Derren {number}", 0.01, number / 100) for number in range(40)]
    slow = [preset(f"Airy {number}", 0.5, number / 100) for number in range(40)]
    named = [preset("Rhodes EP", 0.01, 2.0), preset("the same again", 0.01, 2.0)]
    (tmp_path / "One.amSynth.bank").write_text("amSynth\n" + "".join([*quick, *slow, *named]) + "EOF\n")
    found = amsynth.instruments()
    assert len(found) == 81
    assert len({instrument.key for instrument in found}) == 81
    assert found[-1].key == "amsynth/One/80"
    assert (found[-1].name, found[-1].family) == ("Rhodes EP", "keys")
    basses = [instrument.name for instrument in found if instrument.family == "bass"]
    assert 5 < len(basses) < 25
    assert all(name.startswith("Derren") for name in basses)


def test_what_is_only_taught_changes_no_other_split(tmp_path: Path) -> None:
    def bank_of(source: str, hertz: list[int]) -> None:
        time = np.arange(RATE) / RATE
        tones = [[np.sin(2 * np.pi * f * shift * time).astype(np.float32) for shift in (1.0, 1.5)] for f in hertz]
        rendered = [
            (Instrument(f"{source}/{f}", source, str(f), None), [Note(60, 0.8, 0.9, one), Note(67, 0.8, 0.9, other)])
            for f, (one, other) in zip(hertz, tones, strict=True)
        ]
        note_bank.write(tmp_path / source, rendered)

    bank_of("procedural", [100 * 2**n for n in range(6)])
    bank_of("timgm6mb", [147, 294])
    bank_of("amsynth", [200, 294, *(123 * 2**n for n in range(6))])  # the first two sound like others
    names = ("procedural", "timgm6mb", "amsynth")
    before = data.split({name: tmp_path / name for name in names[:2]})
    after = data.split({name: tmp_path / name for name in names})
    assert after["unseen"] == before["unseen"] == [("timgm6mb", 0), ("timgm6mb", 1)]
    assert (after["validation"], after["test"]) == (before["validation"], before["test"])
    assert after["train"] == before["train"] + [("amsynth", number) for number in range(2, 8)]


def spoken(hertz: float, seconds: float = 0.6) -> np.ndarray:
    """What a throat does: pulses through two resonances, silence round them."""
    pulses = np.zeros(int(seconds * RATE))
    pulses[:: int(RATE / hertz)] = 1.0
    for centre in (700, 1200):
        radius, angle = np.exp(-np.pi * 80 / RATE), 2 * np.pi * centre / RATE
        pulses = lfilter([1.0], [1.0, -2 * radius * np.cos(angle), radius**2], pulses)
    return np.pad(0.5 * pulses / np.abs(pulses).max(), RATE // 10).astype(np.float32)


def test_a_spoken_word_is_sung_at_the_pitch_that_is_asked_for() -> None:
    word = spoken(120.0)
    for midi in (48, 57):
        note = voices.sung(word, midi)
        assert len(note) / len(word) == pytest.approx(voices.SUNG_STRETCH, rel=0.05)
        heard, _, _ = pitch_track(note[len(note) // 4 : len(note) // 2], RATE, 0.05)
        assert np.median(librosa.hz_to_midi(heard)) == pytest.approx(midi, abs=0.3)


def test_recorded_speakers_speak_and_sing_but_for_the_one_that_is_kept_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for speaker in ("Somebody", voices.KEPT_OUT):
        (tmp_path / "sounds" / speaker / "phonetic").mkdir(parents=True)
        for number in range(16):
            word = spoken(100.0 + number)
            soundfile.write(tmp_path / "sounds" / speaker / "phonetic" / f"{number:02}_p.wav", word, RATE)
    (tmp_path / "speakers").mkdir()
    (tmp_path / "speakers" / "klatt").touch()
    monkeypatch.setattr(voices, "RECORDED", tmp_path / "sounds")
    monkeypatch.setattr(voices, "SPEAKERS", tmp_path / "speakers")
    found = {instrument.key: instrument for instrument in voices.instruments()}
    assert sum("Somebody" in key for key in found) == 1 + len(voices.VOCAL_TRACTS)
    assert sum("klatt" in key for key in found) == 2
    assert not any(voices.KEPT_OUT in key for key in found)
    spoken_notes = list(voices.render_notes(found["voices/Somebody/spoken"]))
    assert len({note.midi for note in spoken_notes}) == 16
    sung_notes = list(voices.render_notes(found["voices/Somebody/sung 1.0"]))
    assert {note.midi - sung_notes[0].midi for note in sung_notes} == set(voices.SUNG_OFFSETS)
    assert 45 <= sung_notes[0].midi <= 51, "a little above the register of the words, about 107 Hz"

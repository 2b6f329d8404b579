"""File names that are one instrument, and those that only look like it."""

from __future__ import annotations

import pytest

from engine.presets import multisamples


def test_notes_of_one_name_are_one_instrument() -> None:
    names = ["Rhodes C3.wav", "Rhodes D#3.wav", "Rhodes F#3.wav", "Rhodes A3.wav", "readme.txt", "Rhodes.wav"]
    assert multisamples(reversed(names)) == {
        "Rhodes": {48: ["Rhodes C3.wav"], 51: ["Rhodes D#3.wav"], 54: ["Rhodes F#3.wav"], 57: ["Rhodes A3.wav"]}
    }


def test_notes_in_small_letters() -> None:
    names = ["flute_c3.wav", "flute_ds3.wav", "flute_f#3.wav", "flute_bb3.wav"]
    notes = {note: [name] for note, name in zip((48, 51, 54, 58), names, strict=True)}
    assert multisamples(names) == {"flute": notes}
    assert multisamples([f"vox_{letter}{number}.wav" for letter in "abc" for number in (1, 2)]) == {}


def test_layers_and_round_robins_belong_to_their_note() -> None:
    names = [
        f"cello_{dynamic}_{note}_rr{n}.wav" for dynamic in ("pp", "ff") for note in ("A2", "C3", "Eb3") for n in (1, 2)
    ]
    (instrument,) = multisamples(names).items()
    assert instrument[0] == "cello"
    assert {note: len(files) for note, files in instrument[1].items()} == {45: 4, 48: 4, 51: 4}
    velocities = [f"Upright Bass {note} v{n}.flac" for note in ("E1", "A1", "D2") for n in (32, 64, 127)]
    assert {note: len(files) for note, files in multisamples(velocities)["Upright Bass"].items()} == {
        28: 3,
        33: 3,
        38: 3,
    }


def test_notes_that_nothing_parts_from_name_and_velocity() -> None:
    for name in ("", "Piano", "Grand Piano "):
        names = [f"{name}{note}v{n}.wav" for note in ("A0", "C1", "D#1", "F#1", "A1") for n in (1, 8, 16)]
        (instrument,) = multisamples(names).items()
        assert instrument[0] == name.strip()
        assert {note: len(files) for note, files in instrument[1].items()} == dict.fromkeys((21, 24, 27, 30, 33), 3)
    assert list(multisamples(["FeltPianoC2.wav", "FeltPianoG2.wav", "FeltPianoD3.wav"])) == ["FeltPiano"]


def test_two_instruments_in_one_folder() -> None:
    names = [f"{name} {note}.wav" for name in ("Soft Keys", "Hard Keys") for note in ("C2", "G2", "D3")]
    assert set(multisamples(names)) == {"Soft Keys", "Hard Keys"}


def test_files_called_by_their_note_alone_are_named_by_their_folder() -> None:
    assert list(multisamples(["C2.wav", "F2.wav", "A#2.wav"])) == [""]


def test_one_note_in_every_octave_is_an_instrument() -> None:
    assert list(multisamples([f"Warm Pad C{octave}.wav" for octave in range(1, 8)])) == ["Warm Pad"]
    assert list(multisamples(["Pad C2.wav", "Pad C3.wav", "Pad C4.wav"])) == ["Pad"]
    for least, most in ((1, 6), (1, 7), (0, 7)):
        names = [f"Pad C{octave}.wav" for octave in range(least, most + 1)]
        assert list(multisamples(names)) == ["Pad"]
        assert list(multisamples([*names, "Pad F3.wav"])) == ["Pad"]
    assert list(multisamples(["Bass E1.wav", "Bass E2.wav", "Bass E3.wav"])) == ["Bass"]


def test_machines_are_called_by_numbers() -> None:
    assert list(multisamples(["808 C1.wav", "808 E1.wav", "808 G1.wav"])) == ["808"]


@pytest.mark.parametrize(
    "names",
    [
        ["Rhodes C3.wav", "Rhodes D3.wav"],  # two notes
        ["Rhodes C3.wav", "Rhodes C#3.wav", "Rhodes D3.wav"],  # too narrow
        ["Rhodes C3 1.wav", "Rhodes C3 2.wav", "Rhodes C3 3.wav"],
        ["Kick C1.wav", "Kick F1.wav", "Kick A1.wav"],
        ["loop 1.wav", "loop 2.wav", "loop 3.wav", "take 3.wav", "take 4.wav"],
        ["Melody Loop C3.wav", "Melody Loop F3.wav", "Melody Loop A3.wav"],
        ["Pad 120bpm C3.wav", "Pad 120bpm F3.wav", "Pad 120bpm A3.wav"],
        ["Keys_90_Cmin.wav", "Keys_90_Fmin.wav", "Keys_90_Amin.wav"],
        ["Keys C3 Cmaj.wav", "Keys F3 Fmaj.wav", "Keys A3 Amaj.wav"],
        ["Bass A1.wav", "Bass A2.wav", "Bass B1.wav", "Bass B2.wav"],
        ["BankA1.wav", "BankA2.wav", "BankB1.wav", "BankB2.wav", "BankC1.wav", "BankC2.wav"],
        ["KickC1.wav", "KickF1.wav", "KickA1.wav"],
        ["Lead A1.wav", "Lead A2.wav", "Lead A3.wav"],
        [f"Pad B{number}.wav" for number in range(1, 9)],  # of a drum machine's bank
        [f"Pad C{number}.wav" for number in range(1, 9)],
        [f"Pads_C{number}.wav" for number in range(16)],
        [f"Pad {bank}{number}.wav" for bank in "ABC" for number in range(1, 7)],
        [f"Pad {bank}{number:02}.wav" for bank in "ABCD" for number in range(1, 17)],
        [f"Pad C{number:02}.wav" for number in range(1, 17)],
        [f"E{number}.wav" for number in range(1, 9)],
        ["Slice C1.wav", "Slice F1.wav", "Slice A1.wav"],
        ["Vocal Chop C1.wav", "Vocal Chop F1.wav", "Vocal Chop A1.wav"],
        ["Brass C3.wav", "Strings F3.wav", "Choir A3.wav"],
        ["chord C3.wav", "chord F3.wav", "chord A3.wav"],
        ["Vinyl 1978 A.wav", "Vinyl 1979 B.wav", "Vinyl 1980 C.wav"],
        [],
    ],
)
def test_what_is_no_instrument(names: list[str]) -> None:
    assert multisamples(names) == {}

"""Freepats: recorded instruments as patches of the Gravis Ultrasound, played by TiMidity++.

What plays them is told by TiMidity's own list: lines of a program's number and its file, below `bank 0` or `drumset 0`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import mido
import soundfile

from engine.training.families import GM_DRUM_FAMILY, family_of_program
from engine.training.instruments import RATE, Instrument, Note, notes_to_play
from engine.training.sources.hosted import GATE_SECONDS, SLOT_SECONDS

PATCHES = Path("/etc/timidity/freepats.cfg")
PLAYER = Path("/usr/bin/timidity")
_DRUM_CHANNEL = 9
_DRUM_VELOCITIES = (0.95, 0.65)
_TICKS_PER_SECOND = 960
"""Of a MIDI file with 480 ticks a beat, at the 120 beats a minute that count where no tempo is told."""


def instruments() -> list[Instrument]:
    """Every program and every drum that has a patch; its `location` is its number."""
    found = []
    drum = False
    for line in PATCHES.read_text().splitlines():
        match line.split():
            case ["drumset" | "bank" as kind, _]:
                drum = kind == "drumset"
            case [number, patch, *_] if number.isdecimal():
                name = Path(patch).stem.partition("_")[2].replace("_", " ")
                program = int(number)
                family = GM_DRUM_FAMILY.get(program) if drum else family_of_program(program)
                key = f"freepats/{'drum' if drum else 'tone'}/{program}"
                found.append(Instrument(key, "freepats", name, family, location=number, drum=drum))
    return found


def render_notes(instrument: Instrument) -> Iterator[Note]:
    """Notes of a program; a drum at two velocities, as one note at MIDI 60."""
    number = int(instrument.location)
    wanted = [(number, velocity) for velocity in _DRUM_VELOCITIES] if instrument.drum else notes_to_play(instrument)
    with TemporaryDirectory() as folder:
        song, played = Path(folder) / "notes.mid", Path(folder) / "notes.wav"
        _song(wanted, _DRUM_CHANNEL if instrument.drum else 0, number).save(song)
        # Mono WAV, without the player's own reverb and chorus, at an amplitude that does not clip.
        options = ["-OwM", "-A50", "-EFreverb=d", "-EFchorus=d", "-s", str(RATE), "-o", str(played), "--quiet=2"]
        subprocess.run([PLAYER, "-c", PATCHES, *options, song], check=True, stdout=subprocess.DEVNULL)
        samples, _ = soundfile.read(played, dtype="float32")
    slot = int(SLOT_SECONDS * RATE)
    for place, (midi, velocity) in enumerate(wanted):
        yield Note(60 if instrument.drum else midi, velocity, GATE_SECONDS, samples[place * slot : (place + 1) * slot])


def _song(notes: Sequence[tuple[int, float]], channel: int, program: int) -> mido.MidiFile:
    """(MIDI number, velocity 0..1) pairs one after another, each held for the gate, a slot apart."""
    held, rest = (round(seconds * _TICKS_PER_SECOND) for seconds in (GATE_SECONDS, SLOT_SECONDS - GATE_SECONDS))
    track = mido.MidiTrack([] if channel == _DRUM_CHANNEL else [mido.Message("program_change", program=program)])
    pause = 0
    for midi, velocity in notes:
        loudness = int(velocity * 127)
        track.append(mido.Message("note_on", channel=channel, note=midi, velocity=loudness, time=pause))
        track.append(mido.Message("note_off", channel=channel, note=midi, time=held))
        pause = rest
    track.append(mido.MetaMessage("end_of_track", time=rest))
    return mido.MidiFile(ticks_per_beat=480, tracks=[track])

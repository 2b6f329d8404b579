"""ZynAddSubFX and Yoshimi presets (`.xiz`), played by the ZynAddSubFX plug-in.

The plug-in is hosted by DawDreamer and needs a display (`xvfb-run` serves). It listens for Open Sound Control on a
loopback port of its own choosing, which is found among the process's sockets; presets are loaded through it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

from engine.training.families import family_of_name
from engine.training.instruments import RATE, Instrument, Note, notes_to_play

PLUGIN = Path("/usr/lib/vst/ZynAddSubFX.so")
BANKS = {"zynaddsubfx": Path("/usr/share/zynaddsubfx/banks"), "yoshimi": Path("/usr/share/yoshimi/banks")}
GATE_SECONDS, SLOT_SECONDS = 1.4, 2.5
SETTLE_SECONDS = 0.3
"""Rendered and thrown away after loading a preset: the plug-in applies it between two audio blocks."""


def instruments(source: str, *, except_from: Path | None = None) -> list[Instrument]:
    """Every distinct preset of a bank folder.

    Parameters
    ----------
    source : a key of `BANKS`.
    except_from : presets whose bytes also occur below this folder are left out.
    """
    known = {path.read_bytes() for path in except_from.rglob("*.xiz")} if except_from else set()
    found = []
    for path in sorted(BANKS[source].rglob("*.xiz")):
        content = path.read_bytes()
        if content in known:
            continue
        known.add(content)
        name = re.sub(r"^\d+-", "", path.stem)
        bank = path.parent.name
        family = family_of_name(name) or family_of_name(bank)
        found.append(
            Instrument(f"{source}/{bank}/{path.stem}", source, name, family, location=str(path), drum=bank == "Drums")
        )
    return found


class ZynHost:
    """The plug-in with one part, as a renderer of notes."""

    def __init__(self) -> None:
        import dawdreamer
        from pythonosc.udp_client import SimpleUDPClient

        ports_before = _udp_ports()
        self._engine = dawdreamer.RenderEngine(RATE, 512)
        self._synth = self._engine.make_plugin_processor("zyn", str(PLUGIN))
        self._engine.load_graph([(self._synth, [])])
        self._engine.render(SETTLE_SECONDS)
        self._clients = [SimpleUDPClient("127.0.0.1", port) for port in sorted(_udp_ports() - ports_before)]
        if not self._clients:
            raise RuntimeError(f"{PLUGIN} opened no control port; is zynaddsubfx-vst installed and a display there?")

    def render_notes(self, instrument: Instrument) -> Iterator[Note]:
        """Load a preset and play it: notes of `GATE_SECONDS` with their release, `SLOT_SECONDS` apart."""
        for client in self._clients:
            client.send_message("/load_xiz", [0, instrument.location])
        self._synth.clear_midi()
        self._engine.render(SETTLE_SECONDS)
        wanted = notes_to_play(instrument)
        for number, (midi, velocity) in enumerate(wanted):
            self._synth.add_midi_note(midi, int(velocity * 127), number * SLOT_SECONDS, GATE_SECONDS)
        self._engine.render(SLOT_SECONDS * len(wanted))
        audio = np.nan_to_num(self._engine.get_audio().mean(axis=0))
        slot = int(SLOT_SECONDS * RATE)
        for number, (midi, velocity) in enumerate(wanted):
            yield Note(midi, velocity, GATE_SECONDS, audio[number * slot : (number + 1) * slot].astype(np.float32))


def _udp_ports() -> set[int]:
    return {c.laddr.port for c in psutil.Process().net_connections("udp") if c.laddr}

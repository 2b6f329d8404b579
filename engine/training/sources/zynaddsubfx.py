"""ZynAddSubFX and Yoshimi presets (`.xiz`), played by the ZynAddSubFX plug-in.

The plug-in listens for Open Sound Control on a loopback port of its own choosing, which is found among the process's
sockets; presets are loaded through it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import librosa
import numpy as np
import psutil

from engine.training.families import family_of_name
from engine.training.instruments import RATE, Instrument, Note, notes_to_play
from engine.training.sources.hosted import GATE_SECONDS, HostedPlugin

PLUGIN = Path("/usr/lib/vst/ZynAddSubFX.so")
BANKS = {"zynaddsubfx": Path("/usr/share/zynaddsubfx/banks"), "yoshimi": Path("/usr/share/yoshimi/banks")}
SETTLE_SECONDS = 0.1
LOADING_SECONDS = (0.08, 0.25, 1.0)
"""Real time that the plug-in's own thread is given to load a preset, tried in turn until the preset is there."""
SAME_NOTE_DB = 6.0


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
        from pythonosc.udp_client import SimpleUDPClient

        ports_before = _udp_ports()
        self._plugin = HostedPlugin(PLUGIN)
        self._plugin.settle(SETTLE_SECONDS)
        self._clients = [SimpleUDPClient("127.0.0.1", port) for port in sorted(_udp_ports() - ports_before)]
        if not self._clients:
            raise RuntimeError(f"{PLUGIN} opened no control port; is zynaddsubfx-vst installed and a display there?")

    def render_notes(self, instrument: Instrument) -> Iterator[Note]:
        """Load a preset and play it."""
        for client in self._clients:
            client.send_message("/load_xiz", [0, instrument.location])
        wanted = notes_to_play(instrument)
        for seconds in LOADING_SECONDS:
            time.sleep(seconds)
            self._plugin.settle(SETTLE_SECONDS)
            time.sleep(seconds / 2)
            self._plugin.settle(SETTLE_SECONDS)
            # The first note is played once more at the end: where the two differ, the preset came in between.
            *played, again = self._plugin.play([*wanted, wanted[0]])
            if _distance_db(played[0], again) < SAME_NOTE_DB:
                break
        for (midi, velocity), samples in zip(wanted, played, strict=True):
            yield Note(midi, velocity, GATE_SECONDS, samples)


def _distance_db(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference of two notes' long-term spectra in 40 mel bands, after bringing them to the same level."""
    spectra = [librosa.feature.melspectrogram(y=note, sr=RATE, n_mels=40).mean(axis=1) for note in (one, other)]
    levels = [10 * np.log10(spectrum / max(spectrum.max(), 1e-12) + 1e-6) for spectrum in spectra]
    return float(np.abs(levels[0] - levels[1]).mean())


def _udp_ports() -> set[int]:
    return {c.laddr.port for c in psutil.Process().net_connections("udp") if c.laddr}

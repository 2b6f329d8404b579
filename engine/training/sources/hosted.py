"""A plug-in that plays training notes, hosted by DawDreamer; such plug-ins need a display (`xvfb-run` serves)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.training.instruments import RATE

GATE_SECONDS, SLOT_SECONDS = 1.4, 2.5
"""How long a note is held, and how long until the next one begins."""


class HostedPlugin:
    """One VST2 instrument.

    Attributes
    ----------
    synth : the plug-in as DawDreamer shows it.
    """

    def __init__(self, path: Path) -> None:
        import dawdreamer

        self._engine = dawdreamer.RenderEngine(RATE, 512)
        self.synth = self._engine.make_plugin_processor(path.stem, str(path))
        self._engine.load_graph([(self.synth, [])])

    def settle(self, seconds: float) -> None:
        """Let it run without notes: what sounded before dies away, what was asked of it comes into force."""
        self.synth.clear_midi()
        self._engine.render(seconds)

    def play(self, notes: Sequence[tuple[int, float]]) -> list[np.ndarray]:
        """Play (MIDI number, velocity 0..1) pairs one after another: mono float32 at `RATE`, `SLOT_SECONDS` each."""
        for number, (midi, velocity) in enumerate(notes):
            self.synth.add_midi_note(midi, int(velocity * 127), number * SLOT_SECONDS, GATE_SECONDS)
        self._engine.render(SLOT_SECONDS * len(notes))
        audio = np.nan_to_num(self._engine.get_audio().mean(axis=0)).astype(np.float32)
        slot = int(SLOT_SECONDS * RATE)
        return [audio[number * slot : (number + 1) * slot] for number in range(len(notes))]

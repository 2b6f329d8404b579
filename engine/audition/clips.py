"""The clips in use, prepared for the open device, each in its role, and the last ones that were."""

from __future__ import annotations

import threading
from collections import OrderedDict

from engine.audio.decode import Audio
from engine.audition.change import Rendering
from engine.audition.prepare import PreparedClip

_REMEMBERED_CLIPS = 6
_REMEMBERED_BYTES = 128 << 20
"""Of frames, and about as much again of the sounds they come from: six minutes in stereo. What is in use stays."""


class Clips:
    """One clip for each role ("sound", "bed", "keys"); going back and forth prepares none twice. Not thread-safe."""

    def __init__(self) -> None:
        self._used: dict[str, PreparedClip] = {}
        self._prepared: OrderedDict[tuple[int, int, int, float], tuple[Audio | Rendering, PreparedClip]] = OrderedDict()

    def get(self, role: str) -> PreparedClip | None:
        """The clip that plays a role."""
        return self._used.get(role)

    def prepare(
        self, role: str, sound: Audio | Rendering, rate: int, channels: int, *, gain_db: float, start: float = 0.0
    ) -> PreparedClip:
        """A clip of `sound` for a role: its second at `start` seconds at once, the rest on a thread of its own."""
        self.abandon(role)
        key = (id(sound), rate, channels, round(gain_db, 3))
        if key in self._prepared:
            clip = self._prepared[key][1]
            clip.resume_preparing()
        else:
            clip = PreparedClip(sound, rate, channels, gain_db)
            # The sound is kept with its clip, so that its id cannot come to mean another.
            self._prepared[key] = sound, clip
        self._prepared.move_to_end(key)
        while len(self._prepared) > 1 and self._are_too_many():
            self._prepared.popitem(last=False)
        self._used[role] = clip
        clip.prepare(clip.frame(start))
        if not clip.complete:
            threading.Thread(target=clip.prepare_all, name="earshot-prepare", daemon=True).start()
        return clip

    def _are_too_many(self) -> bool:
        size = sum(clip.frames.nbytes for _, clip in self._prepared.values())
        return len(self._prepared) > _REMEMBERED_CLIPS or size > _REMEMBERED_BYTES

    def abandon(self, role: str) -> None:
        """A role is over; what still prepares its clip stops, unless another role has it too."""
        clip = self._used.pop(role, None)
        if clip is not None and clip not in self._used.values():
            clip.abandon()

    def abandon_all(self) -> None:
        """Every role is over."""
        for role in tuple(self._used):
            self.abandon(role)

    def forget(self) -> None:
        """Give back the memory too."""
        self.abandon_all()
        self._prepared.clear()

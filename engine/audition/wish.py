"""What is to be heard: the sound that was asked for last, what it is heard over, and where both are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.audio.decode import Audio
from engine.audition.change import Rendering
from engine.audition.deck import Deck


@dataclass(frozen=True, eq=False)
class Bed:
    """What a sound is heard over: a part of the reference, its gain, and whether it goes round."""

    audio: Audio
    gain_db: float = 0.0
    loop: bool = False

    def sounds_like(self, other: Bed | None) -> bool:
        """Whether it is the same part at the same level; going round or not can be changed while it sounds."""
        return other is not None and self.audio is other.audio and self.gain_db == other.gain_db


@dataclass(eq=False)
class Wish:
    """What was asked for last. It outlives the device: what a deck played goes on from here on the next one.

    Attributes
    ----------
    place : seconds at which it begins as soon as the device is open; None once the deck has it.
    bed_place : seconds at which its bed begins then; None where that was heard to its end.
    ended : the sound was heard to its end, and only its bed goes on.
    paused : it waits for `resume` before that.
    """

    sound: Audio | Rendering
    gain_db: float
    loop: bool
    bed: Bed | None
    place: float | None
    bed_place: float | None = 0.0
    ended: bool = False
    paused: bool = False

    def seek(self, seconds: float) -> None:
        """Begin elsewhere, while no deck has it."""
        self.place = max(0.0, seconds)
        if self.bed is not None and self.bed_place is not None:  # with it, as on the deck
            self.bed_place = self.place % self.bed.audio.duration_seconds

    def set_loop(self, loop: bool, *, bed: bool) -> None:
        """Whether the sound begins again at its end, and whether its bed does."""
        self.loop = loop
        if self.bed is not None:
            self.bed = replace(self.bed, loop=bed)

    def take_from(self, deck: Deck) -> bool:
        """Sound and bed will go on where they are on the deck, which is about to go; False where both have ended."""
        position, below = deck.position, deck.bed_position
        if position is None and below is None:
            return False
        self.ended, self.paused = position is None, not deck.playing
        self.bed_place = None if below is None else below / deck.rate
        self.place = (position or 0) / deck.rate  # last: from now on the deck is not asked any more
        return True

"""What the producer changed about the slots of a reference, apart from what was heard, so that it can be undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.matching.edits import can_be_split, merged, of_family, split

if TYPE_CHECKING:
    from engine.matching.slots import Slot


FIRST_BY_HAND = 1001
"""The ear numbers from 1 on, and never so far. Halves of split slots are numbered with what is made by hand."""


@dataclass(frozen=True)
class SlotEdits:
    """All by slot's id.

    added : slots made by hand; their ids begin with `FIRST_BY_HAND`.
    split : those that became two, and the id of the second, in the order in which it was done.
    merged : the ids of those that went into another; one of these may hold others itself.
    """

    added: tuple[Slot, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    families: Mapping[int, str] = field(default_factory=dict)
    split: tuple[tuple[int, int], ...] = ()
    merged: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()
    pinned: frozenset[int] = frozenset()

    def shown(self, heard: Sequence[Slot]) -> list[Slot]:
        """What is to be seen of these slots, in their order, and of those made by hand after them."""
        heard = self._apart([*heard, *self.added])
        by_id = {slot.id: slot for slot in heard}
        absorbed = set().union(*self.merged.values())
        whole = (slot for slot in heard if slot.id not in absorbed and slot.id not in self.hidden)
        return [self._edited(slot, by_id) for slot in whole]

    def renumbered(self, numbers: Mapping[int, int]) -> SlotEdits:
        """The same for slots with new ids, without what is said of others; what was merged is one by then, and what was
        made by hand is no longer apart from what was heard."""
        return SlotEdits(
            names={numbers[old]: name for old, name in self.names.items() if old in numbers},
            families={numbers[old]: family for old, family in self.families.items() if old in numbers},
            pinned=frozenset(numbers[old] for old in self.pinned if old in numbers),
        )

    def _apart(self, heard: list[Slot]) -> list[Slot]:
        """With both halves of what was split, one after the other; what cannot be split yet is whole."""
        for whole, second in self.split:
            at = next((at for at, slot in enumerate(heard) if slot.id == whole and can_be_split(slot)), None)
            if at is not None:
                halves = split(heard[at])
                heard = [*heard[:at], halves[0], replace(halves[1], id=second), *heard[at + 1 :]]
        return heard

    def _edited(self, slot: Slot, by_id: Mapping[int, Slot]) -> Slot:
        for other in self.merged.get(slot.id, ()):
            if other in by_id:  # it may be heard again only later
                slot = merged(slot, self._edited(by_id[other], by_id))
        return of_family(slot, self.families[slot.id]) if slot.id in self.families else slot

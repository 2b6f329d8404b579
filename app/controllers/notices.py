"""What the user is told in words, and until when it is true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, SignalInstance

from app import text

if TYPE_CHECKING:
    from app.workspace import Workspace


LASTING = frozenset({"fitting", "watching", "output", "hearing"})
"""Topics that are told once, and settled when they are no longer true."""


class Notices(QObject):
    """Words about topics: what is said last about one replaces what was said about it before."""

    said = Signal(str, str, bool)
    """Words for the user, their topic, and whether something failed."""
    settled = Signal(str)
    """What was said about this topic is no longer true."""

    def __init__(self, work: Workspace) -> None:
        super().__init__(work)
        self._work = work
        self._obstacle = ""
        self._tell(work.intake.said, "drop")
        self._tell(work.demo.said, "demo")
        self._tell(work.demo.failed, "demo", failed=True)
        work.reference.stopped.connect(self._say_where_hearing_stopped)
        self._settle(work.reference.heard, "ear")
        work.reference.opened.connect(lambda: self.settled.emit("hearing"))
        work.reference.progress_changed.connect(self._hearing_goes_on)
        self._tell(work.matching.failed, "matching", failed=True)
        self._settle(work.matching.results_ready, "matching")
        self._tell(work.marks.said, "marks")
        self._tell(work.marks.failed, "marks", failed=True)
        self._tell(work.region_slot.said, "region")
        self._tell(work.region_slot.failed, "region", failed=True)
        self._settle(work.region_slot.ready, "region")
        self._tell(work.recording.failed, "recording", failed=True)
        self._tell(work.carrying.failed, "carrying", failed=True)
        self._settle(work.carrying.carried, "carrying")
        self._tell(work.keyboard.failed, "keyboard", failed=True)
        self._settle(work.keyboard.opened, "keyboard")
        self._tell(work.fitting.failed, "fitting", failed=True)
        self._tell_of_library()
        work.auditioner.noted.connect(self._playback_noted)
        for signal in (work.fitting.changed, work.listening.stretch_changed, work.auditioner.changed):
            signal.connect(self._say_what_does_not_fit)

    def _tell_of_library(self) -> None:
        library = self._work.library
        self._tell(library.refused, "read only")
        self._tell(library.failed, "library", failed=True)
        library.instrument_said.connect(lambda words, failed: self.said.emit(words, "instrument", failed))
        library.unwatched.connect(self._say_what_is_not_watched)
        # A topic of its own: that the library can be read, as it is right after, says nothing of a scan.
        self._tell(library.scan_failed, "scan", failed=True)
        library.without_sounds.connect(lambda folders: self.said.emit(_without_sounds(folders), "scan", False))
        library.unanswered.connect(lambda folders: self.said.emit(_unanswered(folders), "scan", False))
        self._settle(library.scan_began, "scan")

    def _tell(self, signal: SignalInstance, topic: str, *, failed: bool = False) -> None:
        """What a signal carries is words."""
        signal.connect(lambda words: self.said.emit(words, topic, failed))

    def _settle(self, signal: SignalInstance, topic: str) -> None:
        signal.connect(lambda *_: self.settled.emit(topic))

    def _playback_noted(self, words: str) -> None:
        if words:
            self.said.emit(words, "output", False)
        else:
            self.settled.emit("output")

    def _say_where_hearing_stopped(self) -> None:
        hearing = self._work.reference.hearing
        where = f" at {text.clock(hearing.heard_seconds, 0)}" if hearing is not None else ""
        self.said.emit(f"Hearing was stopped{where}. Whole song (Shift+R) hears all of it.", "hearing", False)

    def _hearing_goes_on(self, progress: object) -> None:
        if progress is not None or not self._work.reference.is_partly_heard:
            self.settled.emit("hearing")

    def _say_what_is_not_watched(self, refused: dict[str, str]) -> None:
        if refused:
            self.said.emit(_unwatched(refused), "watching", False)
        else:
            self.settled.emit("watching")

    def _say_what_does_not_fit(self) -> None:
        """A switch that does nothing says why, as long as that is so."""
        words = " ".join(filter(None, (self._work.fitting.obstacle, self._work.listening.obstacle)))
        if words == self._obstacle:
            return
        self._obstacle = words
        if words:
            self.said.emit(words, "fitting", False)
        else:
            self.settled.emit("fitting")


def _without_sounds(folders: list[str]) -> str:
    return (
        f"There are no sounds in {_named(folders)}. Add the folder that holds them; "
        "hidden files and folders are left out."
    )


def _unanswered(folders: list[str]) -> str:
    return f"The drive of {_named(folders)} does not answer. It was left out; scan it again when it is back."


def _unwatched(refused: Mapping[str, str]) -> str:
    by_reason: dict[str, list[str]] = {}
    for root, why in refused.items():
        by_reason.setdefault(why, []).append(root)
    where = "; ".join(f"{_named(roots)} ({why})" for why, roots in by_reason.items())
    return f"Changes are not noticed automatically in {where}. After a change, choose Scan again in the folder's menu."


def _named(folders: list[str]) -> str:
    return folders[0] if len(folders) == 1 else f"{len(folders)} folders, such as {folders[0]}"

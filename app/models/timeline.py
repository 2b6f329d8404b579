"""The time axis that overview, spectrogram, ruler and lanes share: what is visible, the playhead, the region."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

SHORTEST_VIEW_SECONDS = 0.25
SHORTEST_REGION_SECONDS = 0.05
SNAP_PIXELS = 8


class Timeline(QObject):
    """All times in seconds of the reference."""

    view_changed = Signal()
    playhead_changed = Signal()
    region_changed = Signal()
    region_committed = Signal()
    hover_changed = Signal()
    beats_changed = Signal()
    seek_asked = Signal(float)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.duration = 0.0
        self.start = 0.0
        self.end = 0.0
        self.playhead: float | None = None
        self.sounding = False
        self.region: tuple[float, float] | None = None
        self.hover: tuple[float, float] | None = None
        """Time, and height 0..1 of the picture, under the pointer."""
        self.beats: Sequence[float] = ()
        """In order; none where they are not known (yet)."""
        self.snaps = True
        """Whether edges of the region that are dragged near to a beat are taken to be on it."""

    @property
    def zoomed(self) -> bool:
        return self.end - self.start < self.duration - 1e-6

    def set_duration(self, seconds: float) -> None:
        """A new reference, or its true length: everything is shown, as far as it was."""
        whole = not self.zoomed
        self.duration = seconds
        if whole:
            self.show(0.0, seconds)
        else:
            self.show(self.start, self.end)

    def reset(self) -> None:
        """No reference."""
        self.duration = self.start = self.end = 0.0
        self.playhead, self.sounding, self.region, self.hover, self.beats = None, False, None, None, ()
        self.view_changed.emit()
        self.playhead_changed.emit()
        self.region_changed.emit()
        self.hover_changed.emit()
        self.beats_changed.emit()

    def show(self, start: float, end: float) -> None:
        """Make a range visible; it is moved and cut to what there is."""
        span = min(max(end - start, min(SHORTEST_VIEW_SECONDS, self.duration)), self.duration)
        start = min(max(0.0, start), max(0.0, self.duration - span))
        self.start, self.end = start, start + span
        self.view_changed.emit()

    def show_all(self) -> None:
        self.show(0.0, self.duration)

    def zoom(self, factor: float, around: float | None = None) -> None:
        """Show `factor` times as much, keeping the time `around` where it is on the screen."""
        span = self.end - self.start
        if around is None:
            inside = self.playhead is not None and self.start <= self.playhead <= self.end
            around = self.playhead if inside and self.playhead is not None else (self.start + self.end) / 2
        wanted = min(max(span * factor, SHORTEST_VIEW_SECONDS), max(self.duration, SHORTEST_VIEW_SECONDS))
        share = (around - self.start) / span if span else 0.5
        self.show(around - share * wanted, around - share * wanted + wanted)

    def pan(self, seconds: float) -> None:
        self.show(self.start + seconds, self.end + seconds)

    def x(self, seconds: float, width: float) -> float:
        """The pixel of a time in a widget `width` wide."""
        span = self.end - self.start
        return (seconds - self.start) / span * width if span > 0 else 0.0

    def seconds(self, x: float, width: float) -> float:
        """The time at a pixel, inside the reference."""
        return min(max(0.0, self.start + x / max(1.0, width) * (self.end - self.start)), self.duration)

    def set_beats(self, beats: Sequence[float]) -> None:
        self.beats = beats
        self.beats_changed.emit()

    def set_snaps(self, on: bool) -> None:
        self.snaps = on
        self.beats_changed.emit()

    def snapped(self, seconds: float, width: float) -> float:
        """The beat that is near to a time in a widget `width` wide, where there is one; else the time itself."""
        if not self.snaps or not len(self.beats) or self.end <= self.start:
            return seconds
        after = bisect(self.beats, seconds)
        beat = min(self.beats[max(0, after - 1) : after + 1], key=lambda beat: abs(beat - seconds))
        near = abs(beat - seconds) / (self.end - self.start) * width <= SNAP_PIXELS
        return beat if near else seconds

    def set_playhead(self, seconds: float | None, *, sounding: bool = False) -> None:
        if (seconds, sounding) != (self.playhead, self.sounding):
            self.playhead, self.sounding = seconds, sounding
            self.playhead_changed.emit()

    def set_region(self, region: tuple[float, float] | None, *, commit: bool = True) -> None:
        """Choose a range, or the whole; `commit` False while the pointer still drags."""
        if region is not None:
            first, last = sorted(min(max(0.0, edge), self.duration) for edge in region)
            region = (first, last) if last - first >= SHORTEST_REGION_SECONDS else None
        if region != self.region:
            self.region = region
            self.region_changed.emit()
        if commit:
            self.region_committed.emit()

    def begin_region(self, seconds: float) -> None:
        """Let the region begin here; it ends where it did, else with the reference."""
        last = self.region[1] if self.region is not None else self.duration
        if last - seconds < SHORTEST_REGION_SECONDS:
            last = self.duration
        if last - seconds >= SHORTEST_REGION_SECONDS:
            self.set_region((seconds, last))

    def end_region(self, seconds: float) -> None:
        """Let the region end here; it begins where it did, else with the reference."""
        first = self.region[0] if self.region is not None else 0.0
        if seconds - first < SHORTEST_REGION_SECONDS:
            first = 0.0
        if seconds - first >= SHORTEST_REGION_SECONDS:
            self.set_region((first, seconds))

    def set_hover(self, hover: tuple[float, float] | None) -> None:
        if hover != self.hover:
            self.hover = hover
            self.hover_changed.emit()

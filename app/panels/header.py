"""The top line: what song this is, which region counts, and what the analysis runs on."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app import text
from app.controllers.reference import ReferenceController
from app.density import Density
from app.models.timeline import Timeline
from app.widgets.buttons import Button, IconButton
from app.widgets.labels import Label, Line


class HeaderPanel(QWidget):
    """Everything detected carries `~`; what is still being worked out says so."""

    whole_song_asked = Signal()
    hear_region_asked = Signal()
    region_slot_asked = Signal()
    settings_asked = Signal()

    def __init__(self, reference: ReferenceController, timeline: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reference, self._timeline = reference, timeline
        self._small = self._narrow = False
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 0, 12, 0)
        layout.setSpacing(16)
        # What is hidden leaves no gap: each group has the room between its own members.
        song, region, asked, buttons, analysis = (QHBoxLayout() for _ in range(5))
        for group, space in ((song, 0), (region, 12), (asked, 8), (buttons, 8), (analysis, 8)):
            group.setSpacing(space)
        self._groups = (song, region, asked, buttons, analysis)
        self.title = Label("No song yet", colour="quiet", elide=True)
        self.name = Label("", role="title", elide=True)
        self.artist = Label("", colour="secondary", elide=True)
        self.length = Label("", colour="secondary")
        self.tempo = Label("", colour="secondary")
        self.key = Label("", colour="secondary")
        song.addWidget(self.title)
        song.addWidget(self.name)
        for label in (self.artist, self.length, self.tempo, self.key):
            label.setContentsMargins(20, 0, 0, 0)
            song.addWidget(label)
        layout.addLayout(song)
        layout.addStretch(1)
        self.region_name = Label("Region", colour="quiet")
        self.region = Label("")
        self.hear_region = Button("Hear region")
        self.region_slot = Button("Make slot")
        self.region_slot.setToolTip("Hear this region as one instrument, and keep it as a slot (N)")
        self.region_slot.clicked.connect(self.region_slot_asked)
        self.whole_song = Button("Whole song")
        self.hear_region.setToolTip("Hear the instruments of this region alone")
        self.whole_song.setToolTip("Clear the region")
        self.hear_region.clicked.connect(self.hear_region_asked)
        self.whole_song.clicked.connect(self.whole_song_asked)
        for label in (self.region_name, self.region):
            asked.addWidget(label)
        for button in (self.hear_region, self.region_slot, self.whole_song):
            buttons.addWidget(button)
        region.addLayout(asked)
        region.addLayout(buttons)
        layout.addLayout(region)
        self._divider = Line(vertical=True)
        self._divider.setFixedHeight(16)
        layout.addWidget(self._divider)
        self.device = Label("starting", colour="quiet")
        self.settings = IconButton("gear", "Settings", size=28)
        self.settings.clicked.connect(self.settings_asked)
        self._analysis = Label("Analysis", colour="quiet")
        for widget in (self._analysis, self.device, self.settings):
            analysis.addWidget(widget)
        layout.addLayout(analysis)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        reference.opened.connect(self.refresh)
        reference.facts_changed.connect(self.refresh)
        reference.failed.connect(lambda _: self.refresh())
        reference.heard.connect(lambda _: self._refresh_region())
        reference.progress_changed.connect(lambda _: self._refresh_region())
        timeline.region_changed.connect(self._refresh_region)
        timeline.view_changed.connect(self._refresh_length)
        self.refresh()

    def set_density(self, density: Density) -> None:
        self._small, self._narrow = density.small, density.narrow
        self.refresh()

    def set_device(self, words: str, sure: bool = True) -> None:
        """What the analysis runs on, or why it does not."""
        self.device.setText(words)
        self.device.setToolTip("What the analysis runs on")
        self.device.set_colour("secondary" if sure else "quiet")

    def refresh(self) -> None:
        """Show the reference as it is known now."""
        reference = self._reference
        has_song = reference.path is not None
        self.title.setVisible(not has_song)
        self.name.setVisible(has_song)
        self.name.setText(reference.title)
        self.name.setToolTip(str(reference.path) if has_song else "")
        self.artist.setText((reference.credits.artist if reference.credits is not None else None) or "")
        self._refresh_length()
        facts, failed = reference.facts, reference.failure is not None
        if failed:
            self.tempo.setText("")
            self.key.setText("")
        elif facts is None:
            self.tempo.setText("")
            self.key.setText("tempo and key: hearing…")
            self.key.set_colour("quiet")
        else:
            self.tempo.setText(f"{facts.tempo_bpm:.0f} BPM~" if facts.tempo_bpm else "no clear tempo")
            self.key.setText(f"{facts.key}~" if facts.key else "no clear key")
            self.tempo.set_colour("secondary" if facts.tempo_bpm else "quiet")
            self.key.set_colour("secondary" if facts.key else "quiet")
        self._refresh_region()

    @property
    def _usable(self) -> bool:
        return self._reference.path is not None and self._reference.failure is None

    def _refresh_length(self) -> None:
        duration = self._timeline.duration
        self.length.setText(text.clock(duration) if duration else "")
        self._fit_facts()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_facts()

    def _fit_facts(self) -> None:
        """What gives way while the song's whole name has no room beside it: the button that has a key as well, a word,
        the artist, and in a small window the facts."""
        has_song, layout = self._reference.path is not None, self.layout()
        assert layout is not None
        facts = (self.length, self.tempo, self.key)
        for label in (self.artist, *facts):
            label.setVisible(has_song and bool(label.text()))
        self.region_slot.setVisible(self._usable and self._timeline.region is not None)
        self._analysis.show()
        givers: list[tuple[bool, tuple[QWidget, ...]]] = [
            (self._narrow, (self.region_slot,)),
            (self._small, (self._analysis,)),
            (True, (self.artist,)),
            (self._small, facts),
        ]
        for can_give, widgets in givers:
            for group in (*self._groups, layout):
                group.invalidate()
            if layout.sizeHint().width() <= self.width():
                break
            for widget in widgets if can_give else ():
                widget.hide()
        layout.activate()  # what was shown only to be measured leaves no gap

    def _refresh_region(self) -> None:
        usable, region = self._usable, self._timeline.region
        heard, partly = self._reference.heard_region, self._reference.is_partly_heard
        self.region_name.setVisible(usable and not self._small)
        self.region.setVisible(usable)
        self.region.setText(f"{text.clock(region[0])} – {text.clock(region[1])}" if region else "whole song")
        self.hear_region.setVisible(usable and region is not None and (region != heard or partly))
        self.whole_song.setVisible(usable and (region is not None or heard is not None or partly))
        self._divider.setVisible(usable)
        self._fit_facts()

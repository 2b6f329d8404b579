"""The bottom line: play, A and B, how it is played, and where to."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSpacerItem, QWidget

from app import text
from app.controllers.audition import Auditioner
from app.controllers.fitting import Fitting
from app.density import Density
from app.settings import OFF_DB
from app.widgets.buttons import IconButton, Switch
from app.widgets.device_button import DeviceButton
from app.widgets.fields import LevelSlider
from app.widgets.labels import Label, Line
from app.widgets.segments import Segmented

QUIETEST_DB = -48
WORDS = (
    ("Loop", "Loop"),
    ("Level match", "Level"),
    ("At slot pitch", "Pitch"),
    ("At song tempo", "Tempo"),
    ("In context", "Context"),
)
"""What the switches are called where there is room, and where there is little."""


class TransportPanel(QWidget):
    """Shows what the auditioner does and passes on what is pressed."""

    play_asked = Signal()
    stop_asked = Signal()
    start_asked = Signal()
    side_asked = Signal(str)
    context_asked = Signal(bool)
    device_menu_asked = Signal()
    keyboard_menu_asked = Signal()

    def __init__(self, auditioner: Auditioner, fitting: Fitting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._auditioner, self._fitting = auditioner, fitting
        self._narrow = self._small = self._has_keyboard = False
        self._original: str | None = None
        self.setFixedHeight(48)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 16, 0)
        layout.setSpacing(0)
        self._gaps: list[tuple[QSpacerItem, int]] = []
        self._left = QWidget()
        left = QHBoxLayout(self._left)
        left.setContentsMargins(14, 0, 0, 0)
        left.setSpacing(6)
        self.to_start = IconButton("to-start", "To the start (Left)", size=24)
        self.play = IconButton("play", "Play (Space)", size=QSize(40, 28), bordered=True)
        self.stop = IconButton("stop", "Stop (Esc)", size=24, icon_size=14)
        self.position = Label("0:00.00")
        self.length = Label("/ 0:00.00", colour="quiet")
        for widget in (self.to_start, self.play, self.stop):
            left.addWidget(widget)
        left.addStretch(1)
        left.addWidget(self.position)
        left.addWidget(self.length)
        left.addSpacing(16)
        layout.addWidget(self._left)
        layout.addSpacing(16)  # to the edge of the matches above
        self.sides = Segmented([("Reference", "", "A"), ("Candidate", "", "B")], accent=True)
        layout.addWidget(self.sides)
        self._add_gap(24)
        self.loop, self.level = Switch("Loop"), Switch("Level match")
        self.loop.setToolTip("Loops repeat, one-shots play once (L)")
        self.level.setToolTip("Play everything equally loud")
        self.pitch, self.tempo, self.context = Switch("At slot pitch"), Switch("At song tempo"), Switch("In context")
        self.pitch.setToolTip("Play sounds at the note of the slot, as measured where it is most exposed (P)")
        self.tempo.setToolTip("Play loops at the song's tempo, its half or its double (T)")
        self.context.setToolTip("Play sounds over the region of the song, or over where the slot is most exposed (O)")
        self._switches = (self.loop, self.level, self.pitch, self.tempo, self.context)
        for number, switch in enumerate(self._switches):
            self._add_gap(8 if number else 0)
            layout.addWidget(switch)
        layout.addStretch(1)
        self.mute = IconButton("volume", "Mute", size=24)
        self.volume = LevelSlider()
        self.volume.setRange(QUIETEST_DB, 0)
        self.volume.setAccessibleName("Volume in decibels")
        self.volume_text = Label("", colour="secondary", align=Qt.AlignmentFlag.AlignRight)
        self.volume_text.setFixedWidth(50)
        layout.addWidget(self.mute)
        layout.addSpacing(6)
        layout.addWidget(self.volume)
        layout.addWidget(self.volume_text)
        self._add_gap(18)
        divider = Line(vertical=True)
        divider.setFixedHeight(16)
        layout.addWidget(divider)
        self._add_gap(14)
        self.device = DeviceButton("speaker", "Default output")
        layout.addWidget(self.device)
        self.keyboard = DeviceButton("piano", "Keyboard", kind="Notes")
        layout.addWidget(self.keyboard)
        self.play.clicked.connect(self.play_asked)
        self.stop.clicked.connect(self.stop_asked)
        self.to_start.clicked.connect(self.start_asked)
        self.device.clicked.connect(self.device_menu_asked)
        self.sides.group.idClicked.connect(lambda number: self.side_asked.emit("AB"[number]))
        self.loop.clicked.connect(auditioner.set_loop)
        self.level.clicked.connect(auditioner.set_level_match)
        self.pitch.clicked.connect(fitting.set_at_pitch)
        self.tempo.clicked.connect(fitting.set_at_tempo)
        self.context.clicked.connect(self.context_asked)
        self.keyboard.clicked.connect(self.keyboard_menu_asked)
        self.volume.valueChanged.connect(self._volume_moved)
        self.mute.clicked.connect(self._toggle_mute)
        auditioner.changed.connect(self.refresh)
        auditioner.moved.connect(self._refresh_position)
        fitting.changed.connect(self.refresh)
        self.usable = False
        self.candidate = False
        self.refresh()

    def _add_gap(self, width: int) -> None:
        """Room that can be given in the smallest window."""
        gap = QSpacerItem(width, 0)
        layout = self.layout()
        assert isinstance(layout, QHBoxLayout)
        layout.addSpacerItem(gap)
        self._gaps.append((gap, width))

    def set_density(self, density: Density) -> None:
        self._left.setFixedWidth(density.spine)
        self._small = density.small
        self._name_sides()
        self.volume.setFixedWidth(64 if density.small else 102)
        self.length.setVisible(not density.small)
        self.device.set_compact(density.narrow)
        self._narrow = density.narrow
        self._choose_words()

    def set_original(self, name: str | None) -> None:
        """A is this sound, which others are similar to; None where it is the reference."""
        if name != self._original:
            self._original = name
            self._name_sides()
            self._choose_words()

    def _name_sides(self) -> None:
        first = "Reference" if self._original is None else "Original"
        self.sides.set_texts(["", ""] if self._small else [first, "Candidate"])
        heard = first if self._original is None else f"{first}: {self._original}"
        for button, side, words in zip(self.sides.group.buttons(), "AB", (heard, "Candidate"), strict=True):
            button.setAccessibleName(f"{side} {words}")
            button.setToolTip(f"{words} (A goes to and fro)")

    def set_output(self, name: str, *, silent: bool) -> None:
        """Where it sounds; without any output the window says so and goes on."""
        self.device.set_device(name)
        if silent:
            self.device.setToolTip("No audio output: all else works, silently")

    def set_keyboard(self, name: str | None) -> None:
        """What notes are played on, if on anything."""
        self._has_keyboard = name is not None
        self.keyboard.set_device(name or "no keyboard")
        self._choose_words()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._choose_words()

    def _choose_words(self) -> None:
        """The long names of the switches where there is room; the volume's figure gives way next, the gaps last."""
        self.keyboard.set_compact(self._narrow or not self._has_keyboard)
        layout = self.layout()
        assert layout is not None
        for short, figure, tight in (
            (False, True, False),
            (True, True, False),
            (True, False, False),
            (True, False, True),
        ):
            for gap, width in self._gaps:
                gap.changeSize(width // 3 if tight else width, 0)
            self.volume_text.setVisible(figure)
            for switch, words in zip(self._switches, WORDS, strict=True):
                switch.setText(words[short])
                switch.updateGeometry()
            layout.invalidate()
            if layout.minimumSize().width() <= self.width():
                break
        layout.activate()

    def set_usable(self, *, reference: bool, candidate: bool) -> None:
        """What there is to play."""
        self.usable, self.candidate = reference or candidate, candidate
        self.refresh()

    def refresh(self) -> None:
        """Show the auditioner's state."""
        auditioner = self._auditioner
        playing = auditioner.playing or auditioner.loading
        self.play.set_icon("pause" if playing else "play", "Pause (Space)" if playing else "Play (Space)")
        for widget in (self.play, self.stop, self.to_start, *self._switches, self.sides):
            widget.setEnabled(self.usable)
        self.position.setEnabled(self.usable)
        self.length.setEnabled(self.usable)
        self.sides.choose(0 if auditioner.side == "A" else 1)
        for number, button in enumerate(self.sides.group.buttons()):
            button.setEnabled(self.usable and (number == 0 or self.candidate))
        self.loop.setChecked(auditioner.loop)
        self.level.setChecked(auditioner.level_match)
        self.pitch.setChecked(self._fitting.at_pitch)
        self.tempo.setChecked(self._fitting.at_tempo)
        self.context.setChecked(auditioner.in_context)
        if round(auditioner.volume_db) != self.volume.value():
            self.volume.blockSignals(True)
            self.volume.setValue(round(auditioner.volume_db))
            self.volume.blockSignals(False)
            self.volume.update()
        silent = self.volume.value() <= QUIETEST_DB
        self.volume_text.setText("off" if silent else text.decibels(self.volume.value()))
        self.volume.setToolTip(f"Volume: {self.volume_text.text()}")
        self.mute.set_icon("volume", "Sound on" if silent else "Mute")
        self._refresh_position()

    def _refresh_position(self) -> None:
        auditioner = self._auditioner
        base = auditioner.stretch.start if auditioner.side == "A" and auditioner.stretch is not None else 0.0
        self.position.setText(text.clock(base + auditioner.position, 2))
        self.length.setText(f"/ {text.clock(base + auditioner.duration, 2)}")

    def _volume_moved(self, value: int) -> None:
        self._auditioner.set_volume(OFF_DB if value <= QUIETEST_DB else float(value))

    def _toggle_mute(self) -> None:
        silent = self.volume.value() <= QUIETEST_DB
        self.volume.setValue(max(QUIETEST_DB + 1, round(self._auditioner.audible_db)) if silent else QUIETEST_DB)

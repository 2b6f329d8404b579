"""Notes: the chosen sound under the keys of a MIDI keyboard, or of the computer's."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent

from app.backend import Backend
from app.controllers.audition import Auditioner
from app.jobs import Job, JobRunner
from engine.errors import EarshotError

if TYPE_CHECKING:
    from engine.audition.midi import MidiInput

KEYS = "AWSEDFTGYHUJKOLP"
"""The computer's keys from C on, laid out like a piano's: letters of the home row are white, those above black."""
OCTAVES = "ZX"
"""An octave down, an octave up."""
FIRST_OCTAVE_NOTE, LOWEST, HIGHEST = 60, 24, 96
VELOCITY = 0.8
TYPING_FIELDS = ("QLineEdit", "QAbstractSpinBox", "QComboBox")


class KeyboardController(QObject):
    """What is played on keys goes straight to the player; the sound follows what was auditioned last."""

    changed = Signal()
    """Which keyboards there are, which is used, whether the computer's plays notes, and in which octave."""
    opened = Signal()
    """A MIDI keyboard plays from now on."""
    failed = Signal(str)

    def __init__(self, backend: Backend, jobs: JobRunner, auditioner: Auditioner, parent: QObject) -> None:
        super().__init__(parent)
        self._backend, self._jobs, self._auditioner = backend, jobs, auditioner
        self.inputs: list[str] = []
        self.obstacle = ""
        """Why no MIDI keyboard can be used; empty where one could."""
        self.typing = False
        """Whether the computer's keyboard plays notes."""
        self.first_note = FIRST_OCTAVE_NOTE
        self._wanted: str | None = None
        self._input: MidiInput | None = None
        self._made: list[MidiInput] = []
        """All that were opened and are not closed yet."""
        self._held: dict[int, int] = {}
        self._given: object = None
        self._notes: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        auditioner.changed.connect(self._follow)

    @property
    def input(self) -> str | None:
        """The MIDI keyboard that is listened to."""
        return self._input.name if self._input is not None else None

    def read_inputs(self, wanted: str | None = None) -> None:
        """Look for MIDI keyboards; `wanted` is listened to as soon as it is there."""
        self._wanted = wanted or self._wanted
        backend = self._backend
        self._jobs.start(
            "midi inputs", lambda job: backend.midi_inputs(), on_done=self._take_inputs, on_failed=self._no_inputs
        )

    def choose_input(self, name: str | None) -> None:
        """Listen to another MIDI keyboard, or to none."""
        self._wanted = name
        self._jobs.cancel("midi")
        if name is None:
            self._close_input()
        else:
            backend, made, leave = self._backend, self._made, self._leave_input()

            def open_input(job: Job) -> MidiInput:
                leave()
                opened = backend.midi_input(name)
                made.append(opened)
                if job.token.cancelled:  # nobody waits for it any more, nor looks for it
                    opened.close()
                return opened

            self._jobs.start("midi", open_input, on_done=self._opened, on_failed=self.failed.emit)
        self.changed.emit()

    def set_typing(self, on: bool) -> None:
        """Let the computer's keyboard play notes; single keys have their other meanings again when off."""
        if on == self.typing:
            return
        self.let_go()
        self.typing = on
        application = QCoreApplication.instance()
        assert application is not None
        if on:
            self._start_notes()
            application.installEventFilter(self)
            self._follow()
        else:
            application.removeEventFilter(self)
        self.changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys that are notes reach no control and no shortcut, unless text is being typed."""
        kind = event.type()
        if kind == QEvent.Type.WindowDeactivate:
            self.let_go()
        if kind not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            return False
        assert isinstance(event, QKeyEvent)
        if not self._take(event):
            return False
        event.accept()
        return True

    def _take(self, event: QKeyEvent) -> bool:
        """Play what a key stands for; whether it stands for anything."""
        key = event.key()
        if event.type() == QEvent.Type.KeyRelease and key in self._held and not event.isAutoRepeat():
            self._release(self._held.pop(key))
            return True
        focus = QGuiApplication.focusObject()
        if focus is not None and any(focus.inherits(field) for field in TYPING_FIELDS):
            return False
        name = chr(key) if 0 < key < 128 else "?"
        if event.modifiers() != Qt.KeyboardModifier.NoModifier or name not in KEYS + OCTAVES:
            return False
        if event.type() == QEvent.Type.KeyPress and not event.isAutoRepeat():
            if name in OCTAVES:
                self.first_note = min(HIGHEST, max(LOWEST, self.first_note + (12 if name == OCTAVES[1] else -12)))
                self.changed.emit()
            else:
                self._held[key] = note = self.first_note + KEYS.index(name)
                self._notes.put(lambda: self._backend.player().press(note, VELOCITY))
        return True

    def let_go(self) -> None:
        """No key of the computer's keyboard is held any more: the window lost it, or notes are over."""
        for note in self._held.values():
            self._release(note)
        self._held.clear()

    def close(self) -> None:
        """Give the MIDI keyboard back, and the thread."""
        self.set_typing(False)
        self._jobs.cancel("midi")
        self._close_input()
        self._notes.put(None)

    def _release(self, note: int) -> None:
        self._notes.put(lambda: self._backend.player().release(note))

    def _start_notes(self) -> None:
        """One thread plays all notes: in their order, and without the window waiting for a device to open."""
        if self._jobs.running("notes") is not None:
            return
        notes = self._notes

        def work(job: Job) -> None:
            while (act := notes.get()) is not None:
                try:
                    act()
                except EarshotError as error:
                    job.item(str(error))

        self._jobs.start("notes", work, on_item=self.failed.emit)

    def _follow(self) -> None:
        """Put what was auditioned last under the keys, once it is there."""
        auditioner = self._auditioner
        clip, sound, change = auditioner.clip, auditioner.sound, auditioner.change
        if clip is None or sound is None or change is None or clip is self._given or auditioner.loading:
            return
        if self.typing or self._input is not None:
            self._given = clip
            pitch_hz, semitones = sound.pitch_hz, change.semitones
            self._notes.put(lambda: self._backend.put_under_keys(clip, pitch_hz, semitones))

    def _take_inputs(self, names: list[str]) -> None:
        self.inputs, self.obstacle = names, ""
        if self.input is not None and self.input not in names:
            self._close_input()
            self.failed.emit(f"The MIDI keyboard {self._wanted} went away. Connect it again to go on playing.")
        elif self.input is None and self._wanted in names and self._jobs.running("midi") is None:
            self.choose_input(self._wanted)
        self.changed.emit()

    def _no_inputs(self, reason: str) -> None:
        self.inputs, self.obstacle = [], reason
        self.changed.emit()

    def _opened(self, opened: MidiInput) -> None:
        self._input = opened
        self.opened.emit()
        self._start_notes()
        self._follow()
        self.changed.emit()

    def _close_input(self) -> None:
        leave = self._leave_input()
        self._jobs.start("midi left", lambda job: leave())

    def _leave_input(self) -> Callable[[], None]:
        """Listen to none from now on; what gives the keyboard back, to be called in a job: it waits for a key that was
        struck a moment ago, which may be waiting for an output to open."""
        left: list[MidiInput] = []
        while self._made:
            left.append(self._made.pop())
        self._input = None
        backend = self._backend

        def leave() -> None:
            for opened in left:
                opened.close()
            player = backend.existing_player()
            if left and player is not None:
                player.release_all()

        return leave

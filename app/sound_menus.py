"""What the menus and the bottom line show of the sound: switches, outputs, keyboards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import text
from app.widgets.menus import add_shared, passing_menu
from engine.notes import note_name

if TYPE_CHECKING:
    from app.main_window import MainWindow


class SoundMenus:
    """Follows the controllers, in the menu Sound and in the transport."""

    def __init__(self, window: MainWindow) -> None:
        self._window, self._work, self._actions = window, window.workspace, window.actions_
        work, transport = self._work, window.transport
        work.auditioner.changed.connect(self.show_switches)
        work.fitting.changed.connect(self.show_switches)
        work.keyboard.changed.connect(self._show_keyboard)
        work.outputs.changed.connect(self._show_output)
        transport.keyboard_menu_asked.connect(self._popup_keyboards)
        transport.device_menu_asked.connect(lambda: transport.device.popup(self._actions.outputs))
        self.show_switches()
        self._show_output()
        self._show_keyboard()

    def show_switches(self) -> None:
        """Check what is on."""
        actions, auditioner, fitting = self._actions, self._work.auditioner, self._work.fitting
        for action, on in (
            (actions.loop, auditioner.loop),
            (actions.level, auditioner.level_match),
            (actions.pitch, fitting.at_pitch),
            (actions.tempo, fitting.at_tempo),
            (actions.context, auditioner.in_context),
            (actions.autoplay, self._work.listening.autoplay),
        ):
            action.setChecked(on)

    def _show_output(self) -> None:
        """One entry for the system's choice and one for each output."""
        work, menu, names = self._work, self._actions.outputs, self._work.outputs.names
        chosen = self._window.settings.device
        menu.clear()
        for name in (None, *names):
            action = menu.addAction(text.plain(name or "System default"))
            action.setCheckable(True)
            action.setChecked(name == (chosen if chosen in names else None))
            action.triggered.connect(lambda _=False, name=name: work.outputs.choose(name))
        if not names:
            menu.addAction("No audio output was found").setEnabled(False)
        self._window.transport.set_output(work.outputs.current, silent=not names)

    def _show_keyboard(self) -> None:
        """One entry for none and one for each MIDI keyboard, or why there can be none."""
        work, keyboard, menu = self._work, self._work.keyboard, self._actions.midi
        menu.clear()
        for name in (None, *keyboard.inputs):
            action = menu.addAction(text.plain(name or "None"))
            action.setCheckable(True)
            action.setChecked(name == keyboard.input)
            action.triggered.connect(lambda _=False, name=name: work.choose_midi_input(name))
        if keyboard.obstacle:
            menu.addAction("Not available: why?").triggered.connect(
                lambda: self._window.notice.say(keyboard.obstacle, topic="keyboard", danger=False)
            )
        elif not keyboard.inputs:
            menu.addAction("No MIDI keyboard was found").setEnabled(False)
        self._actions.typing.setChecked(keyboard.typing)
        octave = f"Keys from {note_name(keyboard.first_note)}"
        self._window.transport.set_keyboard(octave if keyboard.typing else keyboard.input)

    def _popup_keyboards(self) -> None:
        menu = passing_menu(self._window)
        menu.addAction(self._actions.typing)
        add_shared(menu, self._actions.midi)
        self._window.transport.keyboard.popup(menu)

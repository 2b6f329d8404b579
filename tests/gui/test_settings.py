"""The settings as they are changed in the dialog, and what the next start makes of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app import theme
from app.main import display_in_reach
from app.main_window import MainWindow
from app.panels.settings_dialog import DEVICES, PAGES, THEMES, SettingsDialog
from app.settings import COMPUTE_DEVICES, SCALES, Settings
from app.settings import THEMES as KNOWN_THEMES
from app.widgets.fields import Choice
from app.widgets.root_line import RootLine
from engine.errors import EarshotError
from engine.library.scanner import default_workers, most_workers
from tests.gui.conftest import press, until


@pytest.fixture
def dialog(filled: MainWindow, qtbot: QtBot) -> SettingsDialog:
    until(qtbot, lambda: bool(filled.workspace.outputs.names))
    filled.actions_.settings.trigger()
    return next(dialog for dialog in filled.findChildren(SettingsDialog) if dialog.isVisible())


def choose(choice: Choice, words: str) -> None:
    """As a user picks an entry."""
    choice.setCurrentIndex(choice.findText(words))
    choice.activated.emit(choice.currentIndex())


def test_the_choices_are_those_that_are_stored() -> None:
    assert tuple(THEMES) == KNOWN_THEMES
    assert tuple(DEVICES) == COMPUTE_DEVICES


def test_a_version_that_never_was_is_the_first(tmp_path: Path) -> None:
    path = tmp_path / "settings.ini"
    path.write_text("[General]\nversion=-3\ndevice=Headphones\n", encoding="utf-8")
    assert Settings(path).device == "Headphones"


def test_in_context_is_kept(filled: MainWindow) -> None:
    filled.transport.context.click()
    filled.close()
    assert filled.settings.in_context


def test_it_opens_once_and_closes_by_key(filled: MainWindow, dialog: SettingsDialog, qtbot: QtBot) -> None:
    filled.show_settings()
    assert len(filled.findChildren(SettingsDialog)) == 1
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_the_look_changes_at_once_and_the_size_at_the_next_start(filled: MainWindow, dialog: SettingsDialog) -> None:
    choose(dialog.theme, "Light")
    assert theme.current().name == "light"
    assert filled.actions_.themes["light"].isChecked()
    choose(dialog.scale, "150 %")
    assert filled.settings.scale_percent == 150
    assert dialog.scale_note.text() == "Start Earshot again to see it at 150 %."
    choose(dialog.theme, "As the system")
    assert filled.settings.theme == "system"
    assert theme.current().name in ("dark", "light")


def test_listening_is_set_in_both_places(filled: MainWindow, dialog: SettingsDialog, qtbot: QtBot) -> None:
    dialog.show_page("Sound")
    choose(dialog.output, "Headphones")
    assert filled.settings.device == "Headphones"
    assert filled.transport.device.text() == "Headphones"
    qtbot.mouseClick(dialog.loop, Qt.MouseButton.LeftButton)
    assert filled.transport.loop.isChecked()
    qtbot.mouseClick(dialog.autoplay, Qt.MouseButton.LeftButton)
    assert not filled.workspace.listening.autoplay
    filled.transport.level.click()
    assert not dialog.level.isChecked()


def test_an_open_list_of_outputs_keeps_its_place_while_something_plays(
    filled: MainWindow, dialog: SettingsDialog, qtbot: QtBot
) -> None:
    dialog.show_page("Sound")
    dialog.output.showPopup()
    entries = dialog.output.view()
    until(qtbot, entries.isVisible)
    qtbot.keyClick(entries, Qt.Key.Key_Down)
    assert entries.currentIndex().data() == "Speakers"
    filled.workspace.auditioner.changed.emit()
    filled.workspace.library.changed.emit()
    assert entries.currentIndex().data() == "Speakers"
    qtbot.keyClick(entries, Qt.Key.Key_Return)
    assert filled.settings.device == "Speakers"


def test_folders_show_their_state_and_can_be_removed(
    filled: MainWindow, dialog: SettingsDialog, qtbot: QtBot, tmp_path: Path, sounds: Path
) -> None:
    library = filled.workspace.library
    more = tmp_path / "More"
    shutil.copytree(sounds / "Leads", more)
    library.scan([more])
    until(qtbot, lambda: library.state is not None and len(library.state.roots) == 2 and not library.scanning)

    def lines() -> dict[str, RootLine]:
        found = [line for line in dialog.findChildren(RootLine) if not line.isHidden()]
        return {line.accessibleName(): line for line in found}

    until(qtbot, lambda: f"{more}, 4 sounds" in lines())
    shutil.rmtree(more)
    library.refresh()
    until(qtbot, lambda: f"{more}, offline" in lines())
    qtbot.mouseClick(lines()[f"{more}, offline"].remove, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: len(lines()) == 1)
    assert sounds.is_dir()


def test_fewer_processors_count_for_the_next_scan(filled: MainWindow, dialog: SettingsDialog) -> None:
    assert dialog.workers.itemText(0) == f"As usual ({default_workers()})"
    dialog.workers.setCurrentIndex(dialog.workers.count() - 1)
    dialog.workers.activated.emit(dialog.workers.currentIndex())
    most = most_workers()
    assert (filled.settings.scan_workers, filled.workspace.backend.scan_workers) == (most, most)


def test_another_model_and_device_wait_for_the_next_start(
    filled: MainWindow, dialog: SettingsDialog, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = str(tmp_path / "mine.safetensors")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (chosen, ""))
    dialog.show_page("Analysis")
    qtbot.mouseClick(dialog.choose_model, Qt.MouseButton.LeftButton)
    assert filled.settings.model == Path(chosen)
    assert dialog.model.text() == "mine.safetensors (from the next start on)"
    qtbot.mouseClick(dialog.own_model, Qt.MouseButton.LeftButton)
    assert filled.settings.model is None
    choose(dialog.compute, "CPU")
    assert filled.settings.compute == "cpu"
    assert "Start Earshot again" in dialog.compute_note.text()


def test_the_page_is_chosen_by_key(dialog: SettingsDialog, qtbot: QtBot) -> None:
    for number in range(1, len(PAGES)):
        button = dialog.pages.group.button(number)
        button.setFocus()
        qtbot.keyClick(button, Qt.Key.Key_Space)
        assert dialog._stack.currentIndex() == number


def test_keys_of_the_window_rest_while_the_settings_are_in_front(
    filled: MainWindow, dialog: SettingsDialog, qtbot: QtBot
) -> None:
    press(qtbot, filled, "m")
    assert not filled.workspace.slots.muted(filled.workspace.slots.slots[0].id)


def test_the_last_song_is_opened_again_if_it_is_there(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, settings = window.workspace, window.settings
    asked: list[threading.Thread] = []
    isfile = os.path.isfile

    def note(path: Any) -> bool:
        if str(path).endswith(".wav"):
            asked.append(threading.current_thread())
        return isfile(path)

    monkeypatch.setattr(os.path, "isfile", note)

    def opened() -> Path | None:
        work.open_last_song()
        until(qtbot, lambda: work.jobs.running("last song") is None)
        return work.reference.path

    defects: list[object] = []
    work.jobs.defect.connect(defects.append)
    assert opened() is None, "there was none"
    settings.remember_song(tmp_path / f"{300 * 'x'}.wav")  # as good a reason not to answer as any
    assert opened() is None
    settings.remember_song(tmp_path / "gone.wav")
    assert opened() is None
    settings.remember_song(song)
    settings.restore_song = False
    assert opened() is None
    settings.restore_song = True
    assert opened() == song
    settings.remember_song(tmp_path / "gone.wav")
    shutil.copy(song, tmp_path / "gone.wav")
    assert opened() == song, "a song that was opened meanwhile stays"
    assert defects == []
    assert asked
    assert threading.current_thread() not in asked, "a drive may take long to answer"


@pytest.mark.parametrize("percent", [75, 150, 200])
def test_the_interface_is_scaled_from_the_start_on(tmp_path: Path, percent: int) -> None:
    assert percent in SCALES
    script = (
        "import sys; from pathlib import Path\n"
        "from app.main import scale_interface; from app.settings import Settings\n"
        "scale_interface(Settings(Path(sys.argv[1])).scale_percent)\n"
        "from PySide6.QtWidgets import QApplication, QWidget\n"
        "application = QApplication([]); print(QWidget().devicePixelRatioF())"
    )
    path = tmp_path / "settings.ini"
    settings = Settings(path)
    settings.scale_percent = percent
    settings.keep()
    command = [sys.executable, "-c", script, str(path)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    assert float(answer.stdout) == percent / 100


def test_a_desktop_finds_the_name_and_the_icon_of_the_window() -> None:
    """By the name that the window tells, which must be that of a desktop file."""
    script = (
        "from app.main import introduce; from PySide6.QtWidgets import QApplication\n"
        "application = QApplication([]); introduce(application)\n"
        "print(application.desktopFileName(), not application.windowIcon().isNull())"
    )
    answer = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    name, icon = answer.stdout.split()
    assert icon == "True"
    assert (Path(__file__).parents[2] / "packaging" / "linux" / f"{name}.desktop").is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="X11 is Linux's")
def test_a_missing_library_of_the_system_and_a_display_that_is_gone_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.setenv("DISPLAY", ":987")
    with pytest.raises(EarshotError, match="The display :987 cannot be reached"), display_in_reach():
        pytest.fail("nothing is begun")

    def lack(path: str) -> None:
        assert Path(path).is_file()
        raise OSError("libxcb-cursor.so.0: cannot open shared object file")

    monkeypatch.setattr("ctypes.CDLL", lack)
    words = r"libxcb-cursor.so.0: cannot open .* Install .* libxcb-cursor0"
    with pytest.raises(EarshotError, match=words), display_in_reach():
        pytest.fail("nothing is begun")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    with display_in_reach():
        pass

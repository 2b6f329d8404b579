"""Sounds fitted to the song, tried over it, played on keys and carried out of the window."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QEvent, QMimeData, Qt
from PySide6.QtGui import QDrag, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import engine.audition.line
import engine.audition.prepare
import engine.matching.pitch
from app import audio_files
from app.audio_files import MusicFacts
from app.controllers import audition
from app.controllers.audition import POSITION_MILLISECONDS
from app.main_window import MainWindow
from app.models.matches import Row
from app.widgets.carried import sounds_in
from engine.audio.decode import Audio
from engine.audition.output import OutputDevice
from engine.audition.player import Player
from engine.errors import PlaybackError
from engine.library.catalog import Sound
from tests.gui.conftest import PATIENCE_MILLISECONDS, until
from tests.gui.stand_in import RATE, SilentPlayer, StandInBackend

SLOT_HZ = 180.0


def player_of(window: MainWindow) -> SilentPlayer:
    backend = window.workspace.backend
    assert isinstance(backend, StandInBackend)
    return backend.silent_player


def press(qtbot: QtBot, window: MainWindow, keys: str) -> None:
    qtbot.keyClicks(QApplication.focusWidget() or window, keys)


def last_played(window: MainWindow) -> Audio:
    return player_of(window).played[-1][0]


def loudest_hertz(audio: Audio) -> float:
    samples = audio.mono()
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size), 1 << 18))
    return float(np.argmax(spectrum) * audio.rate / (1 << 18))


def semitones(hertz: float, other: float) -> float:
    """Distance from the nearest octave of `other`, -6 to 6."""
    return float((12 * np.log2(hertz / other) + 6) % 12 - 6)


def pitched_row(window: MainWindow) -> Row:
    """A bass two to five semitones off the slot's note."""
    for row in window.workspace.matches.rows:
        if row.sound.pitch_hz is not None and 2 <= abs(semitones(row.sound.pitch_hz, SLOT_HZ)) <= 5:
            return row
    raise AssertionError("no such sound")


@pytest.fixture
def loop(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> Row:
    """A loop of four seconds at 100 BPM beside the song, which goes at 120."""
    path = tmp_path / "Loop 100.wav"
    time = np.arange(4 * RATE) / RATE
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 300 * time) * np.exp(-8 * (time % 0.6)), RATE)
    until(qtbot, lambda: filled.workspace.reference.facts is not None)  # else the song's own would come afterwards
    filled.workspace.reference.facts = MusicFacts(120.0, None)
    sound = replace(
        filled.workspace.matches.rows[0].sound,
        path=str(path),
        name="Loop 100",
        kind="loop",
        duration_seconds=4.0,
        tempo_bpm=100.0,
        pitch_hz=None,
        size=path.stat().st_size,
    )
    return Row(sound, 1)


def test_sounds_are_heard_at_the_slots_pitch_and_back(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    row = pitched_row(filled)
    filled.matches_panel.table.choose(work.matches.number_of(row.sound.id))
    until(qtbot, lambda: len(player_of(filled).played) == 1)
    own = loudest_hertz(last_played(filled))
    assert abs(semitones(own, SLOT_HZ)) > 1.5
    press(qtbot, filled, "p")
    assert filled.transport.pitch.isChecked()
    assert filled.actions_.pitch.isChecked()
    until(qtbot, lambda: len(player_of(filled).played) == 2)
    assert abs(semitones(loudest_hertz(last_played(filled)), SLOT_HZ)) < 0.6
    assert "st" in filled.compare_panel.figures[1].text()
    assert "F#3~" in filled.compare_panel.figures[0].text()
    assert not filled.notice.isVisible()
    press(qtbot, filled, "p")
    until(qtbot, lambda: len(player_of(filled).played) == 3)
    assert loudest_hertz(last_played(filled)) == pytest.approx(own)


def test_a_pitch_that_is_measured_late_is_heard_by_what_still_plays(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, player, go_on = filled.workspace, player_of(filled), threading.Event()

    def measured_late(*_: object) -> float:
        assert go_on.wait(PATIENCE_MILLISECONDS / 1000)
        return SLOT_HZ

    monkeypatch.setattr(engine.matching.pitch, "slot_pitch", measured_late)
    work.auditioner.set_loop(True)
    row = pitched_row(filled)
    row = replace(row, sound=replace(row.sound, kind="loop"))  # which goes round until the pitch is there
    work.fitting.at_pitch = True  # as it was left
    work.fitting.set_slot(replace(work.slots.slots[0], family="keys"))
    work.listening.choose(row)
    until(qtbot, lambda: work.auditioner.playing)
    assert not work.auditioner.change
    go_on.set()
    until(qtbot, lambda: len(player.played) == 2)
    assert work.auditioner.change == work.fitting.change(row.sound)
    assert work.auditioner.change.semitones
    work.listening.stop()
    work.fitting.set_slot(replace(work.slots.slots[1], family="keys"))
    until(qtbot, lambda: work.jobs.running("slot pitch") is None)
    assert len(player.played) == 2, "nothing begins to play by itself"


def test_a_tempo_that_is_found_late_is_heard_by_what_still_plays(filled: MainWindow, qtbot: QtBot, loop: Row) -> None:
    work = filled.workspace
    facts, work.reference.facts = work.reference.facts, None
    work.auditioner.set_loop(True)
    work.fitting.set_at_tempo(True)
    work.listening.choose(loop)
    until(qtbot, lambda: work.auditioner.playing)
    assert not work.auditioner.change
    work.reference.facts = facts
    work.reference.facts_changed.emit()
    until(qtbot, lambda: len(player_of(filled).played) == 2)
    assert work.auditioner.change == work.fitting.change(loop.sound)
    assert last_played(filled).duration_seconds == pytest.approx(4 / 1.2, rel=0.01)


def test_a_slot_without_a_pitch_says_so_and_changes_nothing(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    slot = work.slots.slots[0]
    work.fitting.set_slot(replace(slot, family="kick"))
    press(qtbot, filled, "p")
    until(qtbot, filled.notice.isVisible)
    assert "No steady pitch" in filled.notice.message.text()
    assert "kick" in filled.notice.message.text()
    row = pitched_row(filled)
    assert not work.fitting.change(row.sound)
    work.fitting.set_slot(slot)
    until(qtbot, lambda: work.fitting.change(row.sound).semitones != 0)
    assert not filled.notice.isVisible()


def test_the_switches_without_a_song_say_what_is_missing(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_.tempo.trigger()
    assert "no song" in window.notice.message.text()
    assert window.transport.tempo.isChecked()
    window.actions_.tempo.trigger()
    assert not window.notice.isVisible()
    window.actions_.context.trigger()
    assert "open a song" in window.notice.message.text()


def test_loops_are_heard_at_the_songs_tempo(filled: MainWindow, qtbot: QtBot, loop: Row) -> None:
    work = filled.workspace
    press(qtbot, filled, "t")
    work.listening.choose(loop)
    until(qtbot, lambda: len(player_of(filled).played) == 1)
    assert last_played(filled).duration_seconds == pytest.approx(4.0 * 100 / 120, abs=0.01)
    assert work.fitting.words(loop.sound) == "120 BPM"
    until(qtbot, lambda: work.auditioner.playing)
    assert work.auditioner.duration == pytest.approx(4.0 * 100 / 120, abs=0.01)
    work.reference.facts = MusicFacts(None, None)
    work.reference.facts_changed.emit()
    assert "no clear tempo" in filled.notice.message.text()
    assert not work.fitting.change(loop.sound)


def test_in_context_the_song_goes_on_below_the_sounds(filled: MainWindow, qtbot: QtBot, loop: Row) -> None:
    work, player = filled.workspace, player_of(filled)
    press(qtbot, filled, "lo")
    assert filled.transport.context.isChecked()
    filled.matches_panel.table.choose(0)
    until(qtbot, lambda: len(player.played) == 1)
    bed = player.beds[0]
    assert bed is not None
    assert bed.loop
    start, end = work.slots.slots[0].exposed_seconds
    assert bed.audio.duration_seconds == pytest.approx(end - start, abs=0.01)
    filled.matches_panel.table.choose(1)
    until(qtbot, lambda: len(player.played) == 2)
    assert player.beds[1] is bed, "the song is not begun anew"
    work.listening.choose(loop)
    until(qtbot, lambda: len(player.played) == 3)
    press(qtbot, filled, "a")
    until(qtbot, lambda: len(player.played) == 4)
    assert player.beds[3] is None
    press(qtbot, filled, "ao")
    until(qtbot, lambda: player.beds[-1] is None and len(player.played) > 4)
    assert not filled.transport.context.isChecked()


def test_a_pause_after_the_sound_has_ended_holds_the_song(filled: MainWindow, qtbot: QtBot) -> None:
    work, player = filled.workspace, player_of(filled)
    press(qtbot, filled, "lo")
    filled.matches_panel.table.choose(0)
    until(qtbot, lambda: len(player.played) == 1 and work.auditioner.playing)
    until(qtbot, lambda: player.position_seconds is None)
    assert player.playing, "the song goes on without it"
    press(qtbot, filled, " ")
    assert not work.auditioner.playing
    assert not player.playing
    paused_at = player.bed_position_seconds
    assert paused_at is not None
    press(qtbot, filled, " ")
    assert work.auditioner.playing
    until(qtbot, lambda: player.playing)
    assert len(player.played) == 1, "nothing is begun anew"
    until(qtbot, lambda: (player.bed_position_seconds or 0.0) > paused_at)
    assert player.position_seconds is None, "the sound stays over"


def test_what_is_dragged_is_the_original_or_a_file_of_what_is_heard(
    filled: MainWindow, qtbot: QtBot, loop: Row, tmp_path: Path
) -> None:
    work = filled.workspace
    row = pitched_row(filled)
    original = Path(row.sound.path).read_bytes()
    received: list[list[Path]] = []
    sounds = [row.sound, loop.sound, replace(row.sound, path=str(tmp_path / "gone.wav"))]
    work.carrying.fetch(sounds, received.append)
    until(qtbot, lambda: received == [[Path(row.sound.path), Path(loop.sound.path)]])
    assert work.carrying.expected(sounds[:2]) == received[0], "and a drag has them at once"
    press(qtbot, filled, "pt")
    until(qtbot, lambda: bool(work.fitting.change(row.sound)))
    assert work.carrying.expected(sounds) == [], "they have to be made"
    work.carrying.fetch(sounds, received.append)
    until(qtbot, lambda: len(received) == 2)
    paths = received[1]
    change = work.fitting.change(row.sound)
    rendered = filled.workspace.backend.rendered_dir
    assert paths == [rendered / f"{row.sound.name} {change.semitones:+d}st.wav", rendered / "Loop 100 at 120 BPM.wav"]
    assert soundfile.info(paths[1]).duration == pytest.approx(4.0 * 100 / 120, abs=0.01)
    assert soundfile.info(paths[0]).subtype == "PCM_24"
    assert work.carrying.expected(sounds) == paths, "they are there"
    work.carrying.fetch(sounds, received.append)
    until(qtbot, lambda: received[2:] == [paths])
    assert Path(row.sound.path).read_bytes() == original
    filled.matches_panel.table.choose(work.matches.number_of(row.sound.id))
    filled.actions_.copy_path.trigger()
    until(qtbot, lambda: QGuiApplication.clipboard().text() == str(paths[0]))


def test_a_sound_that_was_left_does_not_play_after_the_next_one(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread may be held up just before it plays."""
    player, go_on, at_the_player = player_of(filled), threading.Event(), threading.Event()
    play = player.play

    def play_late(sound: Audio, **how: object) -> None:
        if not at_the_player.is_set():
            at_the_player.set()
            assert go_on.wait(PATIENCE_MILLISECONDS / 1000)
        play(sound, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(player, "play", play_late)
    filled.matches_panel.table.choose(0)
    until(qtbot, at_the_player.is_set)
    filled.matches_panel.table.choose(9)
    qtbot.wait(200)
    go_on.set()
    until(qtbot, lambda: bool(player.played) and not filled.workspace.auditioner.loading)
    assert len(player.played) == 1
    assert loudest_hertz(last_played(filled)) > 1000, "a lead, not the bass before it"
    assert filled.workspace.auditioner.playing


def test_what_is_gone_on_with_is_not_taken_for_ended_before_it_sounds(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, player, go_on = filled.workspace, player_of(filled), threading.Event()
    work.auditioner.set_loop(True)
    work.listening.play_from(0.0)
    until(qtbot, lambda: work.auditioner.playing)
    press(qtbot, filled, " ")
    assert not work.auditioner.playing
    resume = player.resume

    def resume_late(cancel: object = None) -> None:
        assert go_on.wait(PATIENCE_MILLISECONDS / 1000)
        resume()

    monkeypatch.setattr(player, "resume", resume_late)
    press(qtbot, filled, " ")
    qtbot.wait(5 * POSITION_MILLISECONDS)
    assert work.auditioner.playing
    go_on.set()
    until(qtbot, lambda: player.playing)
    assert work.auditioner.playing


def test_a_region_that_was_heard_to_its_end_begins_again(filled: MainWindow, qtbot: QtBot) -> None:
    work, player = filled.workspace, player_of(filled)
    work.auditioner.set_loop(False)
    work.timeline.set_region((1.0, 3.0))
    work.listening.play_from(1.0)
    until(qtbot, lambda: (work.timeline.playhead or 0.0) > 1.0)
    until(qtbot, lambda: not work.auditioner.playing)
    assert work.timeline.playhead == 1.0
    press(qtbot, filled, " ")
    until(qtbot, lambda: len(player.starts) == 2)
    assert player.starts == [0.0, 0.0]


def test_a_song_too_long_to_be_held_goes_on_where_its_first_part_ends(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = filled.workspace
    monkeypatch.setattr(audition, "LONGEST_REFERENCE_SECONDS", 0.4)
    work.auditioner.set_loop(False)
    work.listening.play_from(11.2)
    for end in (pytest.approx(11.6), 0.0):
        until(qtbot, lambda: work.auditioner.playing)
        until(qtbot, lambda: not work.auditioner.playing)
        assert work.timeline.playhead == end
        press(qtbot, filled, " ")


def test_what_is_switched_while_a_sound_is_decoded_counts_for_it(
    filled: MainWindow, qtbot: QtBot, loop: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, go_on = filled.workspace, threading.Event()
    decode = audio_files.sound_clip

    def decode_late(sound: Sound) -> audio_files.Clip:
        assert go_on.wait(PATIENCE_MILLISECONDS / 1000)
        return decode(sound)

    monkeypatch.setattr(audio_files, "sound_clip", decode_late)
    work.auditioner.set_loop(False)
    work.listening.choose(loop)
    work.auditioner.set_loop(True)
    work.auditioner.set_volume(-30.0)
    go_on.set()
    until(qtbot, lambda: len(player_of(filled).played) == 1)
    assert player_of(filled).played[0][2]
    assert player_of(filled).volume_db == -30.0


def test_at_its_own_level_no_sound_is_louder_than_full_scale(filled: MainWindow, qtbot: QtBot, loop: Row) -> None:
    """Else the volume has no say: a float file in the scale of integers would be clipped at full scale."""
    work, path = filled.workspace, Path(loop.sound.path).with_name("Loud.wav")
    work.auditioner.set_level_match(False)
    work.listening.choose(loop)
    until(qtbot, lambda: len(player_of(filled).played) == 1)
    soundfile.write(path, 20_000.0 * np.sin(np.arange(RATE)), RATE, subtype="FLOAT")
    loud = replace(loop.sound, path=str(path), name="Loud", peak_db=None)
    work.listening.choose(Row(loud, 1))
    until(qtbot, lambda: len(player_of(filled).played) == 2)
    gains = [gain_db for _, gain_db, _ in player_of(filled).played]
    assert gains == [0.0, pytest.approx(-20 * np.log10(20_000), abs=0.01)]


def test_that_only_the_beginning_of_a_very_long_sound_is_heard_is_said(
    filled: MainWindow, qtbot: QtBot, loop: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(loop.sound.path).with_name("Hour.wav")
    soundfile.write(path, np.tile(np.full(RATE, 0.1), 30), RATE)
    monkeypatch.setattr(engine.audition.prepare, "MOST_SAMPLES", 20 * RATE)
    monkeypatch.setattr(engine.audition.prepare, "BEGINNING_SAMPLES", 10 * RATE)
    long = replace(loop.sound, path=str(path), name="Hour", kind="long", duration_seconds=30.0)
    filled.workspace.listening.choose(Row(long, 1))
    until(qtbot, filled.notice.isVisible)
    assert "Hour lasts 0:30: its first 0:10 are heard." in filled.notice.message.text()
    filled.workspace.listening.choose(loop)
    until(qtbot, lambda: not filled.notice.isVisible())


def test_that_a_preset_lacks_samples_is_said_when_it_is_played(filled: MainWindow, qtbot: QtBot, loop: Row) -> None:
    lacking = replace(loop.sound, id=10_000, reason="It sounds without 1 of its 8 samples.")
    filled.workspace.listening.choose(Row(lacking, 1))
    until(qtbot, filled.notice.isVisible)
    assert f"{loop.sound.name}: It sounds without 1 of its 8 samples." in filled.notice.message.text()
    filled.workspace.listening.choose(loop)
    until(qtbot, lambda: not filled.notice.isVisible())


class Asleep:
    """The interface of `engine.audition.output.Output`; it opens when it is told to."""

    rate, channels, latency_seconds, underflows, alive = 48_000, 2, 0.0, 0, True
    opening, go_on = threading.Event(), threading.Event()
    render: Callable[[np.ndarray], None]

    def __init__(self, device: str | None, prepare: Callable[[int, int], Callable[[np.ndarray], None]], _: float):
        Asleep.render = staticmethod(prepare(self.rate, self.channels))
        Asleep.opening.set()
        assert Asleep.go_on.wait(PATIENCE_MILLISECONDS / 1000)

    def close(self) -> None:
        self.alive = False


@pytest.fixture
def asleep(filled: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Iterator[Player]:
    """The real player, at a device that opens when `Asleep.go_on` is set, or after a while."""
    monkeypatch.setattr(engine.audition.line, "Output", Asleep)
    Asleep.opening.clear()
    Asleep.go_on.clear()
    late = threading.Timer(20.0, Asleep.go_on.set)
    late.start()
    with Player() as player:
        backend = filled.workspace.backend
        monkeypatch.setattr(backend, "player", lambda: player)
        monkeypatch.setattr(backend, "existing_player", lambda: player)
        yield player
        filled.workspace.auditioner.stop()
        late.cancel()
        Asleep.go_on.set()


@pytest.mark.parametrize("how", ["stop", "pause"])
def test_the_window_waits_for_no_device_and_what_was_stopped_meanwhile_is_not_heard(
    filled: MainWindow, qtbot: QtBot, asleep: Player, how: str
) -> None:
    work = filled.workspace
    filled.matches_panel.table.choose(0)
    until(qtbot, Asleep.opening.is_set)
    job = work.jobs.running("audition")
    assert job is not None
    work.auditioner.set_loop(True)
    work.auditioner.set_volume(-12.0)
    work.auditioner.to_start()
    work.listening.stop() if how == "stop" else work.listening.play_pause()
    assert not Asleep.go_on.is_set(), "the window waited for the device"
    assert not work.auditioner.playing
    assert not work.auditioner.loading
    Asleep.go_on.set()
    assert job.ended.wait(PATIENCE_MILLISECONDS / 1000)
    block = np.ones((4800, 2), np.float32)
    Asleep.render(block)
    assert not block.any()
    assert not asleep.playing
    assert not work.auditioner.playing


@pytest.fixture
def drags(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[QMimeData], bool]]:
    """What becomes of the next drags: each is given what is carried, and tells whether it landed in the window."""
    targets: list[Callable[[QMimeData], bool]] = []
    landed: list[bool] = []

    def carry(drag: QDrag, *_: object) -> Qt.DropAction:
        landed.append(targets.pop(0)(drag.mimeData()))
        return Qt.DropAction.CopyAction

    monkeypatch.setattr(QDrag, "exec", carry)
    monkeypatch.setattr(QDrag, "target", lambda drag: drag if landed[-1] else None)
    return targets


def test_a_file_that_has_to_be_made_joins_a_drag_on_its_way(
    filled: MainWindow, qtbot: QtBot, drags: list[Callable[[QMimeData], bool]]
) -> None:
    row, table = pitched_row(filled), filled.matches_panel.table
    press(qtbot, filled, "p")
    until(qtbot, lambda: bool(filled.workspace.fitting.change(row.sound)))
    table.choose(filled.workspace.matches.number_of(row.sound.id))

    def another_program(data: QMimeData) -> bool:
        assert data.hasUrls(), "a program is asked first whether it takes files"
        until(qtbot, lambda: bool(data.urls()))
        assert data.urls()[0].toLocalFile().startswith(str(filled.workspace.backend.rendered_dir))
        return False

    drags.append(another_program)
    table.startDrag(Qt.DropAction.CopyAction)
    assert not drags
    assert not filled.notice.isVisible()


def test_sounds_that_are_away_are_named_and_leave_the_drag(
    filled: MainWindow, qtbot: QtBot, drags: list[Callable[[QMimeData], bool]], tmp_path: Path
) -> None:
    rows = filled.workspace.matches.rows
    away = [replace(row, sound=replace(row.sound, root=str(tmp_path / "drive"))) for row in rows[:5]]
    gone = replace(rows[5], sound=replace(rows[5].sound, path=str(tmp_path / "gone.wav")))
    there = Path(rows[6].sound.path)

    def another_program(data: QMimeData) -> bool:
        until(qtbot, lambda: [Path(url.toLocalFile()) for url in data.urls()] == [there])
        return False

    drags.append(another_program)
    filled.outbox.drag(filled.matches_panel.table, [*away, gone, rows[6]])
    words = filled.notice.message.text()
    assert f"{', '.join(row.sound.name for row in away[:3])} and 2 more: {tmp_path / 'drive'} is away." in words
    assert f"{gone.sound.name}: The file is not there any more." in words
    drags.append(lambda data: False)
    filled.outbox.drag(filled.matches_panel.table, [rows[6]])
    until(qtbot, lambda: not filled.notice.isVisible())


def test_paths_of_sounds_that_are_away_are_not_copied_but_told(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    QGuiApplication.clipboard().setText("as it was")
    filled.matches_panel.table.choose(0)
    monkeypatch.setattr(audio_files, "written_at", lambda path: None)
    filled.actions_.copy_path.trigger()
    name = filled.workspace.matches.rows[0].sound.name
    until(qtbot, lambda: f"{name}: The file is not there any more." in filled.notice.message.text())
    assert QGuiApplication.clipboard().text() == "as it was"


def test_paths_that_are_found_late_do_not_take_the_place_of_a_list(
    filled: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, begun = threading.Event(), threading.Event()

    def slow(path: str) -> int:
        begun.set()
        assert answers.wait(PATIENCE_MILLISECONDS / 1000)
        return 1

    filled.workspace.listening.autoplay = False
    filled.matches_panel.table.choose(0)
    monkeypatch.setattr(audio_files, "written_at", slow)
    filled.actions_.copy_path.trigger()
    job = filled.workspace.jobs.running("copy")
    assert job is not None
    until(qtbot, begun.is_set)
    filled.actions_.copy_list.trigger()
    answers.set()
    assert job.ended.wait(PATIENCE_MILLISECONDS / 1000)
    QApplication.processEvents()
    assert QGuiApplication.clipboard().text().startswith("Rank\t")


def test_the_window_does_not_wait_for_a_slow_drive_when_a_drag_begins(
    filled: MainWindow, qtbot: QtBot, drags: list[Callable[[QMimeData], bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, asked_in, written_at = threading.Event(), set(), audio_files.written_at

    def slow(path: str) -> int | None:
        asked_in.add(threading.current_thread())
        assert answers.wait(PATIENCE_MILLISECONDS / 1000)
        return written_at(path)

    rows = filled.workspace.matches.rows
    monkeypatch.setattr(audio_files, "written_at", slow)
    carried: list[Path] = []

    def another_program(data: QMimeData) -> bool:
        carried.extend(Path(url.toLocalFile()) for url in data.urls())
        return False

    drags.append(another_program)
    filled.outbox.drag(filled.matches_panel.table, rows)
    assert carried == [Path(row.sound.path) for row in rows]
    answers.set()
    until(qtbot, lambda: filled.workspace.jobs.running("carry") is None)
    assert threading.main_thread() not in asked_in
    assert not filled.notice.isVisible(), "they were carried already"


@pytest.mark.parametrize("inside", [True, False])
def test_a_drag_that_ends_before_its_file_is_made(
    filled: MainWindow, qtbot: QtBot, drags: list[Callable[[QMimeData], bool]], inside: bool
) -> None:
    row, table, rendered = pitched_row(filled), filled.matches_panel.table, filled.workspace.backend.rendered_dir
    press(qtbot, filled, "p")
    until(qtbot, lambda: bool(filled.workspace.fitting.change(row.sound)))
    table.choose(filled.workspace.matches.number_of(row.sound.id))
    carried: list[list[int]] = []

    def land(data: QMimeData) -> bool:
        carried.append(sounds_in(data, filled.workspace.backend.library_dir))
        return inside

    drags.append(land)
    table.startDrag(Qt.DropAction.CopyAction)
    assert carried == [[row.sound.id]], "a collection takes it at once"
    until(qtbot, lambda: filled.workspace.jobs.running("carry") is None)
    assert len(list(rendered.iterdir())) == 1
    assert ("Drag again to use it." in filled.notice.message.text()) == (not inside)


def test_a_folder_that_cannot_be_written_is_said(filled: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    filled.workspace.backend.rendered_dir = tmp_path / "file"
    (tmp_path / "file").write_text("in the way")
    row = pitched_row(filled)
    press(qtbot, filled, "p")
    until(qtbot, lambda: bool(filled.workspace.fitting.change(row.sound)))
    received: list[list[Path]] = []
    filled.workspace.carrying.fetch([row.sound], received.append)
    until(qtbot, filled.notice.isVisible)
    assert "could not be written" in filled.notice.message.text()
    assert received == [], "nothing was made"


def key(qtbot: QtBot, window: MainWindow, kind: QEvent.Type, letter: str) -> None:
    event = QKeyEvent(kind, Qt.Key[f"Key_{letter}"], Qt.KeyboardModifier.NoModifier, letter.lower())
    QApplication.sendEvent(QApplication.focusWidget() or window, event)


def test_the_computer_keyboard_plays_the_sound_and_keeps_its_other_keys(filled: MainWindow, qtbot: QtBot) -> None:
    work, player = filled.workspace, player_of(filled)
    row = pitched_row(filled)
    filled.matches_panel.table.choose(work.matches.number_of(row.sound.id))
    until(qtbot, lambda: len(player.played) == 1 and not work.auditioner.loading)
    filled.actions_.typing.trigger()
    assert filled.transport.keyboard.text() == "Keys from C4"
    until(qtbot, lambda: bool(player.keys))
    name, _, root = player.keys[0]
    assert (name, root) == ("sound", pytest.approx(69 + 12 * np.log2(row.sound.pitch_hz / 440)))  # type: ignore[operator]
    key(qtbot, filled, QEvent.Type.KeyPress, "A")
    key(qtbot, filled, QEvent.Type.KeyPress, "W")
    key(qtbot, filled, QEvent.Type.KeyRelease, "A")
    key(qtbot, filled, QEvent.Type.KeyRelease, "W")
    key(qtbot, filled, QEvent.Type.KeyPress, "X")
    key(qtbot, filled, QEvent.Type.KeyPress, "K")
    until(qtbot, lambda: len(player.keys) == 6)
    assert player.keys[1:] == [
        ("press", 60, 0.8),
        ("press", 61, 0.8),
        ("release", 60),
        ("release", 61),
        ("press", 84, 0.8),
    ]
    assert work.auditioner.side == "B"
    qtbot.keyClick(QApplication.focusWidget() or filled, Qt.Key.Key_Down)
    assert work.listening.row != row, "other keys are what they were"
    filled.focus_search()
    qtbot.keyClicks(filled.matches_panel.search, "hawk")
    assert filled.matches_panel.search.text() == "hawk"
    filled.matches_panel.search.clear()
    filled.actions_.typing.trigger()
    until(qtbot, lambda: player.keys[-1] == ("release", 84))
    filled.matches_panel.table.setFocus()
    press(qtbot, filled, "l")
    assert work.auditioner.loop


def test_without_a_midi_system_the_menu_says_how_to_get_one(filled: MainWindow, qtbot: QtBot) -> None:
    def refuse() -> list[str]:
        raise PlaybackError("MIDI keyboards need the package python-rtmidi.")

    filled.workspace.backend.midi_inputs = refuse  # type: ignore[method-assign]
    filled.workspace.keyboard.read_inputs()
    until(qtbot, lambda: "python-rtmidi" in filled.workspace.keyboard.obstacle)
    filled.actions_.midi.actions()[-1].trigger()
    assert "python-rtmidi" in filled.notice.message.text()


class Keyboard:
    """The interface of `engine.audition.midi.MidiInput`."""

    def __init__(self, name: str) -> None:
        self.name, self.closed = name, False

    def close(self) -> None:
        self.closed = True


def test_a_midi_keyboard_is_chosen_remembered_and_missed(filled: MainWindow, qtbot: QtBot) -> None:
    work = filled.workspace
    names = ["Keystation 49"]
    backend = work.backend
    backend.midi_inputs = lambda: list(names)  # type: ignore[method-assign]
    backend.midi_input = Keyboard  # type: ignore[method-assign,assignment]
    work.keyboard.read_inputs()
    until(qtbot, lambda: work.keyboard.inputs == names)
    filled.actions_.midi.actions()[1].trigger()
    until(qtbot, lambda: work.keyboard.input == "Keystation 49")
    assert filled.transport.keyboard.text() == "Keystation 49"
    assert filled.settings.midi_input == "Keystation 49"
    names.clear()
    work.keyboard.read_inputs()
    until(qtbot, filled.notice.isVisible)
    assert "Keystation 49 went away" in filled.notice.message.text()
    assert work.keyboard.input is None
    names.append("Keystation 49")
    work.keyboard.read_inputs()
    until(qtbot, lambda: work.keyboard.input == "Keystation 49")


def test_the_window_does_not_wait_for_a_midi_keyboard_that_closes(filled: MainWindow, qtbot: QtBot) -> None:
    """It closes only when the key that was struck last has found an output."""
    work, go_on = filled.workspace, threading.Event()

    class Waiting(Keyboard):
        def close(self) -> None:
            self.closed = go_on.wait(20.0)

    keyboard = Waiting("Keystation 49")
    work.backend.midi_inputs = lambda: ["Keystation 49"]  # type: ignore[method-assign]
    work.backend.midi_input = lambda name: keyboard  # type: ignore[method-assign,assignment,return-value]
    work.keyboard.choose_input("Keystation 49")
    until(qtbot, lambda: work.keyboard.input == "Keystation 49")
    held_before = len(player_of(filled).keys)
    work.keyboard.choose_input(None)
    assert work.keyboard.input is None
    assert not keyboard.closed
    go_on.set()
    until(qtbot, lambda: ("release all",) in player_of(filled).keys[held_before:])
    assert keyboard.closed


def test_outputs_come_and_go_while_the_window_is_open(filled: MainWindow, qtbot: QtBot) -> None:
    work, backend = filled.workspace, filled.workspace.backend
    until(qtbot, lambda: work.outputs.names == ["Speakers", "Headphones"])
    trace = ["pcmC0D0p"]
    backend.device_trace = lambda: tuple(trace)  # type: ignore[method-assign]
    backend.output_is_open = lambda: True  # type: ignore[method-assign]
    before = backend.devices()
    backend.devices = lambda: [*before, OutputDevice(2, "Desk", "stand-in", 2, 48_000, False)]  # type: ignore[method-assign]
    work.devices.start()
    trace.append("pcmC1D0p")
    work.devices.look()
    qtbot.wait(50)
    assert work.outputs.names == ["Speakers", "Headphones"], "not while one is open"
    backend.output_is_open = lambda: False  # type: ignore[method-assign]
    work.devices.look()
    until(qtbot, lambda: work.outputs.names == ["Speakers", "Headphones", "Desk"])
    assert "Desk" in [action.text() for action in filled.actions_.outputs.actions()]


def test_a_device_that_vanishes_is_said_and_another_one_that_plays_too(filled: MainWindow, qtbot: QtBot) -> None:
    work, player = filled.workspace, player_of(filled)
    work.auditioner.set_loop(True)
    work.listening.play_from(0.0)
    until(qtbot, lambda: work.auditioner.playing)
    player.failure = "The audio output went away."
    player.stop()
    until(qtbot, filled.notice.isVisible)
    assert "went away" in filled.notice.message.text()
    assert not work.auditioner.playing
    player.failure, player.substitute = None, "Headphones is not there: the default output plays instead."
    press(qtbot, filled, " ")
    until(qtbot, lambda: "Headphones is not there" in filled.notice.message.text())
    player.substitute = None
    filled.matches_panel.table.choose(1)
    until(qtbot, lambda: not filled.notice.isVisible())


def test_the_transport_never_squeezes_its_controls(window: MainWindow, qtbot: QtBot) -> None:
    transport = window.transport
    for width, keyboard in ((1440, None), (960, None), (1440, "Keystation 49"), (1280, "Keys from C4"), (1680, None)):
        window.resize(width, 900)
        transport.set_keyboard(keyboard)
        controls = (transport.sides, transport.pitch, transport.context, transport.device, transport.keyboard)
        until(qtbot, lambda c=controls: all(control.width() == control.sizeHint().width() for control in c))
        assert transport.sides.x() >= transport._left.width(), "the spine is kept"
        assert transport.pitch.accessibleName() == "At slot pitch"
    assert transport.pitch.text() == "At slot pitch"

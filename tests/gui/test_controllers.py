"""Controllers without a window: what happens at once, what comes too late, what is gone meanwhile."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from pytestqt.qtbot import QtBot
from watchdog.observers import Observer

from app import audio_files
from app import backend as backend_module
from app.backend import Backend
from app.controllers import library as library_module
from app.controllers import sound_list
from app.controllers.audition import Auditioner
from app.controllers.carrying import Carrying
from app.controllers.keyboard import KeyboardController
from app.controllers.library import LibraryController
from app.controllers.marks import MarksController
from app.controllers.matching import MatchController
from app.jobs import JobRunner
from app.models.columns import Column
from engine.audition.fit import UNCHANGED, Change
from engine.errors import LibraryError
from engine.jobs import CancelToken, ProgressCallback, ignore_progress
from engine.library.catalog import Sound
from engine.library.drives import are_there
from engine.library.listing import list_folders
from engine.library.query import EVERYTHING
from engine.library.scanner import ScanResult, _only_scan_of

PATIENCE_MILLISECONDS = 90_000
LONG_ENOUGH_MILLISECONDS = 300
"""For what must not happen."""
LONG_CLOSING_SECONDS = 10.0


class ListingBackend(Backend):
    """Lists files and hears none of them, as soon as `go_on` is set; watches nothing."""

    def __init__(self, library_dir: Path) -> None:
        super().__init__(library_dir)
        self.scans: list[tuple[list[Path], bool]] = []
        """Folders, and whether failed files were tried again."""
        self.go_on = threading.Event()
        self.go_on.set()

    def scan(  # type: ignore[override]
        self,
        folders: Sequence[Path],
        *,
        progress: ProgressCallback,
        cancel: CancelToken,
        retry_failed: bool = False,
        **_: object,
    ) -> ScanResult:
        self.scans.append((list(folders), retry_failed))
        answers = are_there(map(str, folders), 0.5)
        if (gone := next((folder for folder, is_there in answers.items() if is_there is False), None)) is not None:
            raise LibraryError(f"There is no folder {gone}.")
        unanswered = tuple(folder for folder, is_there in answers.items() if is_there is None)
        while not self.go_on.wait(0.01):
            cancel.raise_if_cancelled()
        answered = [folder for folder in answers if folder not in unanswered]
        listing = list_folders(self.library().catalog, answered, progress, cancel)
        return ScanResult(
            listing.found,
            0,
            0,
            0,
            listing.moved,
            listing.removed,
            seconds=0.0,
            unanswered=unanswered,
            without_sounds=tuple(listing.without_sounds),
        )

    def watch(self, folders: Collection[str], changed: Callable[[list[str]], None]) -> list[str]:
        return []


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[JobRunner]:
    runner = JobRunner()
    yield runner
    assert runner.shutdown()
    # Now, in this thread: the collector of garbage may run in any.
    runner.deleteLater()
    QCoreApplication.sendPostedEvents(runner, QEvent.Type.DeferredDelete)


@pytest.fixture
def backend(tmp_path: Path, jobs: JobRunner) -> Iterator[ListingBackend]:
    made = ListingBackend(tmp_path / "library")
    yield made
    made.go_on.set()
    jobs.shutdown()
    made.close()


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Two folders with a file each."""
    made = [tmp_path / "Drums", tmp_path / "Keys"]
    for folder in made:
        folder.mkdir()
        (folder / "one.wav").write_bytes(b"RIFF")
    return made


@pytest.fixture
def library(backend: ListingBackend, jobs: JobRunner, folders: list[Path], qtbot: QtBot) -> LibraryController:
    """Both folders are its roots."""
    controller = LibraryController(backend, jobs, jobs)
    controller.scan(folders)
    until(qtbot, lambda: roots(controller) == list(map(str, folders)) and at_rest(controller))
    backend.scans.clear()
    return controller


def until(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=PATIENCE_MILLISECONDS)


def roots(library: LibraryController) -> list[str]:
    return [root.path for root in library.state.roots] if library.state is not None else []


def at_rest(library: LibraryController) -> bool:
    return not library.scanning and library.scan_job is None


def a_sound(path: Path, **facts: Any) -> Sound:
    known: dict[str, Any] = dict.fromkeys(Sound.__dataclass_fields__)
    return Sound(
        **{
            **known,
            "id": 1,
            "path": str(path),
            "name": path.stem,
            "root": str(path.parent),
            "root_id": 1,
            "state": "ready",
            "size": 4,
            "declared": (),
            "tags": (),
            **facts,
        }
    )


def test_a_folder_that_is_removed_while_it_is_scanned_stays_away(
    library: LibraryController, backend: ListingBackend, folders: list[Path], qtbot: QtBot
) -> None:
    drums, keys = folders
    backend.go_on.clear()
    library.rescan()
    until(qtbot, lambda: len(backend.scans) == 1)
    library.remove_root(str(drums))
    assert library.scanning == (keys,), "the other one is still to be scanned"
    until(qtbot, lambda: len(backend.scans) == 2)
    backend.go_on.set()
    until(qtbot, lambda: roots(library) == [str(keys)] and at_rest(library))
    library.scan([keys])
    until(qtbot, lambda: len(backend.scans) == 3 and at_rest(library))
    qtbot.wait(LONG_ENOUGH_MILLISECONDS)
    assert roots(library) == [str(keys)]
    library.scan([drums])
    until(qtbot, lambda: roots(library) == list(map(str, folders)))


def test_a_change_that_is_noticed_late_does_not_bring_a_removed_folder_back(
    library: LibraryController, backend: ListingBackend, folders: list[Path], qtbot: QtBot
) -> None:
    drums, keys = folders
    library.remove_root(str(drums))
    library._folders_changed.emit([str(drums)])
    library.rescan()
    until(qtbot, lambda: roots(library) == [str(keys)])
    until(qtbot, lambda: backend.scans == [([keys], False)] and at_rest(library))
    library._folders_changed.emit([str(drums)])
    qtbot.wait(LONG_ENOUGH_MILLISECONDS)
    assert len(backend.scans) == 1
    library._folders_changed.emit([str(drums), str(keys)])
    until(qtbot, lambda: backend.scans == 2 * [([keys], False)] and at_rest(library))
    assert roots(library) == [str(keys)]


def test_a_scan_that_joins_another_tries_failed_files_again_too(
    library: LibraryController, backend: ListingBackend, folders: list[Path], qtbot: QtBot
) -> None:
    drums, keys = folders
    backend.go_on.clear()
    assert library.state is not None
    library.retry(a_sound(drums / "one.wav", root_id=library.state.roots[0].id))
    until(qtbot, lambda: len(backend.scans) == 1)
    library.scan([keys])
    backend.go_on.set()
    until(qtbot, lambda: len(backend.scans) == 2 and at_rest(library))
    library.scan([keys])
    until(qtbot, lambda: len(backend.scans) == 3 and at_rest(library))
    assert backend.scans == [([drums], True), ([drums, keys], True), ([keys], False)]


def test_folders_named_while_a_scan_is_stopping_wait_for_its_end(
    library: LibraryController, backend: ListingBackend, folders: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    """One after the other, although each scan takes the place of the one before."""
    more = [tmp_path / "Bells", tmp_path / "Strings"]
    for folder in more:
        folder.mkdir()
        (folder / "one.wav").write_bytes(b"RIFF")
    refused: list[str] = []
    library.scan_failed.connect(refused.append)
    scan, stopping, may_stop = backend.scan, threading.Event(), threading.Event()

    def stop_slowly(*asked: Any, **named: Any) -> ScanResult:
        with _only_scan_of(backend.library_dir):
            try:
                return scan(*asked, **named)
            finally:
                if not backend.go_on.is_set():
                    stopping.set()
                    may_stop.wait(PATIENCE_MILLISECONDS / 1000)

    backend.scan = stop_slowly  # type: ignore[method-assign]
    backend.go_on.clear()
    library.rescan()
    until(qtbot, lambda: len(backend.scans) == 1)
    first = library.scan_job
    assert first is not None
    library.scan(more[:1])
    until(qtbot, stopping.is_set)
    second = library.scan_job
    assert second is not None
    library.scan(more[1:])
    qtbot.wait(LONG_ENOUGH_MILLISECONDS)
    assert (refused, first.ended.is_set(), second.ended.is_set()) == ([], False, False)
    backend.go_on.set()
    may_stop.set()
    until(qtbot, lambda: at_rest(library) and roots(library) == sorted(map(str, [*folders, *more])))
    assert (refused, len(backend.scans)) == ([], 2), "the second one never began"


def test_a_scan_that_is_cancelled_does_not_begin_again(
    library: LibraryController, backend: ListingBackend, folders: list[Path], qtbot: QtBot
) -> None:
    backend.go_on.clear()
    library.rescan()
    until(qtbot, lambda: len(backend.scans) == 1)
    library._folders_changed.emit([str(folders[0])])
    library.cancel_scan()
    qtbot.wait(LONG_ENOUGH_MILLISECONDS)
    assert at_rest(library)
    assert len(backend.scans) == 1


def test_the_library_is_scanned_again_although_one_drive_is_away(
    library: LibraryController, backend: ListingBackend, folders: list[Path], qtbot: QtBot
) -> None:
    drums, keys = folders
    drums.rename(drums.with_name("unplugged"))
    failures: list[str] = []
    library.scan_failed.connect(failures.append)
    library.rescan()
    until(qtbot, lambda: len(backend.scans) == 1 and at_rest(library))
    assert (backend.scans, failures) == ([([keys], False)], [])
    keys.rename(keys.with_name("unplugged too"))
    library.rescan()
    until(qtbot, lambda: bool(failures))
    assert "There is no folder" in failures[0]


def test_a_drive_that_comes_and_goes_is_noticed(
    backend: ListingBackend, jobs: JobRunner, folders: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "FOLLOW_MILLISECONDS", 20)
    library = LibraryController(backend, jobs, jobs)
    library.scan(folders)

    def online() -> list[bool]:
        return [root.online for root in library.state.roots] if library.state is not None else []

    until(qtbot, lambda: online() == [True, True])
    folders[0].rename(folders[0].with_name("unplugged"))
    until(qtbot, lambda: online() == [False, True])
    folders[0].with_name("unplugged").rename(folders[0])
    until(qtbot, lambda: online() == [True, True])


def test_a_drive_that_does_not_answer_holds_up_nothing_else(
    library: LibraryController,
    backend: ListingBackend,
    folders: list[Path],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Such as a share whose server is off, at the next start."""
    drums, keys = folders
    until(qtbot, lambda: library._watched == set(map(str, folders)))
    answer, isdir, jobs = threading.Event(), os.path.isdir, library._jobs

    def hang(path: Any) -> bool:
        if str(path) == str(drums):
            answer.wait(PATIENCE_MILLISECONDS / 1000)
        return isdir(path)

    monkeypatch.setattr(os.path, "isdir", hang)
    library._follow.stop()
    again = LibraryController(backend, jobs, jobs)
    again.refresh()
    until(qtbot, lambda: roots(again) == [str(drums), str(keys)] and again._watched == {str(keys)})
    more = tmp_path / "More"
    more.mkdir()
    (more / "one.wav").write_bytes(b"RIFF")
    again.scan([more])
    until(qtbot, lambda: roots(again) == [str(drums), str(keys), str(more)] and at_rest(again))
    assert again.state is not None
    assert [(root.online, root.away) for root in again.state.roots[:2]] == [(None, False), (True, False)]
    answer.set()
    until(qtbot, lambda: again._watched == {str(drums), str(keys), str(more)})


def test_a_scan_goes_on_without_a_drive_that_does_not_answer(
    library: LibraryController,
    folders: list[Path],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drums, keys = folders
    until(qtbot, lambda: library._watched == set(map(str, folders)))
    library._follow.stop()
    answer, isdir, is_dir = threading.Event(), os.path.isdir, Path.is_dir

    def hang(path: Any) -> None:
        if str(path) == str(drums):
            answer.wait(PATIENCE_MILLISECONDS / 1000)

    monkeypatch.setattr(os.path, "isdir", lambda path: hang(path) or isdir(path))
    monkeypatch.setattr(Path, "is_dir", lambda path: hang(path) or is_dir(path))
    monkeypatch.setattr("app.controllers.library.ANSWER_SECONDS", 0.5)
    (keys / "two.wav").write_bytes(b"RIFF")
    told: list[list[str]] = []
    library.unanswered.connect(told.append)
    library.scan([drums, keys])
    try:
        until(qtbot, lambda: at_rest(library) and library.state is not None and library.state.counts.total == 3)
        assert told == [[str(drums)]]
    finally:
        answer.set()


def test_collections_come_back_in_the_opposite_order(
    backend: ListingBackend, jobs: JobRunner, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = MarksController(backend, jobs, jobs)
    offered: list[str] = []
    failures: list[str] = []
    marks.removed.connect(lambda removed: offered.append(removed.name))
    marks.failed.connect(failures.append)

    def names() -> list[str]:
        return [known.name for known in marks.state.collections]

    for name in ("Ash", "Beech", "Cedar"):
        marks.add_collection(name)
    until(qtbot, lambda: names() == ["Ash", "Beech", "Cedar"])
    for known in marks.state.collections[:2]:
        marks.remove_collection(known.id)
    until(qtbot, lambda: names() == ["Cedar"] and offered == ["Ash", "Beech"])
    marks.restore_collection()
    until(qtbot, lambda: names() == ["Beech", "Cedar"] and offered[2:] == ["Ash"])

    def refuse(*_: object) -> None:
        raise LibraryError("The disk is full.")

    catalog = backend.library().catalog
    with monkeypatch.context() as broken:
        broken.setattr(catalog.marks, "restore_collection", refuse)
        marks.restore_collection()
        until(qtbot, lambda: failures == ["The disk is full."])
    marks.restore_collection()
    until(qtbot, lambda: names() == ["Ash", "Beech", "Cedar"])
    marks.restore_collection()
    assert jobs.running("collecting") is None, "nothing is left to be brought back"
    assert offered == ["Ash", "Beech", "Ash"]


def test_what_was_similar_to_a_sound_is_left_when_the_sound_is_gone(
    backend: ListingBackend, jobs: JobRunner, qtbot: QtBot, tmp_path: Path
) -> None:
    matching = MatchController(backend, jobs, jobs)
    failures: list[str] = []
    matching.failed.connect(failures.append)
    with qtbot.waitSignal(matching.results_ready, timeout=PATIENCE_MILLISECONDS) as ready:
        matching.find_similar(a_sound(tmp_path / "gone.wav"))
    assert (ready.args[0].sound, matching.trail, failures) == (None, [], [])


def test_a_library_that_changes_all_the_time_does_not_keep_an_answer_from_coming(
    backend: ListingBackend, jobs: JobRunner, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    matching = MatchController(backend, jobs, jobs)
    answers: list[object] = []
    matching.results_ready.connect(answers.append)
    library, asked, go_on = backend.library, threading.Semaphore(0), threading.Semaphore(0)

    def slow() -> object:
        asked.release()
        assert go_on.acquire(timeout=60)
        return library()

    monkeypatch.setattr(backend, "library", slow)
    matching.refresh()
    for answered in (0, 1):
        until(qtbot, lambda: asked.acquire(blocking=False))
        assert len(answers) == answered
        for _ in range(3 if answered == 0 else 0):
            matching.library_changed()
            qtbot.wait(60)
        assert not asked.acquire(blocking=False), "it is asked again once it has answered"
        go_on.release()
    until(qtbot, lambda: len(answers) == 2)
    qtbot.wait(60)
    assert not asked.acquire(blocking=False)


def test_where_not_all_sounds_are_listed_another_order_brings_others(
    backend: ListingBackend, jobs: JobRunner, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    for name in "dbeac":
        (folder / f"{name}.wav").write_bytes(name.encode())
    backend.scan([folder], progress=ignore_progress, cancel=CancelToken())
    matching = MatchController(backend, jobs, jobs)

    def listed() -> tuple[str, Column | None]:
        results = ready.args[0]
        return "".join(row.sound.name for row in results.rows), results.first_by

    with qtbot.waitSignal(matching.results_ready, timeout=PATIENCE_MILLISECONDS) as ready:
        matching.refresh()
    assert listed() == ("abcde", None)
    matching.set_order(Column.NAME, True)
    matching.set_order(Column.NAME, False)
    qtbot.wait(60)
    assert jobs.running("rank") is None, "all of them are there already"
    monkeypatch.setattr(sound_list, "MOST_LISTED", 3)
    for column, descending, expected in (
        (Column.NUMBER, False, ("abc", Column.NAME)),
        (Column.NAME, True, ("edc", Column.NAME)),
        (Column.FOLDER, False, ("abc", Column.FOLDER)),
    ):
        with qtbot.waitSignal(matching.results_ready, timeout=PATIENCE_MILLISECONDS) as ready:
            matching.set_order(column, descending)
            matching.refresh()
        assert listed() == expected
    monkeypatch.setattr(sound_list, "PAGE", 3)
    pages = sound_list.pages(backend.library().catalog, EVERYTHING, Column.NAME, True)
    assert ["".join(sound.name for sound in page) for page in pages] == ["edc", "b", "a"], "each once"


class Player:
    """Of the player's interface what pausing takes; to resume waits for `go_on`."""

    def __init__(self) -> None:
        self.playing, self.failure, self.substitute = True, None, None
        self.position_seconds = 1.0
        self.can_go_on = True
        self.go_on = threading.Event()

    def pause(self) -> None:
        self.playing = False

    def resume(self) -> None:
        assert self.go_on.wait(60)
        self.playing = True

    def stop(self) -> None:
        self.playing = False

    def set_volume_db(self, volume_db: float) -> None:
        pass

    def play(self, sound: object, **_: object) -> None:
        self.playing = True


def make_auditioner(jobs: JobRunner, player: Player) -> Auditioner:
    held = SimpleNamespace(player=lambda: player, existing_player=lambda: player)
    fitting = SimpleNamespace(change=lambda sound: UNCHANGED)
    return Auditioner(held, jobs, fitting, jobs)  # type: ignore[arg-type]


@pytest.fixture
def clips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of what was decoded."""
    decoded: list[str] = []

    def sound_clip(sound: Sound) -> SimpleNamespace:
        decoded.append(sound.path)
        return SimpleNamespace(audio=SimpleNamespace(duration_seconds=5.0), sound=None, gain_db=lambda level_match: 0.0)

    monkeypatch.setattr(audio_files, "sound_clip", sound_clip)
    return decoded


@pytest.mark.parametrize("then", ["toggle_pause", "stop"])
def test_what_is_paused_again_before_it_went_on_stays_silent(
    jobs: JobRunner, qtbot: QtBot, tmp_path: Path, clips: list[str], then: str
) -> None:
    player = Player()
    auditioner = make_auditioner(jobs, player)
    auditioner.play_sound(a_sound(tmp_path / "kick.wav", kind="one-shot"))
    until(qtbot, lambda: auditioner.playing)
    auditioner.toggle_pause()
    auditioner.toggle_pause()
    resuming = jobs.running("resume")
    assert resuming is not None
    assert auditioner.playing
    getattr(auditioner, then)()
    player.go_on.set()
    assert resuming.ended.wait(60)
    assert (player.playing, auditioner.playing) == (False, False)


def test_a_file_that_was_written_anew_is_not_played_from_memory(
    jobs: JobRunner, qtbot: QtBot, tmp_path: Path, clips: list[str]
) -> None:
    path = tmp_path / "loop.wav"
    path.write_bytes(b"AAAA")
    auditioner = make_auditioner(jobs, Player())

    def play() -> int:
        auditioner.play_sound(a_sound(path, kind="loop"))
        until(qtbot, lambda: not auditioner.loading)
        return len(clips)

    assert (play(), play()) == (1, 1)
    path.write_bytes(b"BBBB")
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1_000_000))
    assert (play(), play()) == (2, 2)
    path.unlink()
    assert play() == 2, "its drive is away; it is still in memory"


def test_a_file_that_was_written_anew_is_rendered_anew(
    jobs: JobRunner, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[Path] = []

    def export_changed(sound: Sound, change: Change, folder: Path) -> Path:
        rendered.append(tmp_path / f"{len(rendered)}.wav")
        rendered[-1].touch()
        return rendered[-1]

    monkeypatch.setattr(audio_files, "export_changed", export_changed)
    path = tmp_path / "loop.wav"
    path.write_bytes(b"AAAA")
    fitting = SimpleNamespace(change=lambda sound: replace(UNCHANGED, semitones=3))
    carrying = Carrying(SimpleNamespace(rendered_dir=tmp_path), jobs, fitting, jobs)  # type: ignore[arg-type]
    carried: list[Path] = []
    for expected in ("0.wav", "0.wav"):
        carrying.fetch([a_sound(path)], carried.extend)
        until(qtbot, lambda: bool(carried))
        assert carried.pop().name == expected
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1_000_000))
    carrying.fetch([a_sound(path)], carried.extend)
    until(qtbot, lambda: bool(carried))
    assert carried.pop().name == "1.wav"
    path.unlink()
    told: list[str] = []
    carrying.failed.connect(told.append)
    carrying.fetch([a_sound(path)], carried.extend)
    until(qtbot, lambda: told == ["Left out: loop: The file is not there any more."])
    assert carried == [], "what is away is left out"


def test_a_keyboard_that_is_no_longer_wanted_when_it_opens_is_closed(jobs: JobRunner, qtbot: QtBot) -> None:
    go_on = threading.Event()
    made: list[SimpleNamespace] = []

    def open_one(name: str) -> SimpleNamespace:
        assert go_on.wait(60)
        opened = SimpleNamespace(name=name, closed=False)
        opened.close = lambda: setattr(opened, "closed", True)
        made.append(opened)
        return opened

    held = SimpleNamespace(midi_input=open_one, existing_player=lambda: None)
    auditioner = QObject(jobs)
    auditioner.changed = SimpleNamespace(connect=lambda slot: None)  # type: ignore[attr-defined]
    auditioner.clip = auditioner.sound = auditioner.change = None  # type: ignore[attr-defined]
    keyboard = KeyboardController(held, jobs, auditioner, jobs)  # type: ignore[arg-type]
    keyboard.choose_input("Keystation")
    opening = jobs.running("midi")
    assert opening is not None
    keyboard.choose_input(None)
    go_on.set()
    assert opening.ended.wait(60)
    qtbot.wait(LONG_ENOUGH_MILLISECONDS)
    assert keyboard.input is None
    assert [opened.closed for opened in made] == [True]
    keyboard.choose_input("Keystation")
    until(qtbot, lambda: keyboard.input == "Keystation")
    assert [opened.closed for opened in made] == [True, False]
    keyboard.close()
    until(qtbot, lambda: made[1].closed)


def test_closing_waits_for_no_tree_of_folders(tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is walked to watch it, at the pace of its drive."""
    monkeypatch.setattr(backend_module, "CLOSING_SECONDS", 0.1)
    walking, walked = threading.Event(), threading.Event()
    schedule = Observer.schedule

    def schedule_slowly(*asked: Any, **named: Any) -> object:
        walking.set()
        walked.wait(LONG_CLOSING_SECONDS)
        return schedule(*asked, **named)

    monkeypatch.setattr(Observer, "schedule", schedule_slowly)
    backend = Backend(tmp_path / "library")
    watching = threading.Thread(target=lambda: backend.watch([str(tmp_path)], print))
    watching.start()
    until(qtbot, walking.is_set)
    began = time.monotonic()
    backend.close()
    closed_seconds = time.monotonic() - began
    walked.set()
    watching.join()
    assert closed_seconds < LONG_CLOSING_SECONDS / 2
    assert backend._watcher is not None
    until(qtbot, lambda: not backend._watcher._thread.is_alive() and not backend._watcher._observer.is_alive())
    assert backend.watch([str(tmp_path)], print) == {}, "nothing is watched any more"

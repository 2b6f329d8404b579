"""The command line: exit codes, messages in words, nothing but results on stdout. No model is needed here."""

from __future__ import annotations

import errno
import io
import os
import queue
import sqlite3
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from engine import __version__, terminal
from engine.audio import sources
from engine.cli import main
from engine.commands import about, matching, scanning
from engine.encoder.ear import Ear
from engine.errors import EarshotError, LibraryError
from engine.jobs import Cancelled, CancelToken
from engine.library import scanner, watch
from engine.library.database import FILE_NAME
from engine.library.found import begin_scan, list_files
from engine.library.library import Library
from engine.library.results import Failed, write_outcomes
from engine.library.walk import FoundFile
from tests.unit.library.made_up import add_sounds

MENDABLE, USAGE = 1, 2


@pytest.fixture(autouse=True)
def library_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Never the developer's own library."""
    home = tmp_path / "home"
    monkeypatch.setenv("EARSHOT_HOME", str(home))
    return home


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    soundfile.write(path, 0.2 * np.sin(np.arange(20_000) / 8), 8000)
    return path


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command which must end with a message and nothing on stdout; returns the message."""
    assert main(arguments) == MENDABLE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    assert printed.err.startswith("earshot: ")
    return printed.err


def wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == USAGE
    return capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"earshot {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["listen"],
        ["match"],
        ["scan"],
        ["embed"],
        ["library"],
        ["library", "forget"],
        ["match", "song.wav", "--top", "0"],
        ["match", "song.wav", "--top", "many"],
        ["match", "song.wav", "--start", "-1"],
        ["match", "song.wav", "--start", "nan"],
        ["match", "song.wav", "--start", "5", "--end", "5"],
        ["match", "song.wav", "--end", "0"],
        ["match", "song.wav", "--device", "abacus"],
        ["match", "song.wav", "--part", "drums", "--part", "drums=2"],
        ["scan", ".", "--workers", "0"],
    ],
)
def test_wrong_usage_is_exit_code_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert "usage: earshot" in wrong_usage(arguments, capsys)


@pytest.mark.parametrize(("option", "value"), [("--top", "many"), ("--top", "1.5"), ("--start", "soon")])
def test_what_is_no_number_is_told_in_words(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    message = wrong_usage(["match", "song.wav", option, value], capsys)
    assert "number" in message
    assert "invalid _" not in message


def test_missing_song(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nowhere.wav: There is no such file" in refused(["match", str(tmp_path / "nowhere.wav")], capsys)


def test_folder_given_as_song(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "This is a folder" in refused(["match", str(tmp_path)], capsys)


def test_unreadable_song(song: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def denied(*_arguments, **_options):
        raise PermissionError(errno.EACCES, "Permission denied")

    # Nothing is unreadable to root, so the operating system's answer is put in its mouth.
    monkeypatch.setattr(sources, "open", denied, raising=False)
    assert "song.wav: It may not be read: permission denied" in refused(["match", str(song)], capsys)


def test_text_given_as_song(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lyrics.mp3"
    path.write_text("la la la\n" * 100)
    assert "lyrics.mp3: Not audio" in refused(["match", str(path)], capsys)


def test_no_library_yet(song: Path, library_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(["match", str(song)], capsys)
    assert str(library_home) in message
    assert "earshot scan FOLDER" in message


@pytest.mark.parametrize("command", [["list"], ["failed"], ["remove", "."]])
def test_no_library_to_manage(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is no library" in refused(["library", *command], capsys)


def test_empty_library(song: Path, library_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Library.open(library_home, create=True).close()
    assert "holds no sounds yet" in refused(["match", str(song)], capsys)


def test_a_library_of_which_nothing_was_heard_says_to_go_on(song: Path, library_home: Path, capsys) -> None:
    library = Library.open(library_home, create=True)
    database, root = library.catalog.database, library.catalog.add_root("/my sounds")
    list_files(database, begin_scan(database), root.id, root.path, [FoundFile("/my sounds/a.wav", 1, 1)])
    library.close()
    message = refused(["match", str(song)], capsys)
    assert "None of the 1 sounds" in message
    assert message.endswith("earshot scan '/my sounds'\n")


def test_what_waits_to_be_heard_is_told_to_who_matches(two_sounds: Path, monkeypatch, capsys) -> None:
    library = Library.open(two_sounds)
    fingerprint, root = library.fingerprint, library.catalog.add_root("/new")
    database = library.catalog.database
    list_files(database, begin_scan(database), root.id, root.path, [FoundFile("/new/a.wav", 1, 1)])
    library.close()
    monkeypatch.setattr(Ear, "load", lambda *_args, **_options: SimpleNamespace(fingerprint=fingerprint))
    options = Namespace(library=None, index=None, only="", model=None, device=None, part=None)
    _, library = matching._open_for_matching(options)
    library.close()
    assert "earshot: 1 sounds wait to be heard" in capsys.readouterr().err


def test_library_option_goes_before_the_environment(song: Path, tmp_path: Path, capsys) -> None:
    other = tmp_path / "other"
    assert str(other) in refused(["match", str(song), "--library", str(other)], capsys)


def test_library_of_a_newer_version(song: Path, library_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Library.open(library_home, create=True).close()
    with sqlite3.connect(library_home / FILE_NAME) as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()
    assert "newer" in refused(["match", str(song)], capsys)


def test_damaged_library(song: Path, library_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Library.open(library_home, create=True).close()
    catalog = library_home / FILE_NAME
    catalog.write_bytes(b"This is no database. " * 1000)
    message = refused(["match", str(song)], capsys)
    assert "damaged" in message
    # The damaged file is kept aside for whoever may want to save something from it.
    assert any(path.read_bytes().startswith(b"This is no database.") for path in library_home.iterdir())


def test_a_message_is_all_that_is_said(library_home: Path) -> None:
    library_home.mkdir()
    (library_home / FILE_NAME).write_bytes(b"no database" * 999)
    command = [sys.executable, "-m", "engine", "library", "list"]
    said = subprocess.run(command, check=False, capture_output=True, text=True).stderr
    assert said.startswith("earshot: ")
    assert said.count("\n") == 1  # and no line of the log


def test_library_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "sounds").mkdir()
    message = refused(["scan", str(tmp_path / "sounds"), "--library", str(tmp_path / "file" / "library")], capsys)
    assert "cannot be made" in message


def test_scanning_what_is_no_folder(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert str(tmp_path / "nowhere") in refused(["scan", str(tmp_path / "nowhere")], capsys)
    assert f"{song} is not a folder" in refused(["scan", str(song)], capsys)


def test_removing_what_is_no_root(tmp_path: Path, library_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Library.open(library_home, create=True).close()
    assert str(tmp_path) in refused(["library", "remove", str(tmp_path)], capsys)

    library = Library.open(library_home)
    library.catalog.add_root(tmp_path / "samples")
    library.close()
    said = refused(["library", "remove", str(tmp_path)], capsys)
    assert f"{tmp_path} is none of the library's folders. Its folders: {tmp_path / 'samples'}" in said


@pytest.fixture
def two_sounds(library_home: Path) -> Path:
    """A library of even/0.wav and odd/1.wav."""
    library = Library.open(library_home, create=True)
    add_sounds(library, range(2))
    library.close()
    return library_home


@pytest.mark.parametrize("words", [["0", "-odd"], ["-odd"], ["-odd", "even"], ["--", "-odd"], ["-odd", "--library"]])
def test_words_that_leave_out_are_no_options(words: list[str], two_sounds: Path, capsys) -> None:
    directory = [str(two_sounds)] if words[-1] == "--library" else []
    assert main(["library", "search", *words, *directory]) == 0
    assert capsys.readouterr().out == "/sounds/even/0.wav\n"


def test_the_library_of_a_search_is_an_option_wherever_it_stands(two_sounds: Path, tmp_path: Path, capsys) -> None:
    for option in (["--library", str(tmp_path)], [f"--library={tmp_path}"]):
        assert "There is no library" in refused(["library", "search", "even", *option], capsys)
        assert "There is no library" in refused(["library", "search", *option, "even"], capsys)


def test_a_preset_that_is_found_is_named(library_home: Path, capsys) -> None:
    library = Library.open(library_home, create=True)
    database, root = library.catalog.database, library.catalog.add_root("/sounds")
    flute = FoundFile("/sounds/GM.sf2", 1, 1, preset="0:73", name="Flute")
    list_files(database, begin_scan(database), root.id, root.path, [flute])
    library.close()
    assert main(["library", "search", "flute"]) == 0
    assert capsys.readouterr().out == "/sounds/GM.sf2\t0:73\tFlute\n"


@pytest.fixture
def odd_names(library_home: Path) -> list[str]:
    """The paths, by name, in a library of a heard sound and a failed one, both with line ends in their names."""
    paths = ["/sounds/kick\n01.wav", "/sounds/snare\n\x1b[2J.wav"]
    library = Library.open(library_home, create=True)
    database, root = library.catalog.database, library.catalog.add_root("/sounds")
    list_files(database, begin_scan(database), root.id, root.path, [FoundFile(path, 1, 1) for path in paths])
    write_outcomes(database, "ear", [Failed(library.catalog.sounds()[1].id, "Silent.")])
    library.close()
    return paths


def test_names_with_line_ends_are_told_apart_by_zero_bytes(odd_names: list[str], capsys) -> None:
    kick, snare = odd_names
    for command in (["list", "-0"], ["list", "--null"], ["search", "-0", "kick"], ["search", "kick", "--null"]):
        assert main(["library", *command]) == 0
        assert capsys.readouterr().out == f"{kick}\0"
    assert main(["library", "failed", "-0"]) == 0
    assert capsys.readouterr().out == f"{snare}\tSilent.\0"


def test_a_terminal_gets_a_line_for_each_name_whatever_is_in_it(odd_names: list[str], monkeypatch, capsys) -> None:
    def printed(*command: str) -> str:
        assert main(["library", *command]) == 0
        return capsys.readouterr().out

    assert printed("list") == f"{odd_names[0]}\n"  # what goes into a file or a pipe is the name as it is
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert printed("list") == printed("search", "kick") == "/sounds/kick?01.wav\n"
    assert printed("failed") == "/sounds/snare??[2J.wav\tSilent.\n"


@pytest.mark.parametrize("query", ["cowbell", "-even -odd", "-kick family:snare", "family:tuba"])
def test_a_query_that_finds_nothing_is_told(query: str, two_sounds: Path, song: Path, capsys) -> None:
    for command in (["library", "search", *query.split()], ["match", str(song), "--only", query]):
        message = refused(command, capsys)
        assert f"Nothing in the library is what '{query}' asks for" in message
        assert ("searched for as words: family:tuba" in message) == (query == "family:tuba")


def test_what_is_no_fact_is_told_though_something_is_found(two_sounds: Path, capsys) -> None:
    assert main(["library", "search", "-family:tuba"]) == 0
    output = capsys.readouterr()
    assert output.out
    assert "searched for as words: -family:tuba (family is one of kick, snare," in output.err


@pytest.mark.parametrize("only", [["--only", "-odd"], ["--only=-odd"]])
def test_a_query_that_only_leaves_out_reaches_match(only: list[str], tmp_path: Path, capsys) -> None:
    assert "nowhere.wav" in refused(["match", str(tmp_path / "nowhere.wav"), *only], capsys)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there always is one")
def test_no_display_for_the_window(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert "no display" in refused([], capsys)


@pytest.mark.parametrize("problem", [KeyboardInterrupt, Cancelled])
def test_stopping_is_no_traceback(problem, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def interrupted(_options) -> int:
        raise problem

    monkeypatch.setattr(about, "doctor", interrupted)
    assert "stopped" in refused(["doctor"], capsys)


def test_what_the_user_can_mend_is_told_and_a_defect_is_raised(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def fail_with(error: Exception) -> None:
        def handler(_options) -> int:
            raise error

        monkeypatch.setattr(about, "doctor", handler)

    fail_with(EarshotError("The moon is full. Wait a day."))
    assert refused(["doctor"], capsys) == "earshot: The moon is full. Wait a day.\n"
    fail_with(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main(["doctor"])


def test_a_reader_who_has_seen_enough(tmp_path: Path) -> None:
    """`earshot library list | head -1` ends quietly."""
    library = Library.open(tmp_path / "library", create=True)
    library.close()
    code = (
        "import sys; from engine import cli; from engine.commands import contents\n"
        "def endless(options):\n"
        "    for _ in range(100_000): print('a path')\n"
        "    return 0\n"
        "contents.list_all = endless\n"
        "sys.exit(cli.main(['library', 'list']))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "a path\n"
    process.stdout.close()
    assert process.wait(timeout=600) == MENDABLE
    assert process.stderr.read() == ""
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such device here")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", [["library", "list"], ["library", "failed"], ["--version"]])
def test_output_that_cannot_be_written_is_told(command: list[str], unbuffered: str, odd_names: list[str]) -> None:
    with open("/dev/full", "w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "engine", *command],
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert process.stderr == "earshot: The output cannot be written: No space left on device.\n"
    assert process.returncode == MENDABLE


def test_an_error_of_the_system_that_is_not_of_the_output_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_options) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(about, "doctor", failing)
    with pytest.raises(OSError, match="Input/output"):
        main(["doctor"])


def test_a_library_without_sounds_says_what_to_do(library_home: Path, capsys) -> None:
    library = Library.open(library_home, create=True)
    assert main(["library", "list"]) == 0
    assert main(["library", "search"]) == MENDABLE
    printed = capsys.readouterr()
    assert printed.out == ""
    message = f"earshot: The library in {library_home} holds no sounds yet. Add some with: earshot scan FOLDER"
    assert printed.err.splitlines() == [message, message]

    database, root = library.catalog.database, library.catalog.add_root("/sounds")
    list_files(database, begin_scan(database), root.id, root.path, [FoundFile("/sounds/a.wav", 1, 1)])
    write_outcomes(database, "ear", [Failed(library.catalog.sounds()[0].id, "Silent.")])
    library.close()
    assert main(["library", "list"]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "None of the 1 sounds" in printed.err
    assert printed.err.endswith("earshot library failed\n")


def test_slots_are_numbered_as_they_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    slots = [SimpleNamespace(id=n, family="kick", confidence=0.9, activity=[], exposed_seconds=(0, 4)) for n in (3, 1)]
    matching._print_slots(Path("song.wav"), slots, {1: [], 3: []})  # type: ignore[arg-type]
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == ["1", "2"]


def test_version_answers_at_once() -> None:
    """In a few times what the interpreter itself takes to start, however slow or busy the machine is."""

    def processor_seconds(code: str) -> float:
        command = [sys.executable, "-c", f"{code}\nimport time; print(time.process_time())"]
        told = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(3)]
        return min(float(lines.splitlines()[-1]) for lines in told)

    version = "from engine.cli import main\ntry: main(['--version'])\nexcept SystemExit: pass"
    assert processor_seconds(version) < 7 * processor_seconds("")


def test_training_without_its_packages_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in a packaged program, which leaves them out."""
    for name in [name for name in sys.modules if name.startswith("engine.training")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "engine.training", None)
    message = refused(["train", "--help"], capsys)
    assert "engine.training" in message
    assert "from the source" in message


def test_open_without_a_display_is_told(
    song: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("engine.cli.has_display", lambda: False)
    assert "no display" in refused(["open", str(song)], capsys)


def test_what_a_scan_could_not_read_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = scanner.ScanResult(3, 3, 0, 0, 0, 0, 1.0, ("/drive/away", "/sounds/too long.wav"))
    monkeypatch.setattr(scanner, "scan", lambda *given, **options: result)
    library = SimpleNamespace(settle=lambda *given: None)
    options = Namespace(workers=None, model=None, retry_failed=False)
    scanning._scan_once(library, [Path("/sounds")], options, CancelToken())  # type: ignore[arg-type]
    assert "folders and files that could not be read: 2, such as /drive/away. Connect" in capsys.readouterr().err


def library_that_knows(as_known: Callable[[Path], str]) -> SimpleNamespace:
    return SimpleNamespace(catalog=SimpleNamespace(as_known=as_known))


def test_folders_are_watched_as_the_disk_spells_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """However they were typed, where that is the same."""
    watched: list[str] = []
    watcher = SimpleNamespace(watch=lambda folders: watched.extend(folders) or {})
    monkeypatch.setattr(watch, "Watcher", lambda _: nullcontext(watcher))
    cancel = CancelToken()
    cancel.cancel()
    library = library_that_knows(lambda folder: str(folder).replace("samples", "Samples"))
    scanning._keep_watching(library, Namespace(folders=[Path("/music/samples")]), cancel)  # type: ignore[arg-type]
    assert watched == [str(Path("/music/Samples"))]


def test_watching_goes_on_where_a_scan_fails(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Callable[[list[str]], None]] = []
    cancel = CancelToken()
    monkeypatch.setattr(
        watch,
        "Watcher",
        lambda tell: told.append(tell) or nullcontext(SimpleNamespace(watch=lambda _: {"/far": "Far"})),
    )
    scanned: list[list[str]] = []
    kit, bass, gone = (str(tmp_path / name) for name in ("kit", "bass", "gone"))
    for folder in (kit, bass, gone):
        Path(folder).mkdir()

    def refuse_once(_: object, folders: list[Path], *__: object) -> None:
        scanned.append([str(folder) for folder in folders])
        if len(scanned) == 1:
            Path(gone).rmdir()
            told[0]([bass, kit])
            raise LibraryError("It is being scanned.")
        cancel.cancel()

    monkeypatch.setattr(scanning, "_scan_once", refuse_once)
    monkeypatch.setattr(scanning, "say", lambda said: told[0]([kit, gone]) if "watching" in said else print(said))
    scanning._keep_watching(library_that_knows(str), Namespace(folders=[tmp_path]), cancel)  # type: ignore[arg-type]
    assert scanned == [[kit, gone], [kit, bass]]
    assert capsys.readouterr().out.splitlines() == [
        "earshot: /far cannot be watched: Far.",
        "earshot: It is being scanned.",
    ]


def test_a_refused_scan_is_tried_again_though_nothing_more_changes(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Callable[[list[str]], None]] = []
    cancel = CancelToken()
    watcher = SimpleNamespace(watch=lambda _: {})
    monkeypatch.setattr(watch, "Watcher", lambda tell: told.append(tell) or nullcontext(watcher))
    monkeypatch.setattr(scanning, "_SECONDS_TO_RETRY", 0.0)
    scanned: list[list[Path]] = []

    def refuse_twice(_: object, folders: list[Path], *__: object) -> None:
        scanned.append(folders)
        if len(scanned) < 3:
            raise LibraryError("It is being scanned.")
        cancel.cancel()

    looks = iter(range(1_000))
    waiting = queue.Queue.get

    def get(changes: queue.Queue[list[str]], **_: float) -> list[str]:
        assert next(looks, None) is not None, "it is not tried again"
        return waiting(changes, block=False)

    monkeypatch.setattr(queue.Queue, "get", get)
    monkeypatch.setattr(scanning, "_scan_once", refuse_twice)
    monkeypatch.setattr(scanning, "say", lambda said: told[0]([str(tmp_path)]) if "watching" in said else print(said))
    scanning._keep_watching(library_that_knows(str), Namespace(folders=[tmp_path]), cancel)  # type: ignore[arg-type]
    assert scanned == [[tmp_path]] * 3
    assert capsys.readouterr().out == "earshot: It is being scanned.\n"


def test_a_folder_that_is_away_is_told_by_a_scan_of_another(
    song: Path, library_home: Path, tmp_path: Path, capsys
) -> None:
    library = Library.open(library_home, create=True)
    add_sounds(library, range(2))  # in /sounds, which is not there
    library.close()
    (tmp_path / "new").mkdir()
    assert main(["scan", str(tmp_path / "new")]) == 0
    message = capsys.readouterr().err
    assert "/sounds is not there now" in message
    assert message.endswith("earshot library remove /sounds\n")


def test_a_folder_that_is_removed_while_it_is_scanned_is_told(
    song: Path, library_home: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    def removed_meanwhile(library: Library, folders: list[Path], **_: object) -> scanner.ScanResult:
        library.catalog.add_root(folders[0])
        library.catalog.remove_root(folders[0])
        return scanner.ScanResult(1, 0, 0, 1, 0, 0, 1.0)

    monkeypatch.setattr(scanner, "scan", removed_meanwhile)
    assert main(["scan", str(song.parent)]) == 0
    assert f"{song.parent} was removed from the library while it was scanned" in capsys.readouterr().err


def test_a_folder_without_sounds_is_told(song: Path, tmp_path: Path, library_home: Path, capsys) -> None:
    for name in ("empty", "ignored", "ignored/.hidden"):
        (tmp_path / name).mkdir()
    for name in ("notes.txt", "._kick.wav", ".hidden/kick.wav", "Lead.nki"):
        (tmp_path / "ignored" / name).write_text("no sound, or none to be seen")
    assert main(["scan", str(tmp_path / "empty"), str(tmp_path / "ignored")]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("0 sounds: ")
    for name in ("empty", "ignored"):
        assert f"There are no sounds in {tmp_path / name}." in told.err
    assert ".aiff" in told.err
    assert ".wav" in told.err
    assert "Hidden" in told.err


def test_what_is_no_instrument_is_told(
    tmp_path: Path, song: Path, library_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = tmp_path / "Text.vst3"
    plugin.write_text("no plug-in")
    assert "ends in .vst3" in refused(["library", "add-instrument", str(song)], capsys)
    message = refused(["library", "add-instrument", str(plugin)], capsys)
    assert f"{plugin}: It cannot be loaded as a VST3 plug-in" in message
    assert "no presets in it" in refused(
        ["library", "add-instrument", str(plugin), "--presets", str(library_home)], capsys
    )


def test_names_are_printed_whatever_the_letters_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a Windows for Western Europe where the output goes into a file."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="cp1252") for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "getfilesystemencodeerrors", lambda: "surrogatepass")
    terminal.prepare_output()
    terminal.print_path("C:/F♯ 音 \ud83d.wav", null=True)  # such a name can be had on Windows
    terminal.say("F♯ 音")
    out.flush()
    assert out.buffer.getvalue() == "C:/F♯ 音 \ud83d.wav\0".encode(errors="surrogatepass")  # type: ignore[attr-defined]
    assert err.buffer.getvalue().decode().rstrip() == "F♯ 音"  # type: ignore[attr-defined]


def test_a_reader_on_windows_who_has_seen_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(errno.EINVAL, "Invalid argument")

    output = terminal._Output(Closed())
    with pytest.raises(EarshotError, match="Invalid argument"):
        output.write("a path")
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(BrokenPipeError):
        output.write("a path")

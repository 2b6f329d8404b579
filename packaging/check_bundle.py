"""Tries a built program where nothing of the project is: `python packaging/check_bundle.py dist/cpu/earshot`.

The program is copied to a folder that nobody may write to. On Linux, run as root, it is another user without network
who starts it; everywhere it has a bare environment, no Python on its path, and a home with a space and letters beyond
ASCII. Prints one line per check; ends with 1 where one failed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from virtual_screen import VirtualScreen

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine import __version__  # noqa: E402
from engine.demo.files import DemoFiles  # noqa: E402
from engine.encoder import weights  # noqa: E402

LINUX = sys.platform == "linux"
AS_ROOT = LINUX and os.geteuid() == 0
NOBODY = 65534
SUFFIX = ".exe" if sys.platform == "win32" else ""
ROUNDS = 3
SOUND_TOOLS = ("pulseaudio", "parec", "xdotool")
A_ROW = (400, 620)
"""Of the table, in a window of the usual size in the corner of the screen."""
OF_THE_DRIVER = {"libcuda.so.1"}
"""What no program brings: it comes with the driver of the card, and is asked for only where there is one."""
CLICKS, SECONDS_PER_CLICK = 30, 2.0
WITHOUT_TORCH = """
import importlib.util, pathlib
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "torch" else find(name, package)
from engine.encoder import weights
weights.shipped_graphs = lambda: pathlib.Path({graphs!r})
"""
"""The source run as the flavour without PyTorch is, workers included: Python imports it first as sitecustomize."""


class Place:
    """A copy of the program and the home of whoever runs it."""

    libraries_of_the_system: tuple[str, ...] = ("/usr/lib", "/lib", "/etc/ld.so.cache")

    def __init__(self, program: Path, folder: Path) -> None:
        self.program = folder / "Program Files" / "earshot"
        self.home = folder / "Zoë Müller"
        shutil.copytree(program, self.program, symlinks=True)
        self.home.mkdir()
        for path in (self.program, *self.program.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~0o222)
        if AS_ROOT:
            folder.chmod(0o755)
            os.chown(self.home, NOBODY, NOBODY)
        self.environment = {
            # On Windows a user's folders are not found by environment; what is tried would get into the real ones.
            **({"EARSHOT_HOME": str(self.home / "library")} if sys.platform == "win32" else {}),
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "LOCALAPPDATA": str(self.home / "Local"),
            "APPDATA": str(self.home / "Roaming"),
            "SYSTEMROOT": os.environ.get("SYSTEMROOT", ""),
            "TMPDIR": str(self.home),
            "TEMP": str(self.home),
            "PATH": os.environ["PATH"] if sys.platform == "win32" else str(folder / "nothing"),
            "LANG": "C.UTF-8",
        }

    def command(self, name: str, *arguments: str | Path) -> list[str]:
        """The command line of one of the programs, by which it runs confined."""
        return self.confined(self.program / f"{name}{SUFFIX}", *arguments)

    def confined(self, *command: str | Path) -> list[str]:
        """A command line for another user, without a network, where that can be had."""
        words = [word if isinstance(word, str) else self.inside(word) for word in command]
        if not AS_ROOT:
            return words
        setpriv = [shutil.which("setpriv") or "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        return [shutil.which("unshare") or "unshare", "--net", *setpriv, *words]

    def inside(self, path: Path) -> str:
        """What the program knows a file by."""
        return str(path)

    def run(self, *arguments: str | Path, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the console program, which must end with `code` and without a traceback."""
        result = subprocess.run(
            self.command("earshot-cli", *arguments),
            env={**self.environment, **environment},
            cwd=self.home,
            capture_output=True,
            encoding="utf-8",
            timeout=900,
        )
        assert result.returncode == code, f"ended with {result.returncode}: {result.stdout}{result.stderr}"
        assert "Traceback" not in result.stderr, result.stderr
        return result


class Checks:
    """What is looked at, in order; each says what it saw."""

    def __init__(self, place: Place, sounds: Path | None, pictures: Path) -> None:
        self.place, self.pictures = place, pictures
        self.demo = place.home / "Démo"
        files = DemoFiles.within(self.demo)
        self.sounds, self.song = sounds or files.library, files.song
        self._before = self._files()

    def of_any_program(self) -> list[Callable[[], str]]:
        """What is asked of a program however it came to where it is."""
        return [
            self.version,
            self.every_library_finds_its_own,
            self.training_is_refused_in_words,
            self.no_display_is_told,
            self.demo_found,
            self.scan,
            self.match,
            self.doctor,
            self.an_unwritable_library_is_told,
            self.window,
            self.two_windows,
        ]

    def version(self) -> str:
        began = time.monotonic()
        told = self.place.run("--version").stdout.strip()
        assert told == f"earshot {__version__}", told
        return f"{told}, after {time.monotonic() - began:.2f} s"

    def demo_found(self) -> str:
        result = self.place.run("demo", "--directory", self.demo, "--no-window")
        last = result.stdout.splitlines()[-1]
        found, there = map(int, re.findall(r"(\d+) of (\d+)", last)[0])
        assert found / there >= 0.8, last
        return last

    def scan(self) -> str:
        first = self.place.run("scan", self.sounds).stdout.strip()
        again = self.place.run("scan", self.sounds).stdout
        assert " 0 embedded" in again, again
        return first

    def match(self) -> str:
        document = json.loads(self.place.run("match", self.song, "--json").stdout)
        ranked = sum(len(slot["matches"]) for slot in document["slots"])
        assert ranked, document
        return f"{len(document['slots'])} slots, {ranked} matches of {self.song.name}, on {document['device']}"

    def doctor(self) -> str:
        report = self.place.run("doctor").stdout
        assert f"fingerprint {weights.fingerprint(weights.shipped_model())}" in report, report
        assert "searchable" in report, report
        return next(line for line in report.splitlines() if line.startswith("device ")).split(maxsplit=1)[1]

    def every_command_has_help(self) -> str:
        listed = self.place.run("--help").stdout
        names = re.findall(r"^    (\w+) ", listed, re.MULTILINE)
        for name in names:
            if name not in ("train", "eval", "bench"):
                self.place.run(name, "--help")
        return ", ".join(names)

    def training_is_refused_in_words(self) -> str:
        return self.place.run("train", "--help", code=1).stderr.strip()

    def no_display_is_told(self) -> str:
        if not LINUX:
            return "not asked on this system"
        return self.place.run(code=1).stderr.strip()

    def damaged_weights_are_told(self) -> str:
        model = self.place.home / "damaged.safetensors"
        model.write_bytes(b"nothing of the kind")
        told = self.place.run("match", self.song, "--model", model, code=1).stderr.strip()
        assert self.place.inside(model) in told, told
        return told

    def an_unwritable_library_is_told(self) -> str:
        if not AS_ROOT:
            return "not asked without another user"
        beside = self.place.inside(self.place.program / "library")
        told = self.place.run("scan", self.sounds, EARSHOT_HOME=beside, code=1)
        assert beside in told.stderr, told.stderr
        return told.stderr.strip()

    def nothing_was_written_beside_the_program(self) -> str:
        assert self._files() == self._before
        return f"{len(self._before)} files, as they were"

    def _files(self) -> dict[Path, float]:
        return {path: path.lstat().st_mtime for path in self.place.program.rglob("*")}

    def window(self) -> str:
        if not LINUX:
            return "not asked on this system"
        times = []
        for start in ("first", "second"):
            arguments = [self.song] if start == "first" else []
            with VirtualScreen() as screen, self._opened(screen, arguments) as process:
                times.append(screen.seconds_until_painted())
                foreign = _mapped_from_elsewhere(process.pid, self.place)
                assert not foreign, f"loaded from elsewhere: {foreign}"
                time.sleep(20 if start == "first" else 5)
                assert process.poll() is None, process.communicate()[1]
                screen.save(self.pictures / f"window-{start}.png")
            settings = next(self.place.home.rglob("earshot.ini")).read_text(encoding="utf-8")
            assert self.song.name in settings, settings
            assert "geometry" in settings, settings
        words = " and ".join(f"{seconds:.2f} s" for seconds in times)
        return f"painted after {words}; the second start knows song and geometry; pictures in {self.pictures}"

    def two_windows(self) -> str:
        if not LINUX:
            return "not asked on this system"
        with VirtualScreen() as screen, self._opened(screen, []) as one:
            screen.seconds_until_painted()
            with self._opened(screen, []) as other:
                time.sleep(10)
                assert one.poll() is None
                assert other.poll() is None
        return "both stay open on one library"

    def a_click_is_heard(self) -> str:
        """A row of the table plays through a sound server that nobody listens to, and is recorded there."""
        if not LINUX or not all(map(shutil.which, SOUND_TOOLS)):
            return f"not asked: it takes Linux with {', '.join(SOUND_TOOLS)}"
        from tests.e2e.null_sink import Recording, null_sink

        with tempfile.TemporaryDirectory() as folder, null_sink(Path(folder)) as sink, VirtualScreen() as screen:
            Path(folder).chmod(0o755)
            server = {name: os.environ[name] for name in ("ALSA_CONFIG_PATH", "PULSE_SERVER")}
            with self._opened(screen, [self.song], server):
                screen.seconds_until_painted()
                recording = Recording(sink)
                try:
                    for click in range(1, CLICKS + 1):
                        pointer = ["xdotool", "mousemove", *map(str, A_ROW), "click", "1"]
                        subprocess.run(pointer, env={**os.environ, "DISPLAY": screen.display}, check=True)
                        time.sleep(SECONDS_PER_CLICK)
                        if recording.first_sound() is not None:
                            return f"after {click} clicks, {SECONDS_PER_CLICK:g} s apart; the song is heard meanwhile"
                    screen.save(self.pictures / "silent.png")
                finally:
                    recording.stop()
        raise AssertionError("nothing was heard")

    def every_library_finds_its_own(self) -> str:
        if not LINUX:
            return "not asked on this system"
        libraries = [path for path in self.place.program.rglob("*.so*") if not path.is_symlink()]
        # What needs the libraries of PyTorch is imported after PyTorch itself, which has loaded them by then.
        inside = self.place.program / "_internal"
        folders = os.pathsep.join(map(self.place.inside, (inside, inside / "torch" / "lib")))
        environment = {"LD_LIBRARY_PATH": folders, "PATH": os.environ["PATH"]}
        told = subprocess.run(self.place.confined("ldd", *libraries), capture_output=True, text=True, env=environment)
        missing = {line.split()[0] for line in told.stdout.splitlines() if "not found" in line} - OF_THE_DRIVER
        assert told.stdout, told.stderr
        assert not missing, missing
        return f"{len(libraries)} libraries"

    def as_fast_as_the_source(self) -> str:
        """A figure, not a verdict: other programs may be running."""
        graphs = self.place.program / "_internal" / "resources" / "models" / "graphs"
        with tempfile.TemporaryDirectory() as folder:
            if graphs.is_dir():
                (Path(folder) / "sitecustomize.py").write_text(WITHOUT_TORCH.format(graphs=str(graphs)))
            source = {**os.environ, "PYTHONPATH": os.pathsep.join((folder, str(ROOT)))}
            confined = self.place.command("earshot-cli")
            programs = {
                "frozen": (confined, self.place.environment, self.place.home / "frozen"),
                "source": ([sys.executable, "-m", "engine"], source, Path(folder) / "library"),
            }
            rates: dict[str, list[float]] = {name: [] for name in programs}
            times: dict[str, list[float]] = {name: [] for name in programs}
            for number in range(ROUNDS):
                for name, (command, environment, library) in programs.items():
                    there = {"env": environment, "cwd": ROOT if name == "source" else self.place.home}
                    where = ["--library", f"{library} {number}"]
                    told = _output([*command, "scan", str(self.sounds), *where], **there)
                    rates[name].append(float(re.findall(r"\(([\d.]+) sounds/s\)", told)[0]))
                    began = time.monotonic()
                    _output([*command, "match", str(self.song), *where], **there)
                    times[name].append(time.monotonic() - began)
        scan = max(rates["frozen"]) / max(rates["source"])
        match = min(times["source"]) / min(times["frozen"])
        return (
            f"scan {scan:.2f} times as fast ({max(rates['frozen']):.0f} sounds/s), "
            f"match {match:.2f} times as fast ({min(times['frozen']):.1f} s)"
        )

    @contextlib.contextmanager
    def _opened(
        self, screen: VirtualScreen, arguments: list[Path], environment: dict[str, str] | None = None
    ) -> Iterator[subprocess.Popen[str]]:
        """The window program on a screen; closed as by its user, which must end it with 0."""
        process = subprocess.Popen(
            self.place.command("earshot", *arguments),
            env={**self.place.environment, **(environment or {}), "DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb"},
            cwd=self.place.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
            assert process.returncode == 0, f"ended with {process.returncode}: {said}"
            assert "Traceback" not in said, said
        finally:
            process.kill()
            process.wait()


def _output(command: list[str], *, env: dict[str, str], cwd: Path) -> str:
    told = subprocess.run(command, env=env, cwd=cwd, capture_output=True, encoding="utf-8", timeout=600)
    assert told.returncode == 0, told.stderr
    return told.stdout


def _mapped_from_elsewhere(pid: int, place: Place) -> list[str]:
    """Libraries and modules in a process's memory that are neither the program's nor the system's."""
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    mapped = {line.split(maxsplit=5)[5] for line in maps.splitlines() if ".so" in line}
    allowed = (str(place.program), *place.libraries_of_the_system)
    return sorted(path for path in mapped if not path.startswith(allowed))


def main() -> int:
    parser = argparse.ArgumentParser(description="Tries a built program where nothing of the project is.")
    parser.add_argument("program", type=Path, help="the folder that was built")
    parser.add_argument(
        "--sounds", type=Path, metavar="DIR", help="a real folder to scan (default: the demo's library)"
    )
    parser.add_argument("--pictures", type=Path, metavar="DIR", default=ROOT / "build" / "pictures")
    parser.add_argument("--compare", action="store_true", help="how fast it is beside the source, too; takes a while")
    options = parser.parse_args()
    options.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="earshot-") as folder:
        checks = Checks(Place(options.program.absolute(), Path(folder)), options.sounds, options.pictures)
        steps: list[Callable[[], str]] = [
            *checks.of_any_program(),
            checks.every_command_has_help,
            checks.damaged_weights_are_told,
            checks.a_click_is_heard,
            *([checks.as_fast_as_the_source] if options.compare else []),
            checks.nothing_was_written_beside_the_program,
        ]
        failures = failures_of(steps)
    return 1 if failures else 0


def failures_of(steps: list[Callable[[], str]]) -> int:
    """Do one check after the other, whatever became of those before; print what each saw. How many failed."""
    failures = 0
    for step in steps:
        words = step.__name__.replace("_", " ")
        try:
            print(f"ok      {words}: {step()}", flush=True)
        except (AssertionError, OSError, ValueError, StopIteration, subprocess.SubprocessError) as error:
            failures += 1
            print(f"FAILED  {words}: {error!r}", flush=True)
    return failures


if __name__ == "__main__":
    sys.exit(main())

"""Installs a Debian package in a bare system and tries it there: `make check-deb`, as root, with debootstrap.

The system is made for this in a temporary folder and holds what Debian calls its minimal base: nothing of a desktop,
no Python. apt pulls what the package depends on and, until sound is to be heard, no more. An ordinary user without a
network then does what check_bundle.py does; a desktop's databases are asked whether they know the program; and the
package is removed again, which must leave the user's files as they were. Prints one line per check; ends with 1 where
one failed.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

from build_deb import RECOMMENDS  # noqa: E402
from check_bundle import Checks, Place, failures_of  # noqa: E402

from engine import __version__  # noqa: E402
from engine.audio.decode import AUDIO_SUFFIXES  # noqa: E402

USER = "zoe"
HOME = Path("home") / "Zoë Müller"
TEMPORARY = {"/tmp", tempfile.gettempdir()}
"""The system's are those of this machine: there are the sockets of the screen and of the sound server."""
ENTER = """
mount -t proc proc "$0/proc"
mount -t tmpfs -o mode=1777 shm "$0/dev/shm"
for folder in $FOLDERS; do mkdir -p "$0$folder"; mount --bind "$folder" "$0$folder"; done
exec chroot "$@"
"""
"""What is mounted is seen by the command alone and goes with it, so that nothing has to be taken down."""
SEARCHED = "/usr/sbin:/usr/bin:/sbin:/bin"
DESKTOP = ("desktop-file-utils", "shared-mime-info", "hicolor-icon-theme")


class BareSystem:
    """The smallest Debian that apt runs in."""

    def __init__(self, folder: Path, suite: str) -> None:
        self.folder = folder
        told = subprocess.run(["debootstrap", "--variant=minbase", suite, folder], capture_output=True, text=True)
        assert told.returncode == 0, told.stdout[-2000:] + told.stderr
        folder.chmod(0o755)

    def command(self, *command: str, user: str = "") -> list[str]:
        """The command line that runs a command in there: as root, or as a user, who has no network."""
        entered = ["unshare", "--mount", *(["--net"] if user else []), "sh", "-ec", ENTER, str(self.folder)]
        return [*entered, *([f"--userspec={user}:{user}"] if user else []), str(self.folder), *command]

    def run(self, *command: str) -> str:
        """Run a command as root; what it told."""
        surroundings = {"PATH": SEARCHED, "LANG": "C.UTF-8", "HOME": "/root"}
        environment = {**surroundings, "DEBIAN_FRONTEND": "noninteractive", "FOLDERS": " ".join(TEMPORARY)}
        told = subprocess.run(self.command(*command), env=environment, capture_output=True, text=True)
        assert told.returncode == 0, f"{' '.join(command)}: {told.stdout[-2000:]}{told.stderr}"
        return told.stdout

    def install(self, *packages: str) -> None:
        self.run("apt-get", "install", "--yes", "--no-install-recommends", *packages)


class Installed(Place):
    """The program as apt laid it out, and an ordinary user of that system."""

    def __init__(self, system: BareSystem) -> None:
        self.system = system
        self.program = system.folder / "opt" / "earshot"
        self.home = system.folder / HOME
        self.libraries_of_the_system = tuple(f"{system.folder}{name}" for name in Place.libraries_of_the_system)
        system.run("useradd", "--create-home", "--home-dir", f"/{HOME}", USER)
        self.environment = {
            "HOME": f"/{HOME}",
            "TMPDIR": f"/{HOME}",
            "PATH": SEARCHED,
            "LANG": "C.UTF-8",
            "FOLDERS": " ".join(TEMPORARY),
        }

    def command(self, name: str, *arguments: str | Path) -> list[str]:
        """The command as it is typed, or the window as a desktop opens it."""
        return self.confined(*(["earshot"] if name == "earshot-cli" else self.as_the_desktop_opens_it()), *arguments)

    def as_the_desktop_opens_it(self) -> list[str]:
        lines = (self.system.folder / "usr/share/applications/earshot.desktop").read_text(encoding="utf-8").splitlines()
        command = next(line.removeprefix("Exec=") for line in lines if line.startswith("Exec="))
        return [word for word in shlex.split(command) if not word.startswith("%")]

    def confined(self, *command: str | Path) -> list[str]:
        words = [word if isinstance(word, str) else self.inside(word) for word in command]
        return self.system.command("env", f"--chdir=/{HOME}", *words, user=USER)

    def inside(self, path: Path) -> str:
        return f"/{path.relative_to(self.system.folder)}" if path.is_relative_to(self.system.folder) else str(path)

    def files(self) -> dict[str, tuple[int, int]]:
        """What the user has, with size and time of change."""
        entries = [path for path in self.home.rglob("*") if path.is_file() and not path.is_symlink()]
        return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in entries}


class PackageChecks:
    """What is asked of the package itself, before and after its program is tried."""

    def __init__(self, system: BareSystem, package: Path) -> None:
        self.system, self.package = system, package

    def apt_installs_what_is_missing(self) -> str:
        before = self._packages()
        self.system.run("apt-get", "update")
        self.system.install(str(self._within_reach()))
        assert not self.system.run("dpkg", "--audit")
        assert not self.system.run("dpkg", "--verify", "earshot")
        assert self.system.run("dpkg-query", "--show", "--showformat=${Version}", "earshot") == __version__
        return f"{self._packages() - before - 1} packages beside it, on {before}"

    def desktops_know_it(self) -> str:
        """By its name, its icon, and every kind of audio file that they have a name for."""
        self.system.install(*DESKTOP)
        self.system.run("desktop-file-validate", "/usr/share/applications/earshot.desktop")
        share = self.system.folder / "usr" / "share"
        icons = [path.parents[1].name for path in sorted((share / "icons" / "hicolor").glob("*/apps/earshot.*"))]
        assert {"48x48", "256x256", "scalable"} <= set(icons), icons
        opened = self._types_opened()
        globs = [line.split(":") for line in (share / "mime" / "globs2").read_text().splitlines() if line[0] != "#"]
        wanted = {kind for _, kind, ending, *_ in globs if ending.removeprefix("*") in AUDIO_SUFFIXES}
        missing = {kind for kind in wanted if kind.startswith("audio/")} - opened
        assert not missing - NOT_OURS, missing
        return f"{len(icons)} icons, {len(opened)} kinds of file"

    def removing_it_leaves_the_users_files(self, place: Installed) -> str:
        before = place.files()
        for verb in ("remove", "purge"):
            self.system.run("apt-get", verb, "--yes", "earshot")
            left = [str(path) for name in ("opt", "usr", "etc", "var") for path in self._traces(name)]
            assert not left, left
            assert not self._types_opened()
            assert place.files() == before
            if verb == "remove":
                self.system.install(str(self._within_reach()))
                assert self._types_opened()
        return f"{len(before)} files of the user, as they were; nothing is left of the program, nor in the databases"

    def _traces(self, name: str) -> list[Path]:
        found = (self.system.folder / name).rglob("*earshot*")
        return [path for path in found if "apt" not in path.parts and "dpkg" not in path.parts]

    def _types_opened(self) -> set[str]:
        cache = self.system.folder / "usr/share/applications/mimeinfo.cache"
        lines = cache.read_text(encoding="utf-8").splitlines() if cache.is_file() else []
        return {line.partition("=")[0] for line in lines if "earshot.desktop" in line}

    def _packages(self) -> int:
        return len(self.system.run("dpkg-query", "--show").splitlines())

    def _within_reach(self) -> Path:
        """The package, where the system sees it."""
        shutil.copy(self.package, self.system.folder / "srv")
        return Path("/srv") / self.package.name


NOT_OURS = {"audio/x-speex+ogg"}
"""Speech that ends in .ogg, too."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Installs a Debian package in a bare system and tries it there.")
    parser.add_argument("package", type=Path, nargs="?", help="default: the one in dist/")
    parser.add_argument("--suite", default="bookworm", help="which Debian (default: %(default)s)")
    parser.add_argument("--sounds", type=Path, metavar="DIR", help="a real folder to scan, rather than the demo's")
    parser.add_argument("--pictures", type=Path, metavar="DIR", default=ROOT / "build" / "pictures" / "deb")
    options = parser.parse_args()
    package = options.package or next((ROOT / "dist").glob(f"earshot_{__version__}_*.deb"), None)
    if package is None or not package.is_file():
        print("There is no package. Build it with: make deb", file=sys.stderr)
        return 1
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        print("This takes root and debootstrap.", file=sys.stderr)
        return 1
    options.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="earshot-deb-") as folder:
        Path(folder).chmod(0o755)
        system = BareSystem(Path(folder) / "system", options.suite)
        about = PackageChecks(system, package)
        if failures_of([about.apt_installs_what_is_missing]):
            return 1
        place = Installed(system)
        sounds = None
        if options.sounds:
            sounds = place.home / "My sounds"
            shutil.copytree(options.sounds, sounds)
        checks = Checks(place, sounds, options.pictures)

        def removing_it_leaves_the_users_files() -> str:
            return about.removing_it_leaves_the_users_files(place)

        def a_click_is_heard() -> str:
            system.install(*(words.partition(" |")[0] for words in RECOMMENDS))
            return checks.a_click_is_heard()

        failures = failures_of(
            [
                *checks.of_any_program(),
                a_click_is_heard,
                checks.nothing_was_written_beside_the_program,
                about.desktops_know_it,
                removing_it_leaves_the_users_files,
            ]
        )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""Builds a Debian package of a program that was built before: `make deb`.

The program goes to /opt/earshot, `earshot` to /usr/bin; the desktop learns its name, its icon, and that it opens audio.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

import icons  # noqa: E402

from engine import __version__  # noqa: E402

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
DEPENDS = (
    *("libegl1", "libfontconfig1", "libgl1", "libglib2.0-0 | libglib2.0-0t64", "libportaudio2"),
    *("libwayland-client0", "libwayland-cursor0", "libwayland-egl1", "libxcb1"),
)
"""What no program may bring itself, because it belongs to the machine: drivers, fonts, sound, the way to the screen."""
RECOMMENDS = ("libasound2-plugins | pipewire-alsa", "pulseaudio-utils", "xdg-utils", "fonts-inter")
"""To play through the desktop's sound server, to record what the machine plays, to show a folder; and the font that the
window was drawn with, where the desktop has none of its own."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Builds a Debian package of a program that was built before.")
    parser.add_argument("program", type=Path, nargs="?", default=ROOT / "dist" / "cpu" / "earshot")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", metavar="DIR")
    options = parser.parse_args()
    if not (options.program / "earshot-cli").is_file():
        print(f"{options.program}: there is no program. Build it with: make bundle", file=sys.stderr)
        return 1
    package = options.output / f"earshot_{__version__}_{architecture()}.deb"
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        lay_out(options.program, tree)
        tree.chmod(0o755)
        command = ["dpkg-deb", "--root-owner-group", "-Zzstd", "-z6", "--build", str(tree), str(package)]
        subprocess.run(command, check=True)
    print(package)
    return 0


def architecture() -> str:
    return ARCHITECTURES[platform.machine()]


def lay_out(program: Path, tree: Path) -> None:
    """Put everything where it will be on the user's machine."""
    shutil.copytree(program, tree / "opt" / "earshot", symlinks=True)
    (tree / "usr" / "bin").mkdir(parents=True)
    (tree / "usr" / "bin" / "earshot").symlink_to("/opt/earshot/earshot-cli")
    desktop_files(tree / "usr" / "share")
    notices = tree / "usr" / "share" / "doc" / "earshot"
    notices.mkdir(parents=True)
    shutil.copy(program / "_internal" / "licences" / "README.txt", notices / "copyright")
    control = tree / "DEBIAN" / "control"
    control.parent.mkdir()
    kilobytes = sum(path.lstat().st_size for path in tree.rglob("*")) // 1024
    control.write_text(
        f"""Package: earshot
Version: {__version__}
Architecture: {architecture()}
Maintainer: The Earshot developers <earshot@users.noreply.example>
Section: sound
Priority: optional
Installed-Size: {kilobytes}
Depends: {", ".join(["libc6 (>= " + platform.libc_ver()[1] + ")", *DEPENDS])}
Recommends: {", ".join(RECOMMENDS)}
Description: hears the instruments in a song and finds your sounds for them
 Drop in a song. Earshot hears the instruments in it and, for each one, ranks
 the sounds that you already own: one-shots, loops and presets, by how near
 they sound. It runs on this machine and sends nothing anywhere.
""",
        encoding="utf-8",
    )


def desktop_files(share: Path) -> None:
    """The desktop file and the icons, below a `share` folder."""
    (share / "applications").mkdir(parents=True)
    shutil.copy(ROOT / "packaging" / "linux" / "earshot.desktop", share / "applications")
    hicolor = share / "icons" / "hicolor"
    with tempfile.TemporaryDirectory() as folder:
        svg = ROOT / "resources" / "icons" / "earshot.svg"
        icons.write(svg, Path(folder))
        for size in icons.SIZES:
            place = hicolor / f"{size}x{size}" / "apps"
            place.mkdir(parents=True)
            shutil.copy(Path(folder) / f"earshot-{size}.png", place / "earshot.png")
    (hicolor / "scalable" / "apps").mkdir(parents=True)
    shutil.copy(svg, hicolor / "scalable" / "apps")


if __name__ == "__main__":
    sys.exit(main())

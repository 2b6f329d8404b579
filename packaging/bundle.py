"""Builds the desktop program: `make bundle`, or on any system `python packaging/bundle.py`.

Two flavours: `cpu`, everywhere, which hears by ONNX Runtime and holds no PyTorch; `cuda`, for Linux with a card of
NVIDIA, with all of PyTorch and several gigabytes. The program lies in dist/FLAVOUR/earshot and dist/FLAVOUR/sizes.txt
tells what of it is how large.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

import icons  # noqa: E402

from engine import __version__  # noqa: E402
from engine.encoder import export, stored, weights  # noqa: E402

LARGEST_CPU_MEGABYTES = 450
WITH_SYMBOLS = ("libpython*.so*", "python3*/lib-dynload/*.so", "hnswlib*.so", "av/**/*.so", "scipy/**/*.so")


def main() -> int:
    parser = argparse.ArgumentParser(description="Builds the desktop program.")
    parser.add_argument("--flavour", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", metavar="DIR")
    options = parser.parse_args()
    began = time.monotonic()
    made = ROOT / "build" / "packaging" / options.flavour
    prepare(made, options.flavour)
    program = freeze(made, options.flavour, options.output.absolute() / options.flavour)
    report = sizes(program)
    (program.parent / "sizes.txt").write_text(report, encoding="utf-8")
    print(report)
    print(f"{program}: built in {time.monotonic() - began:.0f} s")
    if options.flavour == "cpu" and megabytes(program) > LARGEST_CPU_MEGABYTES:
        print(f"larger than the {LARGEST_CPU_MEGABYTES} MB that were promised", file=sys.stderr)
        return 1
    return 0


def prepare(made: Path, flavour: str) -> None:
    """Make what the spec file takes: icons, the version resource of Windows, the graphs of the ear."""
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    icons.write(ROOT / "resources" / "icons" / "earshot.svg", made)
    (made / "version.txt").write_text(_version_resource(), encoding="utf-8")
    if flavour == "cpu":
        export.export(stored.read(weights.shipped_model()).config, made / "graphs")


def freeze(made: Path, flavour: str, output: Path) -> Path:
    """Run PyInstaller; the folder of the program."""
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"]
    places = ["--distpath", str(output), "--workpath", str(made / "work"), str(ROOT / "packaging" / "earshot.spec")]
    environment = {**os.environ, "EARSHOT_FLAVOUR": flavour, "EARSHOT_MADE": str(made), "PYTHONPATH": str(ROOT)}
    subprocess.run([*command, *places], check=True, cwd=ROOT, env=environment)
    program = output / "earshot"
    strip(program / "_internal")
    return program


def strip(folder: Path) -> None:
    """Take symbols for debuggers out of what comes with them: what was compiled on this machine, and some wheels."""
    if sys.platform == "linux":
        libraries = [path for pattern in WITH_SYMBOLS for path in folder.glob(pattern) if not path.is_symlink()]
        subprocess.run(["strip", "--strip-unneeded", *libraries], check=True)


def megabytes(path: Path) -> float:
    files = [path] if path.is_file() else (file for file in path.rglob("*") if not file.is_symlink())
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def sizes(program: Path) -> str:
    """Megabytes by what lies at the top of the program's folder."""
    by_part: Counter[str] = Counter()
    for path in (program / "_internal").iterdir():
        name = (
            path.name.removesuffix(".libs").partition(".")[0] if not path.name.startswith("lib") else "system libraries"
        )
        by_part[name] += round(1000 * megabytes(path)) if not path.is_symlink() else 0
    by_part["programs"] = round(sum(1000 * megabytes(path) for path in program.iterdir() if path.is_file()))
    lines = [f"{name:<28}{size / 1000:8.1f} MB" for name, size in by_part.most_common() if size >= 500]
    return "\n".join([*lines, f"{'all':<28}{megabytes(program):8.1f} MB"]) + "\n"


def _version_resource() -> str:
    """What Windows shows of a program, as PyInstaller reads it."""
    numbers = (*(int(part) for part in __version__.split(".")[:3]), 0)
    return f"""VSVersionInfo(
  ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3F, flags=0, OS=0x40004, fileType=1, subtype=0),
  kids=[
    StringFileInfo([StringTable('040904B0', [
      StringStruct('FileDescription', 'Earshot'),
      StringStruct('FileVersion', '{__version__}'),
      StringStruct('ProductName', 'Earshot'),
      StringStruct('ProductVersion', '{__version__}'),
    ])]),
    VarFileInfo([VarStruct('Translation', [1033, 1200])]),
  ],
)
"""


if __name__ == "__main__":
    sys.exit(main())

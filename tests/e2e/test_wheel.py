"""The wheel: everything that runs is in it, nothing else, and it works where the source is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from engine import __version__
from engine.encoder import weights

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left in the tree."""
    source = tmp_path_factory.mktemp("source")
    for folder in ("app", "engine", "resources", "tests"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    (source / "runs").mkdir()
    (source / "runs" / "anything.py").touch()
    output = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(output), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=800)
    (built,) = output.glob("*.whl")
    return built


def test_what_is_in_it(wheel: Path) -> None:
    assert wheel.name == f"earshot-{__version__}-py3-none-any.whl"
    names = set(zipfile.ZipFile(wheel).namelist())
    needed = {
        "engine/cli.py",
        "app/main.py",
        "resources/models/earshot-ear.safetensors",
        "resources/models/earshot-ear.calibration.json",
        "resources/icons/earshot.svg",
        "resources/theme/tokens.json",
    }
    assert needed <= names
    top = {name.partition("/")[0] for name in names}
    assert top == {"app", "engine", "resources", f"earshot-{__version__}.dist-info"}
    assert not [name for name in names if name.startswith("resources/screenshots")]
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "engine").rglob("*.py")} <= names


def test_installed_it_runs(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "environment"
    venv.create(home, with_pip=True)
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    python = programs / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(install, check=True, timeout=800)
    # Its dependencies are those of this environment; Earshot itself is not, for the new one comes first.
    own = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    (Path(own) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def earshot(*arguments: str) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        command = [programs / "earshot", *arguments]
        environment |= {"EARSHOT_HOME": str(tmp_path / "home")}
        result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=800)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    assert earshot("--version") == f"earshot {__version__}\n"
    report = earshot("doctor")
    assert weights.fingerprint(weights.shipped_model()) in report
    where = "from engine.paths import resources_dir; print(resources_dir())"
    told = subprocess.run([python, "-c", where], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert told.startswith(str(home))

"""The ground that `make setup` stands on."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def normalised(requirement: str) -> str:
    name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, str]:
    """Package name to its lines in the lock file."""
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    return {normalised(entry): entry for entry in entries}


def test_the_lock_names_no_hosts() -> None:
    assert "://" not in LOCK
    assert "index-url" not in LOCK


def test_every_locked_package_has_a_version_and_hashes() -> None:
    for entry in locked().values():
        assert re.match(r"[a-z0-9-]+==\S+", entry)
        assert "--hash=sha256:" in entry


@pytest.mark.parametrize("extra", [None, "train", "packaging", "dev"])
def test_every_dependency_is_locked(extra: str | None) -> None:
    wanted = PROJECT["dependencies"] if extra is None else PROJECT["optional-dependencies"][extra]
    assert {normalised(requirement) for requirement in wanted} <= set(locked())


def test_everything_the_engine_and_the_window_import_is_asked_for() -> None:
    """What comes along with something else today may be gone tomorrow."""
    pattern = re.compile(r"^\s*(?:import|from) ([A-Za-z_]\w*)", re.MULTILINE)
    imported = {
        name
        for folder in ("app", "engine")
        for path in (ROOT / folder).rglob("*.py")
        for name in pattern.findall(re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.DOTALL))
    }
    foreign = imported - set(sys.stdlib_module_names) - {"app", "engine"}
    distributions = {"PySide6": "pyside6-essentials", "pythonosc": "python-osc", "sklearn": "scikit-learn"}
    extras = PROJECT["optional-dependencies"]
    asked = [*PROJECT["dependencies"], *extras["train"], *extras["packaging"]]
    missing = {distributions.get(name, normalised(name)) for name in foreign} - {normalised(name) for name in asked}
    assert not missing


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_the_bootstrap_script_is_portable_shell_and_runnable() -> None:
    script = ROOT / "packaging" / "bootstrap.sh"
    subprocess.run(["sh", "-n", script], check=True)
    assert script.stat().st_mode & 0o111
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111

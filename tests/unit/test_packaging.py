"""The ground that `make setup` stands on."""

from __future__ import annotations

import importlib.util
import plistlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtGui import QImage

from engine import __version__

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
    distributions = {
        "parselmouth": "praat-parselmouth",
        "PySide6": "pyside6-essentials",
        "pythonosc": "python-osc",
        "sklearn": "scikit-learn",
    }
    extras = PROJECT["optional-dependencies"]
    asked = [*PROJECT["dependencies"], *extras["train"], *extras["shared"], *extras["packaging"]]
    missing = {distributions.get(name, normalised(name)) for name in foreign} - {normalised(name) for name in asked}
    assert not missing


def part(name: str) -> ModuleType:
    """A module of packaging/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "packaging" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_version_is_told_alike_everywhere() -> None:
    assert PROJECT["version"] == __version__


def test_what_a_bundle_leaves_out() -> None:
    leave_out = part("leave_out")
    for kept in (
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/lib/libQt6Widgets.so.6",
        "PySide6/plugins/iconengines/qsvgicon.dll",
        "resources/models/graphs/backbone.onnx",
        "libportaudio.so.2",
        "tinysoundfont/_tinysoundfont.so",
    ):
        assert leave_out.wanted(kept), kept
    for dropped in (
        "PySide6/Qt/translations/qt_de.qm",
        "PySide6\\plugins\\platforminputcontexts\\qtvirtualkeyboardplugin.dll",
        "PySide6/Qt/lib/libQt6Quick.so.6",
        "numpy/core/include/numpy/arrayobject.h",
        "scipy/linalg/tests/data.npz",
    ):
        assert not leave_out.wanted(dropped), dropped


@pytest.mark.parametrize("with_torch", [False, True])
def test_a_bundle_names_every_module_it_needs(with_torch: bool) -> None:
    names = set(part("leave_out").own_modules(ROOT, with_torch=with_torch))
    assert {"engine.cli", "engine.library.worker", "engine.encoder.onnx_network", "app.main"} <= names
    assert not {name for name in names if name.startswith("engine.training")}
    assert ("engine.encoder.torch_network" in names) == with_torch
    if not with_torch:
        source = {name: (ROOT / f"{name.replace('.', '/')}.py") for name in names}
        at_the_top = re.compile(r"^(?:import|from) torch", re.MULTILINE)
        assert not [name for name, path in source.items() if path.is_file() and at_the_top.search(path.read_text())]


def test_icons_hold_the_sizes_they_promise(tmp_path: Path) -> None:
    icons = part("icons")
    icons.write(ROOT / "resources" / "icons" / "earshot.svg", tmp_path)
    for size in icons.SIZES:
        image = QImage(str(tmp_path / f"earshot-{size}.png"))
        assert (image.width(), image.height()) == (size, size)
        assert image.pixelColor(size // 2, size // 2).blue() > 150  # the bar in the middle
        assert image.pixelColor(0, 0).alpha() == 0  # outside the rounded corner
    largest = QImage(str(tmp_path / "earshot.ico"))
    assert not largest.isNull()
    content = (tmp_path / "earshot.icns").read_bytes()
    assert content[:4] == b"icns"
    assert int.from_bytes(content[4:8], "big") == len(content)


def test_release_notes_are_the_changelogs_section() -> None:
    section = part("release_notes").section
    changelog = "# Changelog\n\n## Unreleased\n\n- later\n\n## 1.2.0 - 2026-01-01\n\n- new\n\n## 1.1.0\n\n- old\n"
    assert section(changelog, "1.2.0") == "- new"
    assert section(changelog, "1.1.0") == "- old"
    for unknown in ("1.2", "9.9.9"):
        with pytest.raises(ValueError, match="says nothing"):
            section(changelog, unknown)


def test_workflows_take_foreign_actions_at_a_commit() -> None:
    """A tag can be moved to other code by whoever gets hold of it."""
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    lines = [line for path in workflows for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    foreign = [line.partition("uses:")[2].strip() for line in lines if "uses: ./" not in line]
    assert foreign
    for action in foreign:
        assert re.fullmatch(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@pytest.mark.parametrize("script", ["linux/appimage.sh", "macos/dmg.sh"])
@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")
def test_scripts_of_installers_are_shell_and_runnable(script: str) -> None:
    path = ROOT / "packaging" / script
    subprocess.run(["sh", "-n", path], check=True)
    assert path.stat().st_mode & 0o111


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_the_bootstrap_script_is_portable_shell_and_runnable() -> None:
    script = ROOT / "packaging" / "bootstrap.sh"
    subprocess.run(["sh", "-n", script], check=True)
    assert script.stat().st_mode & 0o111
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_a_mac_asks_before_it_is_recorded() -> None:
    """Without words of its own for the question macOS ends a program that opens a microphone."""
    assert "NSMicrophoneUsageDescription" in (ROOT / "packaging" / "earshot.spec").read_text(encoding="utf-8")
    entitlements = plistlib.loads((ROOT / "packaging" / "macos" / "entitlements.plist").read_bytes())
    assert entitlements["com.apple.security.device.audio-input"] is True

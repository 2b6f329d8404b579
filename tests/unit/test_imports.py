"""What must not be imported when, looked at in a fresh interpreter."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import pytest

from engine.audio.facts import Facts
from engine.library.messages import Done
from engine.library.results import Heard

HEAVY = (
    "torch",
    "torchaudio",
    "librosa",
    "PySide6",
    "pyqtgraph",
    "scipy",
    "pedalboard",
    "av",
    "soundfile",
    "hnswlib",
    "numpy",
)


def imported_by(code: str) -> set[str]:
    """Top-level modules in memory after running `code`."""
    report = "import sys, json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True, timeout=600
    )
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_version_imports_nothing_heavy() -> None:
    code = "from engine.cli import main\ntry: main(['--version'])\nexcept SystemExit as end: assert end.code == 0"
    assert not imported_by(code) & set(HEAVY)


def test_help_imports_nothing_heavy() -> None:
    code = "from engine.cli import main\ntry: main(['match', '--help'])\nexcept SystemExit as end: assert end.code == 0"
    assert not imported_by(code) & set(HEAVY)


@pytest.mark.parametrize("module", ["engine.errors", "engine.families", "engine.jobs", "engine.paths", "engine.doctor"])
def test_the_small_modules_import_nothing_heavy(module: str) -> None:
    assert not imported_by(f"import {module}") & set(HEAVY)


def test_a_window_that_scans_and_hears_imports_no_network() -> None:
    heard = "import app.main_window, app.backend, engine.encoder.ear_process, engine.matching.reference"
    loaded = imported_by(f"{heard}\nimport engine.library.scanner, engine.matching.match, engine.audition.prepare")
    assert not loaded & {"torch", "torchaudio", "onnxruntime"}


def test_what_a_worker_tells_imports_nothing_heavy() -> None:
    """The window unpickles it while it is to answer; what measures sounds takes seconds to import."""
    facts = Facts(1.0, 44_100, 1, -1.0, -14.0, "one-shot", None, 0.0, None)
    told = pickle.dumps(Done((Heard(1, facts, "kick", 0.9, ("kick",), (b"",), b"", b""),)))
    loaded = imported_by(f"import pickle\nassert pickle.loads({told!r}).outcomes")
    assert not loaded & (set(HEAVY) - {"numpy", "soundfile", "av"})


def test_the_window_starts_without_the_model() -> None:
    """The window is there first; the ear is loaded behind it."""
    loaded = imported_by("import app.main, app.main_window")
    assert "PySide6" in loaded
    assert not loaded & {"torch", "torchaudio", "librosa"}


def test_the_engine_needs_no_window() -> None:
    code = "import pkgutil, importlib, engine\n" + (
        "for m in pkgutil.walk_packages(engine.__path__, 'engine.'):\n"
        "    if not m.name.startswith('engine.training'): importlib.import_module(m.name)"
    )
    assert not imported_by(code) & {"PySide6", "pyqtgraph", "app"}

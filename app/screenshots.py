"""Pictures of the real window in each of its states: `python -m app.screenshots [FOLDER]`, or `make screenshots`.

With `--every-way` each state is pictured in both themes, several sizes and at 150 %.

The engine is the real one, with the demo's song and library; only the sound card is stood in for, since what is
pictured shall not depend on whether the machine has one.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QPoint, QTimer
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from app import theme
from app.backend import Backend
from app.main_window import MainWindow
from app.settings import Settings
from engine.errors import EarshotError
from engine.jobs import ignore_progress
from engine.paths import demo_dir

if TYPE_CHECKING:
    from engine.audio.decode import Audio
    from engine.audition.change import Rendering
    from engine.audition.output import OutputDevice
    from engine.audition.wish import Bed
    from engine.jobs import CancelToken
    from engine.recording.inputs import InputDevice

WIDE = (1440, 900)
PATIENCE_SECONDS = 300.0
STILL_SHARE = 0.35
"""How far the pictured sound has played."""


class StillPlayer:
    """The interface of the player; what it plays stands still, so that a picture is the same every time."""

    failure: str | None = None
    substitute: str | None = None
    bed_position_seconds: float | None = None
    device: str | int | None = None
    playing = False

    def __init__(self) -> None:
        self.position_seconds: float | None = None

    def play(
        self,
        sound: Audio | Rendering,
        *,
        loop: bool = False,
        gain_db: float = 0.0,
        start: float = 0.0,
        bed: Bed | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        from engine.audition.change import Rendering

        audio = sound.audio if isinstance(sound, Rendering) else sound
        self.position_seconds = start + STILL_SHARE * (audio.duration_seconds - start)
        self.playing = True

    def pause(self) -> None:
        self.playing = False

    def resume(self, cancel: CancelToken | None = None) -> None:
        self.playing = True

    def stop(self) -> None:
        self.playing, self.position_seconds = False, None

    def seek(self, seconds: float) -> None:
        self.position_seconds = seconds

    def set_loop(self, loop: bool, *, bed: bool) -> None: ...

    def set_volume_db(self, volume_db: float) -> None: ...

    def close(self) -> None: ...


class StillRecorder:
    """The interface of the recorder; it has recorded a while, at a steady level."""

    failure: str | None = None
    recording = has_recording = False
    seconds = lost_seconds = 0.0

    def begin(self) -> None:
        self.recording, self.seconds = True, 12.4

    def level(self) -> float:
        return 0.18

    def finish(self) -> None:
        self.recording = False

    def close(self) -> None: ...


class PictureBackend(Backend):
    """The real engine, silently."""

    def __init__(self, library_dir: Path, *, model: Path | None = None) -> None:
        super().__init__(library_dir, model=model)
        self._still = StillPlayer()

    def player(self) -> StillPlayer:  # type: ignore[override]
        return self._still

    def existing_player(self) -> StillPlayer:  # type: ignore[override]
        return self._still

    def devices(self) -> list[OutputDevice]:
        from engine.audition.output import OutputDevice

        return [OutputDevice(0, "Speakers", "", 2, 48_000, True)]

    def inputs(self) -> list[InputDevice]:
        from engine.recording.inputs import InputDevice

        return [InputDevice("Built-in microphone", 0), InputDevice("What is played: Speakers", 1, loopback=True)]

    def watch(self, folders: Collection[str], changed: Callable[[list[str]], None]) -> dict[str, str]:
        """Not at all: a scan that nobody asked for would come into the pictures."""
        return {}

    def recorder(self, device: InputDevice) -> StillRecorder:  # type: ignore[override]
        return StillRecorder()


class Studio:
    """A window to be pictured. A context manager: leaving it closes the window.

    Parameters
    ----------
    backend : a `PictureBackend`, or another one for tests.
    """

    def __init__(self, backend: Backend, *, look: str = "dark") -> None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        application = QApplication.instance() or QApplication(sys.argv[:1])
        assert isinstance(application, QApplication)
        theme.apply(application, look)
        self._settings = tempfile.TemporaryDirectory()
        self.window = MainWindow(backend, Settings(Path(self._settings.name) / "settings.ini"))
        self.window.resize(*WIDE)
        self.window.show()
        self.work = self.window.workspace
        self._failures: list[str] = []
        self.work.notices.said.connect(lambda words, topic, failed: self._failures.append(words) if failed else None)
        self.work.reference.failed.connect(self._failures.append)

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self.window.close()
        self._settings.cleanup()

    def wait(self, until: Callable[[], bool], what: str) -> None:
        """Let the window live until something is so. Raises EarshotError when it fails or takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not until():
            if self._failures:
                raise EarshotError(f"The window could not be pictured: {self._failures[0]}")
            if time.monotonic() > deadline:
                raise EarshotError(f"The window could not be pictured: {what} took too long.")
            self.live(0.05)

    def live(self, seconds: float) -> None:
        """Let the window live for a while."""
        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()

    def forgive(self) -> None:
        """What failed so far was meant to."""
        self._failures.clear()

    def picture(
        self, path: Path, *, size: tuple[int, int] = WIDE, scale: float = 1.0, beside: QWidget | None = None
    ) -> None:
        """Save the window in a size of logical pixels, drawn at a scale, with a dialog in its middle."""
        self.window.resize(*size)
        self.live(0.25)
        pixmap = QPixmap(round(size[0] * scale), round(size[1] * scale))
        pixmap.setDevicePixelRatio(scale)
        self.window.render(pixmap, QPoint(0, 0))
        if beside is not None:
            frame = beside.rect()
            frame.moveCenter(self.window.rect().center())
            beside.render(pixmap, frame.topLeft())
            painter = QPainter(pixmap)
            painter.setPen(theme.current().control_border)  # what the desktop draws around a window
            painter.drawRect(frame.adjusted(-1, -1, 0, 0))
            painter.end()
        path.parent.mkdir(parents=True, exist_ok=True)
        if not pixmap.save(str(path)):
            raise EarshotError(f"The picture {path} cannot be written.")

    def wait_until_scanned(self, what: str = "scanning") -> None:
        """No scan is running, and what the last one left is known."""
        library, jobs = self.work.library, self.work.jobs
        self.wait(lambda: library.state is not None and not library.scanning and jobs.running("library") is None, what)

    def wait_until_heard(self) -> None:
        """The song is drawn and heard, and its tempo and key are known."""
        reference = self.work.reference
        self.wait(lambda: reference.hearing is not None and reference.hearing.done, "hearing the song")
        self.wait(lambda: reference.facts is not None, "measuring the song")

    def wait_for_matches(self) -> None:
        """The table shows what was ranked for the first slot that has matches, with their waveforms."""
        panel, matches, library = self.window.matches_panel, self.work.matches, self.work.library
        self.wait(
            lambda: (
                library.state is not None
                and panel.results is not None
                and panel.results.searchable == library.state.counts.ready
            ),
            "ranking all sounds",
        )
        self.choose_first_slot()
        self.wait(lambda: not matches.without_overview(0, min(12, matches.rowCount() - 1)), "drawing the rows")

    def choose_first_slot(self) -> None:
        """The first slot, as it was heard last: earlier results may be of another family."""
        self.window.slots_panel.choose(0)
        self.wait(partial(self.shows, 0), "ranking")

    def shows(self, row: int) -> bool:
        results = self.window.matches_panel.results
        return results is not None and results.slot is not None and results.slot is self.work.slots.slot(row)

    def audition(self) -> None:
        """Choose the best match, and let it sound."""
        table, work = self.window.matches_panel.table, self.work
        table.choose(0)
        table.setFocus()
        self.wait(lambda: work.auditioner.playing, "playing")
        self.wait(lambda: work.compare.candidate is not None and work.compare.reference is not None, "comparing")
        self.live(0.2)


def save_matched(song: Path, library_dir: Path, picture: Path, *, model: Path | None = None) -> None:
    """Picture the window with a song heard and matched against a library that is scanned already.

    Raises EarshotError where that fails.
    """
    with Studio(PictureBackend(library_dir, model=model)) as studio:
        studio.work.take([song])
        studio.wait_until_heard()
        studio.wait_for_matches()
        studio.audition()
        studio.picture(picture)


def save_all(
    folder: Path, backend: Callable[[Path], Backend], sounds: Path, song: Path, *, every_way: bool = False
) -> list[Path]:
    """Picture every state; returns the files written.

    Parameters
    ----------
    backend : makes one for a library folder.
    sounds, song : what is scanned and what is heard.
    every_way : in both themes and all sizes, rather than in one.
    """
    from app.scenes import EVERY_WAY, PLAIN, Scenes

    with tempfile.TemporaryDirectory() as scratch, Studio(backend(Path(scratch) / "library")) as studio:
        scenes = Scenes(studio, folder, Path(scratch), EVERY_WAY if every_way else (PLAIN,))
        scenes.run(sounds, song)
        return scenes.saved


def main(arguments: list[str]) -> int:
    """Save all pictures into a folder, by default `build/screenshots`."""
    from engine.demo import ensure_demo

    parser = argparse.ArgumentParser(prog="screenshots")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("build/screenshots"))
    parser.add_argument("--every-way", action="store_true", help="in both themes, several sizes and at 150 %%")
    chosen = parser.parse_args(arguments)
    try:
        files = ensure_demo(demo_dir(), ignore_progress)
        for path in save_all(chosen.folder, PictureBackend, files.library, files.song, every_way=chosen.every_way):
            print(path)
    except EarshotError as error:
        print(f"screenshots: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The README's short film of the window at work: `python packaging/flow_gif.py FILE.gif`; `make screenshots` runs it.

The real window, engine, song and library of the demo; only the pointer is painted in.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint, Qt  # noqa: E402
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygon  # noqa: E402
from PySide6.QtWidgets import QAbstractItemView, QWidget  # noqa: E402

from app.screenshots import PictureBackend, Studio  # noqa: E402
from app.widgets.match_table import drag_picture  # noqa: E402
from engine.demo import ensure_demo  # noqa: E402
from engine.jobs import ignore_progress  # noqa: E402

SIZE = (1280, 800)
WIDTH, HEIGHT = 960, 600
FRAMES_PER_SECOND = 4
ARROW = QPolygon(
    [QPoint(0, 0), QPoint(0, 19), QPoint(5, 15), QPoint(9, 22), QPoint(12, 21), QPoint(8, 14), QPoint(14, 14)]
)
"""The pointer."""

Frame = tuple[np.ndarray, float]
"""uint8 [height, width, 3], and for how many seconds it stays."""


class Film:
    """Frames of a window, each with the pointer somewhere."""

    def __init__(self, studio: Studio) -> None:
        self._window, self._studio = studio.window, studio

    def frame(self, seconds: float, pointer: QPoint | None = None, carried: str = "") -> Frame:
        """The window as it is now.

        pointer : where in the window, if it is shown.
        carried : what hangs at it.
        """
        self._studio.live(0.1)
        image = QImage(*SIZE, QImage.Format.Format_RGB888)
        painter = QPainter(image)
        self._window.render(painter, QPoint(0, 0))
        if pointer is not None:
            if carried:
                painter.drawPixmap(pointer + QPoint(10, 14), drag_picture(carried))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(pointer)
            painter.setPen(QPen(QColor("black"), 1.2))
            painter.setBrush(QColor("white"))
            painter.drawPolygon(ARROW)
        painter.end()
        small = image.scaled(
            WIDTH, HEIGHT, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        ).convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(small.constBits(), np.uint8).reshape(HEIGHT, small.bytesPerLine())
        return rows[:, : 3 * WIDTH].reshape(HEIGHT, WIDTH, 3).copy(), seconds

    def place(self, widget: QWidget, at: QPoint) -> QPoint:
        """A place in a widget, seen from the window."""
        return widget.mapTo(self._window, at)

    def row(self, view: QAbstractItemView, number: int) -> QPoint:
        """Somewhere on a row of a list or table."""
        rectangle = view.visualRect(view.model().index(number, 0))
        return self.place(view.viewport(), QPoint(rectangle.left() + 60, rectangle.center().y()))


def film(studio: Studio, sounds: Path, song: Path) -> Iterator[Frame]:
    """A song is dropped, heard, its slots chosen, their matches played, one of them carried away."""
    window, work, take = studio.window, studio.work, Film(studio)
    window.resize(*SIZE)
    studio.wait(lambda: window.header.device.text() != "starting", "loading the ear")
    work.library.scan([sounds])
    studio.wait(lambda: work.library.state is not None and work.library.state.counts.ready > 0, "scanning")
    studio.wait(lambda: not work.library.scanning, "scanning")
    studio.wait(lambda: work.matches.rowCount() > 0, "listing")
    studio.live(0.5)
    middle = take.place(window.reference_panel, window.reference_panel.rect().center())
    yield take.frame(1.0, QPoint(SIZE[0] - 200, 60), song.stem)
    yield take.frame(0.75, middle, song.stem)
    work.take([song])
    reference, slots, table = work.reference, window.slots_panel.list, window.matches_panel.table
    for share in (0.2, 0.5, 0.8):
        studio.wait(
            lambda share=share: (  # type: ignore[misc]
                reference.hearing is not None
                and (reference.hearing.done or reference.hearing.heard_seconds >= share * work.timeline.duration)
            ),
            "hearing",
        )
        yield take.frame(0.5, middle)
    studio.wait_until_heard()
    studio.wait_for_matches()
    for slot in (1, 5):
        window.slots_panel.choose(slot)
        studio.wait(lambda slot=slot: studio.shows(slot), "ranking")  # type: ignore[misc]
        studio.wait(lambda: not work.matches.without_overview(0, 12), "drawing the rows")
        yield take.frame(1.25, take.row(slots, slot))
        for row in (0, 1):
            table.choose(row)
            studio.wait(lambda: work.auditioner.playing and work.compare.candidate is not None, "playing")
            studio.live(0.4)
            yield take.frame(1.25, take.row(table, row))
    row = work.matches.row(1)
    assert row is not None
    start, end = take.row(table, 1), QPoint(SIZE[0] - 60, SIZE[1] - 150)
    for share in (0.4, 1.0):
        yield take.frame(0.75, start + (end - start) * share, row.sound.name)


def write(path: Path, frames: Iterator[Frame]) -> None:
    """One palette for all, so that only what changes takes room."""
    pictures = [picture for picture, seconds in frames for _ in range(round(seconds * FRAMES_PER_SECOND))]
    with av.open(str(path), "w", format="gif") as container:
        stream = container.add_stream("gif", rate=FRAMES_PER_SECOND)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "pal8"
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=WIDTH, height=HEIGHT, format="rgb24", time_base=stream.codec_context.time_base or 1
        )
        split, palette = graph.add("split"), graph.add("palettegen", "stats_mode=full")
        use, sink = graph.add("paletteuse", "dither=none:diff_mode=rectangle"), graph.add("buffersink")
        source.link_to(split)
        split.link_to(use, 0, 0)
        split.link_to(palette, 1, 0)
        palette.link_to(use, 0, 1)
        use.link_to(sink)
        graph.configure()
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            graph.push(frame)
        graph.push(None)
        while True:
            try:
                container.mux(stream.encode(graph.pull()))
            except (av.error.BlockingIOError, av.error.EOFError):
                break
        container.mux(stream.encode(None))


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        files = ensure_demo(Path(scratch) / "demo", ignore_progress)
        with Studio(PictureBackend(Path(scratch) / "library")) as studio:
            write(Path(sys.argv[1]), film(studio, files.library, files.song))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How long the window does not answer, and what a long table costs."""

from __future__ import annotations

import os
import time
import wave
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from app import garbage, theme
from app.models.columns import Column, Row
from app.models.matches import MatchesModel
from app.models.sonogram import MelPicture
from app.models.timeline import Timeline
from app.screenshots import PictureBackend, Studio
from app.widgets.match_table import MatchTable
from app.widgets.spectrogram import Spectrogram
from engine.demo import ensure_demo
from engine.jobs import ignore_progress
from tests.gui.stall import StallWatch
from tests.gui.test_models import make_sound

pytestmark = pytest.mark.benchmark

MANY, FEW = 1_000_000, 1_000
PAGES = 200


@pytest.fixture(scope="module")
def application() -> QApplication:
    made = QApplication.instance() or QApplication([])
    assert isinstance(made, QApplication)
    theme.apply(made, "dark")
    return made


SECOND_PASS_SECONDS = 90.0
TINY_RATE, TINY_SAMPLES = 8_000, 400


def make_tiny_sounds(folder: Path, count: int) -> None:
    """Distinct WAVs of a twentieth of a second, none the twin of another, 500 to a folder."""
    rng = np.random.default_rng(0)
    fade = np.linspace(1.0, 0.0, TINY_SAMPLES)
    for number in range(count):
        inside = folder / f"More {number // 500:03}"
        inside.mkdir(exist_ok=True)
        levels = (8_000 * fade * rng.standard_normal(TINY_SAMPLES)).clip(-32_768, 32_767).astype("<i2")
        with wave.open(str(inside / f"Tick {number:05}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(TINY_RATE)
            file.writeframes(levels.tobytes())


@pytest.mark.parametrize(
    "files", [265, *([int(more)] if (more := os.environ.get("EARSHOT_BENCH_FILES")) else [50_000])]
)
def test_longest_stall_while_scanning_and_hearing(application: QApplication, tmp_path: Path, files: int) -> None:
    """All files are listed, then the second pass hears them, for `SECOND_PASS_SECONDS` at most, while a song is heard.

    Of 50,000 files half are heard so, or fewer: how the window answers later in a longer scan is not measured here.
    EARSHOT_BENCH_FILES takes another number than 50,000.
    """
    demo = ensure_demo(tmp_path / "demo", ignore_progress)
    make_tiny_sounds(demo.library, files - sum(1 for _ in demo.library.rglob("*.wav")))
    garbage.wait()
    with Studio(PictureBackend(tmp_path / "library")) as studio:
        work = studio.work
        library = work.library
        studio.wait(lambda: library.state is not None, "opening the library")
        studio.wait(lambda: studio.window.header.device.text() != "starting", "loading the ear")
        studio.wait(lambda: work.jobs.running("warm") is None, "importing what comes later")
        watch = StallWatch()
        studio.live(2.0)
        floor = watch.longest_seconds
        watch.begin()
        work.library.scan([demo.library])
        studio.wait(
            lambda: not library.scanning or (library.progress is not None and library.progress.stage != "listing"),
            "listing",
        )
        listing = watch.longest_seconds
        began = time.perf_counter()
        work.open_song(demo.song)
        studio.wait_until_heard()
        studio.wait(lambda: not library.scanning or time.perf_counter() - began > SECOND_PASS_SECONDS, "scanning")
        stall = watch.stop()
        heard = library.state.counts.ready if library.state is not None else 0
        library.cancel_scan()
        studio.wait(lambda: not library.scanning, "ending the scan")
    print(
        f"\nlongest stall while {files:,} sounds are scanned ({heard:,} of them heard) and a song is heard: "
        f"{1000 * stall:.0f} ms, {stall / floor:.1f} times that of an idle window; while they are listed: "
        f"{1000 * listing:.0f} ms"
    )


def test_frames_of_a_ten_minute_song(application: QApplication) -> None:
    """Scrolling and zooming the spectrogram on a large screen; sixty frames a second leave 16.7 ms for each."""
    timeline, rate = Timeline(), 50.0
    timeline.set_duration(600.0)
    canvas = Spectrogram(timeline)
    canvas.resize(2200, 600)
    canvas.show()
    levels = np.random.default_rng(0).integers(0, 255, (round(600 * rate), 128), dtype=np.uint8)
    canvas.set_picture(MelPicture(levels, rate))
    assert canvas.plot is not None
    application.processEvents()

    def seconds_per_frame(views: Iterable[tuple[float, float]]) -> np.ndarray:
        taken = []
        for view in views:
            began = time.perf_counter()
            timeline.show(*view)
            canvas.plot.viewport().update()
            application.processEvents()
            taken.append(time.perf_counter() - began)
        return np.array(taken[1:])

    floor = np.median(seconds_per_frame((100.0, 160.0) for _ in range(100)))
    for name, views in {
        "scrolling a minute of it": [(step / 2, step / 2 + 60) for step in range(200)],
        "scrolling nine minutes of it": [(step / 4, step / 4 + 540) for step in range(200)],
        "zooming from all to a second": [(300 - 300 * 0.97**step, 300 + 300 * 0.97**step) for step in range(190)],
    }.items():
        median, worst = 1000 * np.percentile(seconds_per_frame(views), [50, 95])
        print(
            f"\n{name}: {median:.1f} ms a frame, 95 % within {worst:.1f} ms; {median / (1000 * floor):.2f} times what "
            "painting alone takes",
            end="",
        )


class CountingModel(MatchesModel):
    """Counts what the table asks for."""

    asked = 0

    def data(self, index, role=0):  # type: ignore[no-untyped-def]
        self.asked += 1
        return super().data(index, role)


def scroll(application: QApplication, count: int) -> tuple[float, float, float]:
    """Seconds to fill the table, seconds to show a page, and questions to the model for it."""
    sounds = [replace(make_sound(number), tempo_bpm=60.0 + number % 120) for number in range(FEW)]
    rows = [Row(replace(sounds[number % FEW], id=number), number + 1, 0.5) for number in range(count)]
    model = CountingModel()
    table = MatchTable(model)
    table.resize(900, 450)
    table.show()
    began = time.perf_counter()
    model.set_rows(rows)
    application.processEvents()
    filled = time.perf_counter() - began
    bar = table.verticalScrollBar()
    model.asked = 0
    began = time.perf_counter()
    for page in range(PAGES):
        bar.setValue(bar.maximum() * page // PAGES)
        table.repaint()
        application.processEvents()
    shown = (time.perf_counter() - began) / PAGES
    began = time.perf_counter()
    for step in range(100):
        model.set_playing(count - 1, step / 100)
    marked = (time.perf_counter() - began) / 100
    model.sort(Column.BPM)
    print(
        f"\n{count:>9,} rows: filled in {1000 * filled:.0f} ms, a page in {1000 * shown:.1f} ms with "
        f"{model.asked / PAGES:.0f} questions, the playing row marked in {1e6 * marked:.0f} µs"
    )
    table.close()
    return filled, shown, model.asked / PAGES


def test_scrolling_a_million_rows(application: QApplication) -> None:
    _, floor, few_asked = scroll(application, FEW)
    _, page, many_asked = scroll(application, MANY)
    print(f"a page of a million rows takes {page / floor:.2f} times that of a thousand")
    assert many_asked == pytest.approx(few_asked, rel=0.1), "only what is seen is asked for"

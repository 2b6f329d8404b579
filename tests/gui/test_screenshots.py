"""Every state can be pictured; once with the ear as it is shipped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from app.scenes import EVERY_WAY, Scenes
from app.screenshots import PictureBackend, StillPlayer, Studio, save_all, save_matched
from engine.errors import EarshotError
from tests.gui.stand_in import StandInBackend


class SilentBackend(StandInBackend):
    """Another ear, and a player and a recorder that stand still."""

    watch = PictureBackend.watch
    inputs = PictureBackend.inputs
    recorder = PictureBackend.recorder

    def __init__(self, library_dir: Path) -> None:
        super().__init__(library_dir)
        self.silent_player = StillPlayer()  # type: ignore[assignment]


def test_every_state_is_pictured(qapp: object, tmp_path: Path, sounds: Path, song: Path) -> None:
    good = tmp_path / "Good"
    for folder in ("Bass", "Leads"):
        shutil.copytree(sounds / folder, good / folder)
    saved = save_all(tmp_path / "pictures", SilentBackend, good, song)
    names = {path.stem for path in saved}
    assert {"empty", "analysing", "scanning", "matched", "similar", "slots-by-hand", "failed-files"} <= names
    assert {"marked", "naming", "auditioned", "record", "recording", "region-slot"} <= names
    assert len(names) >= 20
    assert {QImage(str(path)).size().toTuple() for path in saved} == {(1440, 900)}
    assert len({path.read_bytes() for path in saved}) == len(saved), "no two states look the same"


def test_a_state_is_pictured_in_every_way(qapp: object, tmp_path: Path) -> None:
    with Studio(SilentBackend(tmp_path / "library")) as studio:
        scenes = Scenes(studio, tmp_path, tmp_path / "scratch", EVERY_WAY)
        scenes.picture("empty")
    sizes = {path.stem: QImage(str(path)).size().toTuple() for path in scenes.saved}
    assert sizes["empty-1280x800-light"] == (1280, 800)
    assert sizes["empty-2560x1440"] == (2560, 1440)
    assert sizes["empty-150"] == (1440, 900), "960 x 600 logical pixels"
    assert len({path.read_bytes() for path in scenes.saved}) == len(EVERY_WAY)


def test_the_shipped_ear_hears_and_ranks_in_the_window(qapp: object, tmp_path: Path, sounds: Path, song: Path) -> None:
    library = tmp_path / "library"
    with Studio(PictureBackend(library)) as studio:
        work = studio.work
        work.take([sounds, song])
        studio.wait_until_heard()
        studio.wait_until_scanned()
        studio.wait_for_matches()
        assert work.slots.rowCount() >= 1
        assert studio.window.header.device.text() in ("CPU", "GPU · CUDA", "GPU · Metal")
        assert work.library.state is not None
        assert (work.library.state.counts.ready, len(work.library.state.failed)) == (12, 2)
    picture = tmp_path / "matched.png"
    save_matched(song, library, picture)
    assert QImage(str(picture)).width() == 1440


def test_a_song_that_cannot_be_pictured_is_an_error(qapp: object, tmp_path: Path) -> None:
    with Studio(SilentBackend(tmp_path / "library")) as studio:
        studio.work.take([tmp_path / "none.wav"])
        with pytest.raises(EarshotError, match="could not be pictured"):
            studio.wait_until_heard()

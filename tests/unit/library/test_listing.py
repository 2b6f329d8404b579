"""The first pass of a scan, by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.jobs import CancelToken, Progress
from engine.library import listing
from engine.library.catalog import Catalog


def test_a_root_that_is_removed_while_its_files_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_FILES_PER_LISTING", 1)
    folders = [tmp_path / "Drums", tmp_path / "Keys"]
    for folder in folders:
        folder.mkdir()
        for number in range(3):
            (folder / f"{number}.wav").write_bytes(b"RIFF")
    catalog = Catalog.open(tmp_path / "library")

    def remove(step: Progress) -> None:
        if step.message == str(folders[0]):
            catalog.remove_root(folders[0])

    listed = listing.list_folders(catalog, list(map(str, folders)), remove, CancelToken())
    assert [root.path for root in catalog.roots()] == [str(folders[1])]
    assert (catalog.counts().listed, listed.removed, listed.unreadable) == (3, 0, [])
    catalog.close()

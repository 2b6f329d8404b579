"""What several of these tests need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.audition import output
from tests.e2e.null_sink import NullSink, null_sink


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[NullSink]:
    """A sound server that nobody hears, and PortAudio looking at it."""
    with null_sink(tmp_path) as running:
        output.refresh()
        yield running
    output.refresh()

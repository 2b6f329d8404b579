"""Names that any system takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.paths import file_name


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Kick 01", "Kick 01"),
        ('a/b\\c:d*e?f"g<h>i|j\n', "a-b-c-d-e-f-g-h-i-j-"),
        (" ..hidden. ", "hidden"),
        ("...", "otherwise"),
        ("", "otherwise"),
        ("CON", "CON_"),
        ("nul", "nul_"),
        ("Aux.Send", "Aux_.Send"),
        ("prn .x", "prn_.x"),
        ("COM1", "COM1_"),
        ("lpt³", "lpt³_"),
        ("Console", "Console"),
        ("COM10", "COM10"),
        ("Bass CON", "Bass CON"),
    ],
)
def test_names(words: str, name: str) -> None:
    assert file_name(words, "otherwise") == name


@pytest.mark.parametrize("letter", ["a", "ä", "音", "🎛", "\udcff"])
def test_a_long_name_is_shortened_between_letters(letter: str, tmp_path: Path) -> None:
    name = file_name(300 * letter, "otherwise")
    assert set(name) == {letter}
    assert 190 < len(name.encode(errors="surrogatepass")) <= 200
    (tmp_path / f"{name} +12st at 120 BPM (999).wav").touch()


def test_what_is_cut_does_not_end_with_a_space() -> None:
    assert file_name(199 * "a" + " b" * 10, "otherwise") == 199 * "a"

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.library.words import full_text_query, words_of


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("Drums/Kick 01", "drums kick 01"),
        ("TR808Kick", "tr808kick tr 808 kick"),
        ("Loops_120bpm/SubBass-Am", "loops 120bpm 120 bpm subbass sub bass am"),
        ("Größe", "grösse"),
        ("FX", "fx"),
        ("Größe/Caf\u0065\u0301Loop", "grösse caféloop café loop"),
        ("Gro\u0308ße", "grösse"),
        ("---", ""),
    ],
)
def test_words(path: str, words: str) -> None:
    assert words_of(path) == words


@given(st.lists(st.text(max_size=20), max_size=4))
def test_no_query_is_a_syntax_error(words: list[str]) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5 (words)")
    if (query := full_text_query(words)) is not None:
        connection.execute("SELECT rowid FROM t WHERE t MATCH ?", (query,)).fetchall()
    connection.close()


def test_nothing_asked() -> None:
    assert full_text_query([]) is full_text_query(["-", "%"]) is None
    assert full_text_query(["sub-bass", "kick"]) == '"sub bass"* AND "kick"*'


def test_accents_are_asked_for_however_they_are_written() -> None:
    assert full_text_query(["gro\u0308sse"]) == full_text_query(["grösse"]) == '"grösse"*'

"""Child processes: how they end, in words."""

from __future__ import annotations

import os

import pytest

from engine.library.processes import words_for_exit


@pytest.mark.parametrize(("code", "words"), [(0, "exit code 0"), (3, "exit code 3"), (None, "exit code None")])
def test_an_exit_code_is_told_as_it_is(code: int | None, words: str) -> None:
    assert words_for_exit(code) == words


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(("code", "words"), [(-9, "SIGKILL"), (-11, "SIGSEGV"), (-63, "signal 63")])
def test_a_signal_is_told_by_its_name(code: int, words: str) -> None:
    assert words_for_exit(code) == words

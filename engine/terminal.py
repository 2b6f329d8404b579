"""How the commands speak: progress and messages on stderr, results on stdout, Ctrl-C as a request."""

from __future__ import annotations

import errno
import io
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, TextIO

from engine.errors import ExportError
from engine.jobs import CancelToken, Progress


def prepare_output() -> None:
    """Let every file name be printed, also those which are no valid text, and wherever the output goes: in a file or a
    pipe on Windows the letters of its old code page would be all there are."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors=sys.getfilesystemencodeerrors())
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")


@contextmanager
def output_written() -> Iterator[None]:
    """All that is printed inside is written at the end of the block.

    Raises
    ------
    BrokenPipeError : whoever read the output has seen enough.
    ExportError : it cannot be written for another reason, such as a full disk.
    """
    if sys.stdout is None:  # a program without a console
        yield
        return
    output = _Output(sys.stdout)
    sys.stdout = output
    try:
        try:
            yield
        finally:
            output.flush()
    finally:
        sys.stdout = output.stream
        if output.has_failed:  # nothing more may be written, not even at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Output:
    """A stream that tells what it cannot write apart from other errors of the system, which are defects."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.has_failed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        with self._in_words():
            return self.stream.write(text)

    def flush(self) -> None:
        with self._in_words():
            self.stream.flush()

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.has_failed = True
            if isinstance(error, BrokenPipeError):
                raise
            if sys.platform == "win32" and error.errno == errno.EINVAL:  # what Windows says of a pipe nobody reads
                raise BrokenPipeError(error.errno, error.strerror) from error
            raise ExportError(f"The output cannot be written: {error.strerror or error}.") from error


def has_display() -> bool:
    """Whether a window can be opened; asked before Qt, which would end the process."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def print_path(path: str, *said: str, null: bool = False) -> None:
    """A path, and what is said of it behind tabs, as one result: a line of its own, or ended by a zero byte.

    Names may hold line ends. As `find` has it, what reads them in lines gets them as they are, and a person's terminal
    gets '?' in the place of what would break the line, or steer the terminal.
    """
    fields: Iterable[str] = (path, *said)
    if not null and sys.stdout.isatty():
        fields = (_CONTROL_CHARACTERS.sub("?", field) for field in fields)
    print(*fields, sep="\t", end="\0" if null else "\n")


def command_line(words: Sequence[str]) -> str:
    """Words as they are written behind a command, quoted as the system's shell wants them: folders hold spaces."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def say(message: str) -> None:
    """A message to the person, not part of the result."""
    print(message, file=sys.stderr, flush=True)


_UNITS = {"hearing": "s", "indexing": "vectors", "playing": "programs"}
"""What is counted in the stages of which files are not."""


class ProgressBar:
    """A `ProgressCallback` that draws a bar for each stage on stderr; silent where stderr is not a terminal."""

    def __init__(self, label: str = "") -> None:
        self._label = label
        self._stage = ""
        self._bar: Any = None

    def __call__(self, progress: Progress) -> None:
        if progress.stage != self._stage:
            self.close()
            self._open(progress)
        self._bar.total = progress.total
        self._bar.update(progress.done - self._bar.n)

    def _open(self, progress: Progress) -> None:
        from tqdm import tqdm

        self._stage = progress.stage
        self._bar = tqdm(
            total=progress.total,
            desc=" ".join(filter(None, (progress.stage, self._label))),
            unit=f" {_UNITS.get(progress.stage, 'files')}",
            bar_format="{desc}: {percentage:3.0f}% |{bar}| {n:.0f}/{total:.0f}{unit} {rate_fmt} {remaining}"
            if progress.total
            else None,
            dynamic_ncols=True,
            leave=False,
            disable=None,
            file=sys.stderr,
        )

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        self._stage = ""

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def cancel_on_interrupt() -> Iterator[CancelToken]:
    """A token that the first Ctrl-C cancels, so that a job ends between two of its steps; the second one interrupts."""
    token = CancelToken()

    def cancel(_signal: int, _frame: FrameType | None) -> None:
        token.cancel()
        signal.signal(signal.SIGINT, before)
        say("stopping ... (Ctrl-C again to stop at once)")

    before = signal.signal(signal.SIGINT, cancel)
    try:
        yield token
    finally:
        signal.signal(signal.SIGINT, before)

"""What the user can mend.

EarshotError
 ├─ AudioError      a file that cannot be read as sound, or has nothing in it to hear
 ├─ LibraryError    the library folder, its catalog or its index
 ├─ ModelError      the ear's weights
 ├─ PlaybackError   the audio output, or a MIDI keyboard
 ├─ ExportError     a file that could not be written for other programs
 └─ RecordingError  an audio input, or the file into which it is recorded

Every other exception is a defect of Earshot and keeps its traceback.
"""

from __future__ import annotations

from pathlib import Path


class EarshotError(Exception):
    """A failure with a message that names the cause and the remedy, fit to be shown to the user."""


class AudioError(EarshotError):
    """A file that cannot be decoded.

    Parameters
    ----------
    path : the file.
    reason : one sentence without the path, as shown in the list of failed files.
    """

    def __init__(self, path: str | Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = Path(path)
        self.reason = reason

    def __reduce__(self) -> tuple[type[AudioError], tuple[Path, str]]:
        return type(self), (self.path, self.reason)


class LibraryError(EarshotError):
    """The library's folder, catalog or index cannot be used."""


class ModelError(EarshotError):
    """The ear's weights are missing, damaged or of another format."""


class PlaybackError(EarshotError):
    """No sound can be played, or no keyboard played on: no device, or the device refused."""


class ExportError(EarshotError):
    """A file for other programs could not be written."""


class RecordingError(EarshotError):
    """Nothing can be recorded: no input, the input refused, or its file could not be made."""

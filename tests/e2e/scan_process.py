"""A scan in a process of its own, for tests that end it without warning.

python -m tests.e2e.scan_process LIBRARY FOLDER
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from engine.library.library import Library
from engine.library.scanner import scan
from tests.unit.library.ears import load_slow


def main() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job inherits that it is ignored
    library = Library.open(Path(sys.argv[1]), create=True)
    scan(library, [Path(sys.argv[2])], workers=2, loader=load_slow)
    library.close()


if __name__ == "__main__":
    main()

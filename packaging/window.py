"""The window program of a packaged Earshot: `earshot open`, with what the desktop hands over."""

import multiprocessing
import sys

from engine.cli import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    handed_over = sys.argv[1:]
    if not (handed_over and handed_over[0].startswith("-")):  # `earshot --version` is answered, too
        handed_over = ["open", *handed_over]
    sys.exit(main(handed_over))

"""`python -m engine` is `earshot`; so is the console program of a packaged Earshot."""

import multiprocessing
import sys

from engine.cli import main

if __name__ == "__main__":
    multiprocessing.freeze_support()  # a packaged program starts its workers by starting itself
    sys.exit(main())

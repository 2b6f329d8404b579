"""`earshot doctor` and `earshot demo`: whether all is well, and what it is like."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from engine.paths import demo_dir, library_dir
from engine.terminal import ProgressBar, cancel_on_interrupt

if TYPE_CHECKING:
    from engine.demo import DemoResult


def doctor(options: argparse.Namespace) -> int:
    from engine.doctor import examine

    healthy = True
    for finding in examine(library_dir(options.library), options.model):
        print(f"{finding.subject:<16} {finding.words}")
        healthy = healthy and finding.healthy
    return 0 if healthy else 1


def demo(options: argparse.Namespace) -> DemoResult:
    """Run the demo and print all but its last line, which is for the caller to print when all is shown."""
    from engine.demo import run_demo

    lines: list[str] = []
    with cancel_on_interrupt() as cancel, ProgressBar() as bar:
        result = run_demo(
            (options.directory or demo_dir()).absolute(),
            progress=bar,
            cancel=cancel,
            model=options.model,
            device=options.device,
            write=lines.append,
        )
    print("\n".join(lines), flush=True)
    return result

"""The `earshot` command: the same engine calls the window makes.

Results go to stdout, progress and messages to stderr. Exit codes: 0 done, 1 something the user can mend (the message
names it), 2 a wrong command line. Nothing slow is imported here, so that `earshot --version` answers at once.
"""

from __future__ import annotations

import argparse
import logging
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine import __version__
from engine.commands import about, contents, matching, scanning
from engine.errors import EarshotError
from engine.families import PARTS
from engine.jobs import Cancelled
from engine.terminal import has_display, output_written, prepare_output, say

if TYPE_CHECKING:
    from engine.demo import DemoResult

_TRAINING_COMMANDS = ("train", "eval", "bench")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. A wrong command line raises SystemExit(2)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    prepare_output()
    try:
        with output_written():
            return _run(arguments)
    except EarshotError as error:
        say(f"earshot: {error}")
    except (KeyboardInterrupt, Cancelled):
        say("earshot: stopped. What was finished is kept.")
    except BrokenPipeError:
        pass  # whoever read our output has seen enough
    return 1


def _run(arguments: list[str]) -> int:
    if not arguments:
        return _open_window()
    if arguments[0] in _TRAINING_COMMANDS:  # their options belong to the trainer, which is slow to import
        return _train(arguments)
    # What the engine logs is for the window's log file; here what matters of it is said in messages.
    logging.getLogger("engine").addHandler(logging.NullHandler())
    parser = _parser()
    options = parser.parse_args(_with_queries_apart(arguments))
    if getattr(options, "end", None) is not None and options.end <= (options.start or 0.0):
        parser.error("--end must come after --start")
    parts = [part for part, _ in getattr(options, "part", None) or ()]
    if len(parts) > len(set(parts)):
        parser.error("--part: each part once, with one weight")
    if parts and options.any_family:
        parser.error("--any-family is about slots and goes without --part")
    handler: Callable[[argparse.Namespace], int] = options.handler
    return handler(options)


def _with_queries_apart(arguments: list[str]) -> list[str]:
    """The arguments with `-dark` and `-tag:warm` where a query is written kept from being taken for options."""
    if arguments[0] == "match":
        return _with_values_joined(arguments, "--only")
    if arguments[:2] != ["library", "search"]:
        return arguments
    options: list[str] = []
    words: list[str] = []
    rest = iter(_with_values_joined(arguments[2:], "--library"))
    for argument in rest:
        if argument == "--":
            words += rest
        elif argument in ("-h", "-0") or argument.startswith("--"):
            options.append(argument)
        else:
            words.append(argument)
    return [*arguments[:2], *options, "--", *words]


def _with_values_joined(arguments: list[str], option: str) -> list[str]:
    """`--only -dark` as `--only=-dark`; what begins with two dashes is an option of its own."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == option and not argument.startswith("--"):
            joined[-1] = f"{option}={argument}"
        else:
            joined.append(argument)
    return joined


def _open_window(paths: Sequence[Path] = (), *, library: Path | None = None, model: Path | None = None) -> int:
    if not has_display():
        raise EarshotError("There is no display to open the window on. The commands work without: earshot --help")
    try:
        from app.main import main as open_window
    except ImportError as error:  # Qt's own libraries come with it, those of the system may not be there
        packaged = hasattr(sys, "frozen")
        what = "the system's package of that library" if packaged else "what packaging/system-packages.txt lists"
        raise EarshotError(f"The window cannot be opened: {error}. Install {what}.") from error
    return open_window(paths, library=library, model=model) or 0


def _open(options: argparse.Namespace) -> int:
    library = Path(options.library) if options.library else None
    return _open_window(options.paths, library=library, model=options.model)


def _train(arguments: list[str]) -> int:
    try:
        from engine.training import cli as training_cli
    except ModuleNotFoundError as error:
        raise EarshotError(
            f"{arguments[0]} needs what this installation does not have ({error.name}). Run it from the source, where "
            "`make setup` installs everything."
        ) from error
    return training_cli.main(arguments) or 0


def _demo(options: argparse.Namespace) -> int:
    result = about.demo(options)
    code = 0
    if not options.no_window:
        try:
            _show(result, options.model)
        except EarshotError as error:  # what was found is told all the same
            say(f"earshot: {error}")
            code = 1
    print(result.summary)
    return code


def _show(result: DemoResult, model: Path | None) -> None:
    if has_display():
        say("earshot: the demo is open in the window. Close it to end.")
        _open_window([result.files.song], library=result.catalog, model=model)
        return
    from app.screenshots import save_matched

    picture = result.catalog.parent / "window.png"
    save_matched(result.files.song, result.catalog, picture, model=model)
    say(f"earshot: there is no display. What the window would show: {picture}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="earshot",
        description="Hears the instruments in a reference song and ranks the sounds you own for each of them. "
        "Without a command it opens the window.",
    )
    parser.add_argument("--version", action="version", version=f"earshot {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    library = argparse.ArgumentParser(add_help=False)
    library.add_argument(
        "--library",
        metavar="DIR",
        help="folder of the catalog and the index (default: EARSHOT_HOME, else the user's data folder)",
    )
    index = argparse.ArgumentParser(add_help=False)
    index.add_argument(
        "--index",
        metavar="ADDRESS",
        help="an index shared between machines: qdrant://HOST:PORT/COLLECTION (default: one beside the catalog)",
    )
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument("--model", metavar="FILE", type=Path, help="other weights than those shipped")
    device = argparse.ArgumentParser(add_help=False)
    device.add_argument("--device", choices=("cpu", "cuda", "mps"), help="where to run the model (default: the best)")

    scan = subparsers.add_parser(
        "scan", parents=[library, index, model], help="list, measure and embed the sounds of folders"
    )
    scan.add_argument("folders", metavar="FOLDER", nargs="+", type=Path)
    scan.add_argument(
        "--workers", metavar="N", type=_count, help="worker processes (default: half the cores, two to four)"
    )
    scan.add_argument("--retry-failed", action="store_true", help="try again what failed before")
    scan.add_argument("--watch", action="store_true", help="then go on, and scan whatever changes in these folders")
    scan.set_defaults(handler=scanning.scan)

    match = subparsers.add_parser(
        "match", parents=[library, index, model, device], help="rank sounds for each instrument heard"
    )
    match.add_argument("songs", metavar="SONG", nargs="+", type=Path)
    match.add_argument("--start", metavar="S", type=_seconds, help="hear from this second on")
    match.add_argument("--end", metavar="S", type=_seconds, help="hear up to this second")
    match.add_argument("--top", metavar="N", type=_count, default=10, help="matches for each slot (default: 10)")
    match.add_argument("--any-family", action="store_true", help="rank by similarity alone, whatever the family")
    match.add_argument(
        "--part",
        metavar="PART[=WEIGHT]",
        type=_part,
        action="append",
        help=f"rank loops and songs by parts instead: {', '.join(PARTS)}; repeatable, such as drums=2",
    )
    match.add_argument("--only", metavar="QUERY", default="", help="rank only what this query finds: see README")
    match.add_argument("--json", action="store_true", help="one JSON document per song, one per line")
    match.set_defaults(handler=matching.match)

    embed = subparsers.add_parser("embed", parents=[model, device], help="the vector and family of single sounds")
    embed.add_argument("files", metavar="FILE", nargs="+", type=Path)
    embed.add_argument("--json", action="store_true", help="one JSON document per file, one per line")
    embed.set_defaults(handler=matching.embed)

    manage = subparsers.add_parser("library", help="what is in the library").add_subparsers(
        title="actions", metavar="ACTION", required=True
    )
    null = argparse.ArgumentParser(add_help=False)
    null.add_argument(
        "-0", "--null", action="store_true", help="end each with a zero byte, not a line end: for xargs -0"
    )
    listing = manage.add_parser("list", parents=[library, null], help="the path of every sound, one per line")
    listing.set_defaults(handler=contents.list_all)
    search = manage.add_parser(
        "search", parents=[library, null], help="sounds by words and facts, by name, one per line"
    )
    search.add_argument("query", metavar="WORD", nargs="*", help="such as: reese -dark bpm:120-128 key:Am")
    search.set_defaults(handler=contents.search)
    failed = manage.add_parser(
        "failed", parents=[library, null], help="files that could not be used: path, tab, reason"
    )
    failed.set_defaults(handler=contents.failed)
    instrument = manage.add_parser(
        "add-instrument", parents=[library, model], help="play a VST3 instrument once and keep its notes as sounds"
    )
    instrument.add_argument("plugin", metavar="PATH.vst3", type=Path)
    instrument.add_argument(
        "--presets", metavar="FOLDER", type=Path, help="of .vstpreset files (default: those beside the plug-in)"
    )
    instrument.add_argument(
        "--longest", metavar="S", type=_seconds, default=60.0, help="seconds that each program may take (default: 60)"
    )
    instrument.add_argument("--workers", metavar="N", type=_count, help="worker processes of the scan that follows")
    instrument.set_defaults(handler=scanning.add_instrument)
    remove = manage.add_parser("remove", parents=[library], help="forget folders; their files are left alone")
    remove.add_argument("folders", metavar="FOLDER", nargs="+", type=Path)
    remove.set_defaults(handler=contents.remove)

    doctor = subparsers.add_parser("doctor", parents=[library, model], help="versions, devices, model, library health")
    doctor.set_defaults(handler=about.doctor)

    window = subparsers.add_parser(
        "open", parents=[library, model], help="the window, with songs or folders dropped in"
    )
    window.add_argument("paths", metavar="PATH", nargs="*", type=Path)
    window.set_defaults(handler=_open)

    demo = subparsers.add_parser(
        "demo", parents=[model, device], help="a library and a song of our own, scanned, matched and shown"
    )
    demo.add_argument(
        "--directory", metavar="DIR", type=Path, help="where to make it (default: in the library's folder)"
    )
    demo.add_argument("--no-window", action="store_true", help="print the matches and stop")
    demo.set_defaults(handler=_demo)

    for name, purpose in zip(
        _TRAINING_COMMANDS, ("train the ear", "measure the ear", "measure its speed"), strict=True
    ):
        subparsers.add_parser(name, help=f"{purpose} (see earshot {name} --help)", add_help=False)
    return parser


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError("must be a whole number, at least 1")
    return value


def _part(text: str) -> tuple[str, float]:
    part, _, weight = text.partition("=")
    if part not in PARTS:
        raise argparse.ArgumentTypeError(f"{part!r} is no part; there are {', '.join(PARTS)}")
    try:
        value = float(weight or "1")
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"the weight of {part} must be a number above 0")
    return part, value


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError("must be a number of seconds, 0 or more")
    return value

"""`earshot train` and `earshot eval`: data, training stages, export, protocols."""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from pathlib import Path

from engine.errors import EarshotError

DEFAULT_DIRECTORY = Path("runs")


def main(argv: list[str]) -> int:
    """Run `train ...` or `eval ...`; returns the exit code."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return arguments.run(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="earshot", description="Teach the ear, and measure it.")
    commands = parser.add_subparsers(required=True, metavar="train|eval")
    train = commands.add_parser("train", help="build the data, train the stages, export the weights")
    steps = train.add_subparsers(required=True, metavar="data|sounds|mixtures|export")

    data = steps.add_parser("data", help="render note banks, clusters, splits and phrase banks of every source")
    data.add_argument("--midi", type=Path, help="folder of MIDI songs with tracks MELODY and PIANO, such as POP909")
    data.add_argument("--sources", nargs="+", help="only these sources; by default all of them")
    data.add_argument("--procedural", type=int, default=70, help="procedural instruments of each family (default 70)")
    data.add_argument("--workers", type=int, default=2)
    _with_directory(data, _build_data)

    for stage in ("sounds", "mixtures"):
        run = steps.add_parser(stage, help=f"train stage '{stage}', going on from its checkpoint if there is one")
        run.add_argument("--steps", type=int, help="length of the schedule in batches")
        run.add_argument("--seconds", type=float, help="stop after this time; the same command goes on later")
        run.add_argument("--singles", type=int, help="clips in a batch")
        run.add_argument("--mixtures", type=int, help="mixtures in a batch")
        run.add_argument(
            "--compile", action="store_true", help="compile the backbone: minutes first, then faster steps"
        )
        run.add_argument("--device", help="cpu or cuda; by default the fastest there is")
        _with_directory(run, _train_stage)
        run.set_defaults(stage=stage)

    export = steps.add_parser("export", help="write the averaged weights of stage 'mixtures' as a model")
    export.add_argument("--output", type=Path, help="default: the shipped model")
    export.add_argument("--name", default="earshot-ear-1")
    _with_directory(export, _export)

    evaluate = commands.add_parser("eval", help="measure the ear and its peers on held-out instruments")
    evaluate.add_argument("--protocol", nargs="+", default=["single", "smti", "cir"], choices=["single", "smti", "cir"])
    evaluate.add_argument("--split", default="test", choices=["test", "validation", "unseen"])
    evaluate.add_argument("--model", type=Path, help="default: the shipped model")
    evaluate.add_argument("--output", type=Path, help="folder for results.json and results.md")
    _with_directory(evaluate, _evaluate)
    return parser


def _with_directory(parser: argparse.ArgumentParser, run: object) -> None:
    parser.add_argument(
        "--directory", type=Path, default=DEFAULT_DIRECTORY, help="where data and runs live (default runs)"
    )
    parser.set_defaults(run=run)


def _build_data(arguments: argparse.Namespace) -> int:
    from engine.training import data

    names = tuple(arguments.sources) if arguments.sources else data.ALL_SOURCES
    card = data.build(
        arguments.directory / "data",
        midi=arguments.midi,
        names=names,
        procedural_per_family=arguments.procedural,
        workers=arguments.workers,
    )
    for split, counts in card.items():
        print(f"{split:<12} {sum(counts.values()):>5} instruments: {counts}")
    return 0


def _train_stage(arguments: argparse.Namespace) -> int:
    from engine.encoder.device import pick_device
    from engine.training.phrase_bank import PhraseBank
    from engine.training.trainer import MIXTURES, SOUNDS, Trainer

    bank_path = arguments.directory / "data" / "phrases" / "train"
    if not (bank_path / "phrases.json").exists():
        raise EarshotError(f"{bank_path}: no training data; run 'earshot train data' first")
    config = SOUNDS if arguments.stage == "sounds" else MIXTURES
    chosen = {name: getattr(arguments, name) for name in ("steps", "singles", "mixtures")}
    config = replace(config, **{name: value for name, value in chosen.items() if value is not None})
    device = pick_device(arguments.device)
    trainer = Trainer(PhraseBank(bank_path), arguments.directory / arguments.stage, config, device=device)
    resumed = trainer.resume()
    if not resumed and arguments.stage == "mixtures":
        earlier = arguments.directory / "sounds" / "checkpoint.pt"
        if not earlier.exists():
            raise EarshotError(
                f"{earlier}: stage 'mixtures' starts from stage 'sounds'; run 'earshot train sounds' first"
            )
        trainer.start_from(earlier)
    if arguments.compile:
        trainer.network.backbone.compile(dynamic=False)
    trainer.run(seconds=arguments.seconds)
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from engine.encoder import checkpoint, weights
    from engine.training.trainer import averaged_network

    output = arguments.output or weights.shipped_model()
    checkpoint.save(output, averaged_network(arguments.directory / "mixtures"), name=arguments.name)
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB, fingerprint {weights.fingerprint(output)}")
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from engine.training.evaluation import table

    return table.run(
        arguments.directory / "data",
        protocols=arguments.protocol,
        split=arguments.split,
        model=arguments.model,
        output=arguments.output,
    )

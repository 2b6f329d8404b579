"""`earshot train`, `earshot eval` and `earshot bench`: data, training stages, export, protocols, speed."""

from __future__ import annotations

import argparse
import logging
import zlib
from dataclasses import replace
from pathlib import Path

from engine.encoder.config import SIZES
from engine.errors import EarshotError
from engine.training.evaluation.protocols import PROTOCOLS
from engine.training.stages import STAGES, Stage

DEFAULT_DIRECTORY = Path("runs")


def main(argv: list[str]) -> int:
    """Run `train ...`, `eval ...` or `bench ...`; returns the exit code."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return arguments.action(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="earshot", description="Teach the ear, and measure it.")
    commands = parser.add_subparsers(required=True, metavar="train|eval|bench")
    train = commands.add_parser("train", help="build the data, train the stages, export the weights")
    steps = train.add_subparsers(required=True, metavar="data|families|RUN|export|calibrate")

    data = steps.add_parser("data", help="render note banks, clusters, splits and phrase banks of every source")
    data.add_argument("--midi", type=Path, help="folder of MIDI songs with tracks MELODY and PIANO, such as POP909")
    data.add_argument("--sources", nargs="+", help="only these sources; by default all of them")
    data.add_argument("--procedural", type=int, default=70, help="procedural instruments of each family (default 70)")
    data.add_argument("--workers", type=int, default=2)
    _with_directory(data, _build_data)

    families = steps.add_parser("families", help="guess the families of training instruments whose names tell none")
    families.add_argument("--model", type=Path, help="the ear that guesses (default: the shipped model)")
    _with_directory(families, _guess_families)

    for name, stage in STAGES.items():
        run = steps.add_parser(name, help=stage.help)
        run.add_argument("--steps", type=int, help=f"length of the schedule in batches (default {stage.config.steps})")
        run.add_argument("--seconds", type=float, help="stop after this time; the same command goes on later")
        run.add_argument("--singles", type=int, help=f"clips in a batch (default {stage.config.singles})")
        run.add_argument("--mixtures", type=int, help=f"mixtures in a batch (default {stage.config.mixtures})")
        run.add_argument("--learning-rate", type=float, help=f"its highest (default {stage.config.learning_rate})")
        run.add_argument("--whole", action="store_true", help="whole windows of five seconds instead of parts of them")
        run.add_argument(
            "--size",
            choices=SIZES,
            help="of the ear (default: that of the run it goes on from or begins with, standard grows to deep)",
        )
        run.add_argument("--device", help="cpu or cuda; by default the fastest there is")
        run.add_argument("--run", default=name, help="folder of the run, which it goes on from (default its name)")
        run.add_argument("--after", default=stage.after, help=f"the run it begins with (default {stage.after})")
        run.add_argument("--model", type=Path, help="a model that it begins with instead, such as the shipped one")
        _with_directory(run, _train_stage)
        run.set_defaults(stage=stage)

    export = steps.add_parser("export", help="write the averaged weights of a run of Earshot as a model")
    export.add_argument(
        "--run", nargs="+", default=["mixtures"], help="default: mixtures, Earshot's last stage; the mean of several"
    )
    export.add_argument("--output", type=Path, help="default: the shipped model")
    export.add_argument("--name", default="earshot-ear-1")
    _with_directory(export, _export)

    calibrated = steps.add_parser("calibrate", help="measure what a model's answers are worth, on validation songs")
    calibrated.add_argument("--model", type=Path, help="default: the shipped model")
    _with_directory(calibrated, _calibrate)

    evaluate = commands.add_parser("eval", help="measure the ear and its peers on held-out instruments")
    evaluate.add_argument("--protocol", nargs="+", default=list(PROTOCOLS), choices=PROTOCOLS)
    evaluate.add_argument("--split", default="test", choices=["test", "validation", "unseen"])
    evaluate.add_argument("--model", type=Path, help="default: the shipped model")
    evaluate.add_argument("--runs", nargs="*", default=[], help="trained runs to measure beside it, such as smti csn")
    evaluate.add_argument("--output", type=Path, help="folder for tables and pictures; rows it already holds are kept")
    _with_directory(evaluate, _evaluate)
    bench = commands.add_parser("bench", help="how fast the ear is on this machine").add_subparsers(required=True)
    ear = bench.add_parser("ear", help="windows and sounds a second, beside the published architectures")
    ear.add_argument("--model", type=Path, help="default: the shipped model")
    ear.add_argument("--device", help="cpu or cuda; by default the fastest there is")
    ear.set_defaults(action=_bench_ear)
    return parser


def _with_directory(parser: argparse.ArgumentParser, run: object) -> None:
    parser.add_argument(
        "--directory", type=Path, default=DEFAULT_DIRECTORY, help="where data and runs live (default runs)"
    )
    parser.set_defaults(action=run)


def _build_data(arguments: argparse.Namespace) -> int:
    from engine.training import data

    print(
        data.build(
            arguments.directory / "data",
            midi=arguments.midi,
            names=tuple(arguments.sources) if arguments.sources else data.ALL_SOURCES,
            procedural_per_family=arguments.procedural,
            workers=arguments.workers,
        )
    )
    return 0


def _guess_families(arguments: argparse.Namespace) -> int:
    from engine.encoder.ear import Ear
    from engine.training.guess import guess_families

    found = guess_families(arguments.directory / "data", Ear.load(arguments.model))
    print(f"{found.given} of {found.unknown} training instruments without a family were given one")
    print(f"the same rule names {found.named} of {found.known} known validation instruments, {found.right} rightly")
    return 0


def _train_stage(arguments: argparse.Namespace) -> int:
    from engine.encoder import stored
    from engine.encoder.device import pick_device
    from engine.training.phrase_bank import PhraseBank
    from engine.training.stages import ear_of
    from engine.training.trainer import CHECKPOINT, Trainer

    bank = PhraseBank(arguments.directory / "data" / "phrases" / "train")
    stage: Stage = arguments.stage
    chosen = {name: getattr(arguments, name) for name in ("steps", "singles", "mixtures", "learning_rate")}
    config = replace(stage.config, **{name: value for name, value in chosen.items() if value is not None})
    if arguments.whole:
        config = replace(config, crop_cells=None)
    # Every run counts its steps from 0: of one seed they would all draw the same batches.
    config = replace(config, seed=zlib.crc32(arguments.run.encode()))
    directory = arguments.directory / arguments.run
    goes_on = (directory / CHECKPOINT).exists()
    model = stored.read(arguments.model) if arguments.model and not goes_on else None
    earlier = arguments.directory / arguments.after if arguments.after and model is None else None
    before = directory if goes_on else earlier
    if before is not None and not (before / CHECKPOINT).exists():
        raise EarshotError(
            f"{before}: this run begins with run '{arguments.after}'; run 'earshot train {arguments.after}' first"
        )
    asked = SIZES[arguments.size or "standard"]
    ear = ear_of(before) if before is not None else model.config if model is not None else asked
    if arguments.size and not goes_on and asked.grows_from(ear):
        ear = asked
    elif arguments.size and ear != asked:
        raise EarshotError(
            f"{before or arguments.model}: this ear is not of size '{arguments.size}'; choose another --run or --after"
        )
    method = stage.method(bank, config, ear)
    trainer = Trainer(method, directory, device=pick_device(arguments.device))
    if goes_on:
        trainer.resume()
    elif model is not None:
        trainer.begin_with_model(model)
    elif earlier is not None:
        trainer.begin_with(earlier)
    trainer.run(seconds=arguments.seconds)
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from engine.encoder import checkpoint, weights
    from engine.encoder.model import EarNetwork
    from engine.training.stages import trained_network

    output = arguments.output or weights.shipped_model()
    networks, clips_seen = [], 0
    for directory in (arguments.directory / run for run in arguments.run):
        trained = trained_network(directory)
        if not isinstance(trained.network, EarNetwork):
            raise EarshotError(f"{directory}: not a run of Earshot's own method")
        networks.append(trained.network)
        clips_seen = max(clips_seen, trained.clips_seen)
    network = checkpoint.mean_of(networks)
    checkpoint.save(output, network, name=arguments.name, facts={"clips_seen": str(clips_seen)})
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB, fingerprint {weights.fingerprint(output)}")
    return 0


def _calibrate(arguments: argparse.Namespace) -> int:
    from engine.encoder import weights
    from engine.training.calibrate import calibrate
    from engine.training.evaluation.held_out import Material
    from engine.training.phrase_bank import PhraseBank

    validation, train = (
        PhraseBank(arguments.directory / "data" / "phrases" / name) for name in ("validation", "train")
    )
    print(calibrate(arguments.model or weights.shipped_model(), Material(validation, train)))
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from engine.training.evaluation import table

    return table.run(
        arguments.directory / "data",
        protocols=arguments.protocol,
        split=arguments.split,
        model=arguments.model,
        runs=[arguments.directory / name for name in arguments.runs],
        output=arguments.output,
    )


def _bench_ear(arguments: argparse.Namespace) -> int:
    from engine.encoder.ear import Ear
    from engine.training.bench import bench_ear

    ear = Ear.load(arguments.model, device=arguments.device)
    print(f"{ear.name} on {ear.device}; ratio to Earshot's windows")
    for name, rate, ratio in bench_ear(ear):
        print(f"{name:<44} {rate:>8.1f}/s {ratio:>7.2f}")
    return 0

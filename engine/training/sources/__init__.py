"""Where instruments come from: each module lists its instruments and renders their notes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from engine.errors import EarshotError
from engine.training.instruments import Instrument, Note

UNSEEN_SOURCES = frozenset({"timgm6mb", "yoshimi", "hydrogen-unseen"})
"""Never trained on: the test of how the ear carries over to material from elsewhere."""

TAUGHT_ONLY = frozenset({"amsynth", "voices", "csound", "opl3", "black-pearl", "red-zeppelin", "freepats"})
"""Trained on, and in no protocol, neither asked about nor a candidate: earlier figures stay comparable."""

PACKAGES = {
    "fluid": ("fluid-soundfont-gm",),
    "musescore": ("musescore-general-soundfont",),
    "timgm6mb": ("timgm6mb-soundfont",),
    "hydrogen": ("hydrogen-drumkits",),
    "hydrogen-unseen": ("hydrogen-drumkits",),
    "sonic-pi": ("sonic-pi-samples",),
    "lmms": ("lmms-common",),
    "zynaddsubfx": ("zynaddsubfx-vst", "zynaddsubfx-data"),
    "yoshimi": ("zynaddsubfx-vst", "zynaddsubfx-data", "yoshimi-data"),
    "amsynth": ("amsynth",),
    "csound": ("csound-soundfont",),
    "opl3": ("opl3-soundfont",),
    "black-pearl": ("avldrums.lv2-soundfont",),
    "red-zeppelin": ("avldrums.lv2-soundfont",),
    "freepats": ("freepats", "timidity"),
    "voices": ("espeak-ng", *(f"asterisk-core-sounds-{language}-g722" for language in ("en", "es", "it", "ru"))),
}
"""The Debian packages that a source plays; procedural instruments need none."""


def require(names: Iterable[str]) -> None:
    """Raise EarshotError where the material of one of the sources, or a display for a plug-in, is not there."""
    from engine.training.sources import amsynth, freepats, samples, soundfont, voices, zynaddsubfx

    plugins = {"zynaddsubfx": zynaddsubfx.PLUGIN, "yoshimi": zynaddsubfx.PLUGIN, "amsynth": amsynth.PLUGIN}
    material = soundfont.SOUNDFONTS | samples.FOLDERS | zynaddsubfx.BANKS
    material |= {"amsynth": amsynth.BANKS, "voices": voices.RECORDED, "hydrogen-unseen": samples.FOLDERS["hydrogen"]}
    material |= {"freepats": freepats.PATCHES}
    players = plugins | {"voices": voices.SPEAKERS, "freepats": freepats.PLAYER}
    names = [name for name in names if name in PACKAGES]
    absent = {
        name: path
        for name in names
        for path in (material[name], players.get(name, material[name]))
        if not path.exists()
    }
    if absent:
        packages = sorted({package for name in absent for package in PACKAGES[name]})
        raise EarshotError(
            f"{next(iter(absent.values()))} is not there; install the Debian packages {' '.join(packages)}, or choose "
            "other sources with --sources"
        )
    if plugins.keys() & set(names) and not os.environ.get("DISPLAY"):
        raise EarshotError("the plug-ins that play notes need a display; put 'xvfb-run' before the command")


def all_instruments(names: Iterable[str], procedural_per_family: int) -> Iterator[tuple[Instrument, list[Note]]]:
    """Render the instruments of the sources in turn; a preset that its synthesizer refuses is skipped."""
    for name in names:
        instruments, render = _source(name, procedural_per_family)
        for instrument in instruments:
            yield instrument, list(render(instrument))


Renderer = Callable[[Instrument], Iterator[Note]]


def _source(name: str, procedural_per_family: int) -> tuple[list[Instrument], Renderer]:
    from engine.training.sources import amsynth, freepats, samples, soundfont, voices, zynaddsubfx

    if name in soundfont.SOUNDFONTS:
        font = soundfont.SoundFont(name)
        return font.instruments(), font.render_notes
    if name == "zynaddsubfx":
        return zynaddsubfx.instruments(name), zynaddsubfx.ZynHost().render_notes
    if name == "amsynth":
        return amsynth.instruments(), amsynth.AmsynthHost().render_notes
    if name == "voices":
        return voices.instruments(), voices.render_notes
    if name == "freepats":
        return freepats.instruments(), freepats.render_notes
    if name == "yoshimi":
        trained = zynaddsubfx.BANKS["zynaddsubfx"]
        return zynaddsubfx.instruments(name, except_from=trained), zynaddsubfx.ZynHost().render_notes
    if name in ("hydrogen", "hydrogen-unseen"):
        kits = sorted(path for path in samples.FOLDERS["hydrogen"].iterdir() if path.is_dir())
        chosen = kits[::2] if name == "hydrogen" else kits[1::2]
        return samples.instruments("hydrogen", chosen), samples.render_notes
    if name in samples.FOLDERS:
        return samples.instruments(name), samples.render_notes
    if name == "procedural":
        from engine.training.sources import procedural

        return procedural.instruments(procedural_per_family), procedural.render_notes
    raise ValueError(f"unknown instrument source {name!r}")

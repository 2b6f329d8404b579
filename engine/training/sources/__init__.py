"""Where instruments come from: each module lists its instruments and renders their notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from engine.training.instruments import Instrument, Note

UNSEEN_SOURCES = frozenset({"timgm6mb", "yoshimi", "hydrogen-unseen"})
"""Never trained on: the test of how the ear carries over to material from elsewhere."""


def all_instruments(names: Iterable[str], procedural_per_family: int) -> Iterator[tuple[Instrument, list[Note]]]:
    """Render the instruments of the sources in turn; a preset that its synthesizer refuses is skipped."""
    for name in names:
        instruments, render = _source(name, procedural_per_family)
        for instrument in instruments:
            yield instrument, list(render(instrument))


Renderer = Callable[[Instrument], Iterator[Note]]


def _source(name: str, procedural_per_family: int) -> tuple[list[Instrument], Renderer]:
    from engine.training.sources import samples, soundfont, zynaddsubfx

    if name in soundfont.SOUNDFONTS:
        font = soundfont.SoundFont(name)
        return font.instruments(), font.render_notes
    if name == "zynaddsubfx":
        return zynaddsubfx.instruments(name), zynaddsubfx.ZynHost().render_notes
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

"""Sounds that are played rather than decoded: presets of SoundFonts, SFZ and plug-ins, folders of sampled notes."""

from engine.audio.suffixes import PRESET_SUFFIXES, PREVIEWED_SUFFIXES
from engine.presets.multisamples import multisamples
from engine.presets.preset import Note, Preset, notes_to_hear
from engine.presets.previews import preview_of
from engine.presets.sounds import audition, hear, play, preset_of, presets_of, without_samples

__all__ = [
    "PRESET_SUFFIXES",
    "PREVIEWED_SUFFIXES",
    "Note",
    "Preset",
    "audition",
    "hear",
    "multisamples",
    "notes_to_hear",
    "play",
    "preset_of",
    "presets_of",
    "preview_of",
    "without_samples",
]

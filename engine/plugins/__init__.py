"""Plug-in instruments as sounds: played once, by a process that they may take with them, and kept as note samples.

Nothing here looks for plug-ins: an instrument is played where the producer points at one. Each of its programs becomes
an SFZ with a few notes beside it, in a folder of the library that is scanned like any other.
"""

from engine.plugins.instruments import Added, add_instrument, instruments_dir

__all__ = ["Added", "add_instrument", "instruments_dir"]

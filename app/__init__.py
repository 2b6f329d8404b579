"""Earshot's window. Holds no signal processing and no SQL: those are the engine's."""

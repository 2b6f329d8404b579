"""Earshot's engine: everything that would still exist without a window. Never imports Qt or `app`."""

__version__ = "0.1.0"

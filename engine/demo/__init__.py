"""A library and a song of our own: something to hear and to check on every machine, with the truth known."""

from engine.demo.files import DemoFiles, ensure_demo
from engine.demo.run import DemoResult, run_demo

__all__ = ["DemoFiles", "DemoResult", "ensure_demo", "run_demo"]

"""Stands in for Numba where Earshot is packaged without it.

librosa has functions that Numba compiles, and that compiler would make up a quarter of the package; but Earshot calls
none of them: chroma and the mel scale are plain NumPy. Here are the decorators, and what they decorate stays Python.
"""

from __future__ import annotations

from typing import Any


def jit(*arguments: Any, **options: Any) -> Any:
    """As a decorator with or without arguments: the function as it is."""
    if len(arguments) == 1 and callable(arguments[0]) and not options:
        return arguments[0]
    return lambda function: function


njit = vectorize = guvectorize = stencil = jit
prange = range

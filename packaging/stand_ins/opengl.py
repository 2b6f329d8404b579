"""Stands in for Qt's OpenGL where Earshot is packaged without it; runs before the program.

pyqtgraph imports it for what is drawn on a graphics card, which Earshot asks of it nowhere. The bindings alone would be
nine megabytes of the package.
"""

import sys
from types import ModuleType

for name in ("QtOpenGL", "QtOpenGLWidgets"):
    sys.modules[f"PySide6.{name}"] = ModuleType(f"PySide6.{name}")
sys.modules["PySide6.QtOpenGLWidgets"].QOpenGLWidget = type("QOpenGLWidget", (), {})  # type: ignore[attr-defined]

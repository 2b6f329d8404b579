"""What is not packaged: modules nobody calls, and files which come along with those that are called."""

from __future__ import annotations

import re
from pathlib import Path

MODULES = (
    "engine.training",
    "engine.encoder.export",
    "onnx",
    "dawdreamer",
    "pythonosc",
    "llvmlite",
    "sklearn",
    "requests",
    "qdrant_client",
    "grpc",
    "pydantic",
    "mypy",
    "matplotlib",
    "PIL",
    "pandas",
    "IPython",
    "jinja2",
    "tkinter",
    "pydoc_data",
    "pytest",
    "PySide6.QtTest",
    "PySide6.QtOpenGL",
    "PySide6.QtOpenGLWidgets",
    "hypothesis",
    "setuptools",
    "pip",
    "OpenGL",
    "h5py",
    "cupy",
    "cuda",
)
"""Of training, of tests, of an index past one machine, and what others would use if it were there."""

TORCH = ("torch", "torchaudio", "triton", "nvidia", "engine.encoder.torch_network", "engine.encoder.checkpoint")
"""What the flavour without PyTorch leaves out beyond that."""

_FILES = re.compile(
    r"""
    PySide6/Qt/translations/                     # the window speaks English
    | PySide6/(Qt/)?plugins/(?!platforms/|imageformats/|iconengines/|platformthemes/|styles/|xcbglintegrations/
        |wayland)                                # databases, printers, virtual keyboards, the network
    | platformthemes/.*qgtk3                     # dialogues are asked for by the desktop's portal, without GTK
    | (^|/)lib(gtk-3|gdk-3|gdk_pixbuf-2|atk-1|atk-bridge-2|atspi|cairo|cairo-gobject|pango\w*-1|epoxy|pixman-1|thai
        |datrie|fribidi|graphite2|harfbuzz)\b.*\.so  # what GTK brought
    | PySide6/(Qt/)?plugins/imageformats/.*q(gif|icns|ico|jpeg|pdf|tga|tiff|wbmp|webp)\.
    | PySide6/(Qt/)?plugins/platforms/.*q(eglfs|linuxfb|minimalegl|vkkhrdisplay|vnc)
    | (^|/)(lib)?Qt6?(Qml|Quick|Pdf|VirtualKeyboard|Network|Sql|PrintSupport|Test|EglF|EGLF|Help|Designer)
    | opengl32sw                                 # a renderer in software, for a window that draws without OpenGL
    | (^|/)tests?/
    | \.(pyi|pxd|pyx|h|hpp|a|lib|cmake)$
    """,
    re.VERBOSE,
)


def wanted(name: str) -> bool:
    """Whether a file goes into the package, by its place in it."""
    name = name.replace("\\", "/")
    # librosa reads its own type stubs to know what to import when.
    return (name.startswith("librosa/") and name.endswith(".pyi")) or not _FILES.search(name)


def own_modules(root: Path, *, with_torch: bool) -> list[str]:
    """Every module of the engine and the window but those that are left out."""
    left_out = ("engine.training", "engine.encoder.export", *(() if with_torch else TORCH))
    found = (
        ".".join(path.relative_to(root).with_suffix("").parts)
        for room in ("app", "engine")
        for path in (root / room).rglob("*.py")
    )
    names = (name.removesuffix(".__init__") for name in found)
    needs_torch = {"engine.encoder." + name for name in ("attention", "backbone", "device", "heads", "mel", "model")}
    return [
        name
        for name in names
        if not any(name == out or name.startswith(f"{out}.") for out in left_out)
        and not name.endswith("__main__")
        and (with_torch or name not in needs_torch)
    ]

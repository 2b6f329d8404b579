"""The program's icon in every size and form that a desktop asks for, drawn from its one SVG."""

from __future__ import annotations

import struct
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
_ICNS_TYPES = {16: b"icp4", 32: b"icp5", 64: b"icp6", 128: b"ic07", 256: b"ic08", 512: b"ic09"}


def write(svg: Path, folder: Path) -> None:
    """Write earshot-SIZE.png, earshot.ico for Windows and earshot.icns for macOS."""
    renderer = QSvgRenderer(str(svg))
    if not renderer.isValid():
        raise ValueError(f"{svg}: not a picture")
    pictures = {size: _png(renderer, size) for size in SIZES}
    for size, content in pictures.items():
        (folder / f"earshot-{size}.png").write_bytes(content)
    (folder / "earshot.ico").write_bytes(_ico({size: content for size, content in pictures.items() if size <= 256}))
    (folder / "earshot.icns").write_bytes(_icns(pictures))


def _png(renderer: QSvgRenderer, size: int) -> bytes:
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(content.data())


def _ico(pictures: dict[int, bytes]) -> bytes:
    """A header, an entry of 16 bytes per picture, the pictures; 256 is written as 0."""
    place = 6 + 16 * len(pictures)
    entries = b""
    for size, content in pictures.items():
        entries += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(content), place)
        place += len(content)
    return struct.pack("<HHH", 0, 1, len(pictures)) + entries + b"".join(pictures.values())


def _icns(pictures: dict[int, bytes]) -> bytes:
    """Pictures behind a type of four letters and their length, which counts both."""
    body = b"".join(
        kind + struct.pack(">I", len(pictures[size]) + 8) + pictures[size] for size, kind in _ICNS_TYPES.items()
    )
    return b"icns" + struct.pack(">I", len(body) + 8) + body

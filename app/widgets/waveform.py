"""A waveform as columns: peaks behind, loudness before."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter


def paint_waveform(
    painter: QPainter,
    rect: QRectF,
    peaks: np.ndarray,
    peak_colour: QColor,
    rms_colour: QColor,
    *,
    played: tuple[float, QColor] | None = None,
) -> None:
    """Draw `peaks` (float32 [bins, 3]: min, max, rms, full scale 1) into `rect`, one column per pixel.

    The loudest bin fills the height: a quiet sound shows its shape too.
    played : share 0..1 drawn in another colour.
    """
    columns = max(1, int(rect.width()))
    bins = len(peaks)
    if bins == 0:
        return
    first = np.arange(columns) * bins // columns
    last = np.maximum((np.arange(columns) + 1) * bins // columns, first + 1)
    pairs = np.stack((first, np.minimum(last, bins)), axis=1).ravel()
    padded = np.concatenate((peaks, peaks[-1:]))
    low = np.minimum.reduceat(padded[:, 0], pairs)[::2]
    high = np.maximum.reduceat(padded[:, 1], pairs)[::2]
    rms = np.maximum.reduceat(padded[:, 2], pairs)[::2]
    scale = max(float(np.abs(peaks[:, :2]).max()), 1e-6)
    middle, half = rect.center().y(), rect.height() / 2
    border = played[0] * columns if played else -1.0
    for column in range(columns):
        x = rect.left() + column
        is_played = played is not None and column < border
        top = middle - high[column] / scale * half
        bottom = middle - low[column] / scale * half
        height = max(1.0, bottom - top)
        painter.fillRect(QRectF(x, top, 1, height), played[1] if played and is_played else peak_colour)
        loud = rms[column] / scale * half
        if loud > 0.5:
            painter.fillRect(QRectF(x, middle - loud, 1, 2 * loud), played[1] if played and is_played else rms_colour)

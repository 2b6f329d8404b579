"""Labels in the roles of the type scale, and the dividers between panels."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme


def _line(role: str) -> int:
    height: int = theme.tokens()["type"]["scale"]["small" if role == "heading" else role]["line"]
    return height


class Label(QWidget):
    """One line of text, cut with an ellipsis where room is short; the colour is a name of `Theme`.

    Parameters
    ----------
    elide : give way to a narrower window; otherwise the label keeps its full width.
    """

    def __init__(
        self,
        text: str = "",
        *,
        role: str = "body",
        colour: str = "text",
        elide: bool = False,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._text, self._role, self._colour, self._align = text, role, colour, align
        self.setFont(theme.font(role))
        horizontal = QSizePolicy.Policy.Preferred if elide else QSizePolicy.Policy.Fixed
        self._elide = elide
        self.setSizePolicy(horizontal, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)

    def text(self) -> str:
        return self._text

    def setText(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.setToolTip("")
            self.updateGeometry()
            self.update()

    def set_colour(self, colour: str) -> None:
        if colour != self._colour:
            self._colour = colour
            self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        margin = self.contentsMargins().left()
        return QSize(margin + metrics.horizontalAdvance(self._text) + 1, _line(self._role))

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(hint.width(), 24), hint.height()) if self._elide else hint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(self._role))
        look = theme.current()
        painter.setPen(getattr(look, self._colour) if self.isEnabled() else look.disabled)
        room = self.contentsRect()
        text = painter.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, self._align | Qt.AlignmentFlag.AlignVCenter, text)


class Paragraph(QWidget):
    """Words that wrap."""

    def __init__(
        self, text: str = "", *, role: str = "body", colour: str = "quiet", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._text, self._role, self._colour = text, role, colour
        self._heights: dict[int, int] = {}
        """By width: layouts ask for the same ones hundreds of times."""
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setFont(theme.font(role))
        self.setAccessibleName(text)

    def text(self) -> str:
        return self._text

    def setText(self, text: str) -> None:
        self._text = text
        self._heights.clear()
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def heightForWidth(self, width: int) -> int:
        flags, margins = Qt.TextFlag.TextWordWrap.value, self.contentsMargins()
        room = max(1, width - margins.left() - margins.right())
        if room not in self._heights:
            self._heights[room] = self.fontMetrics().boundingRect(0, 0, room, 10_000, flags, self._text).height()
        return self._heights[room]

    def hasHeightForWidth(self) -> bool:
        return True

    def sizeHint(self) -> QSize:
        margins = self.contentsMargins()
        least = 160 + margins.left() + margins.right()
        return QSize(least, self.heightForWidth(max(least, self.width())))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(self._role))
        painter.setPen(getattr(theme.current(), self._colour))
        flags = Qt.TextFlag.TextWordWrap.value | Qt.AlignmentFlag.AlignLeft.value
        painter.drawText(self.contentsRect(), flags, self._text)


class Line(QWidget):
    """A divider of one pixel: horizontal unless told otherwise; the colour is a name of `Theme`."""

    def __init__(self, *, vertical: bool = False, colour: str = "divider", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = colour
        if vertical:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), getattr(theme.current(), self._colour))


class ProgressLine(QWidget):
    """A thin bar of progress; without a known end it stays empty, for the figures beside it say how far."""

    def __init__(self, thickness: int = 4, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.share = 0.0
        self.setFixedHeight(thickness)

    def set_share(self, share: float) -> None:
        self.share = min(1.0, max(0.0, share))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        radius = self.height() / 2
        painter.setBrush(look.divider)
        painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
        if self.share > 0:
            painter.setBrush(look.accent)
            painter.drawRoundedRect(
                QRectF(0, 0, max(self.height(), self.width() * self.share), self.height()), radius, radius
            )

"""The filters of the library that are chosen rather than typed."""

from __future__ import annotations

from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app import text
from app.controllers.matching import MatchController
from app.widgets.fields import Choice, Field
from app.widgets.labels import Label
from engine.notes import NOTE_NAMES
from engine.ratings import HIGHEST_RATING


class FilterFields(QWidget):
    """Pitch, tempo and rating."""

    def __init__(self, matching: MatchController) -> None:
        super().__init__()
        self._matching = matching
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 0, 16, 0)
        layout.setSpacing(4)
        self.note = Choice()
        self.note.addItems(["Any", *NOTE_NAMES])
        self.note.setAccessibleName("Pitch")
        self.bpm_from, self.bpm_to = Field(), Field()
        for field, words in ((self.bpm_from, "from"), (self.bpm_to, "to")):
            field.setPlaceholderText(words)
            field.setAccessibleName(f"BPM {words}")
            field.setValidator(QDoubleValidator(0.0, 999.0, 1, field))
            field.textChanged.connect(self._tempo_changed)
            field.ended.connect(field.clearFocus)  # the keys of the window work again
            field.setMinimumWidth(40)
        self.rating = Choice()
        least = [f"{text.stars(number)} or more" for number in range(1, HIGHEST_RATING)]
        self.rating.addItems(["Any", *least, text.stars(HIGHEST_RATING)])
        self.rating.setAccessibleName("Rating")
        self.rating.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.rating.setMinimumContentsLength(4)
        first, second, third = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row, words in ((first, "Pitch"), (second, "BPM"), (third, "Rating")):
            label = Label(words, colour="quiet")
            label.setFixedWidth(48)
            row.setSpacing(8)
            row.addWidget(label)
        first.addWidget(self.note, 1)
        second.addWidget(self.bpm_from, 1)
        second.addWidget(Label(text.NONE, colour="quiet"))
        second.addWidget(self.bpm_to, 1)
        layout.addLayout(first)
        third.addWidget(self.rating, 1)
        layout.addLayout(second)
        layout.addLayout(third)
        self.note.currentIndexChanged.connect(
            lambda number: matching.set_filters(note=None if number <= 0 else number - 1)
        )
        self.rating.currentIndexChanged.connect(lambda number: matching.set_filters(rating_from=max(0, number)))
        matching.filters_changed.connect(self._follow)

    def _follow(self) -> None:
        """Show filters that were changed elsewhere."""
        filters = self._matching.filters
        self.note.setCurrentIndex(0 if filters.note is None else filters.note + 1)
        self.rating.setCurrentIndex(filters.rating_from)
        for field, value in ((self.bpm_from, filters.bpm_from), (self.bpm_to, filters.bpm_to)):
            if value is None and _number(field.text()) is not None:
                field.clear()

    def _tempo_changed(self, _: str) -> None:
        self._matching.set_filters(bpm_from=_number(self.bpm_from.text()), bpm_to=_number(self.bpm_to.text()))


def _number(words: str) -> float | None:
    try:
        return float(words.replace(",", "."))
    except ValueError:
        return None

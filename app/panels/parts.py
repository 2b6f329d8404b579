"""The parts under the slots: one click ranks loops and songs by the drums of the reference, or its bass, or both."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app import text
from app.controllers.parts import HEAVIEST, PartChoice
from app.density import Density
from app.widgets.buttons import Switch
from app.widgets.fields import LevelSlider
from app.widgets.labels import Label, Line
from engine.families import PARTS, PARTS_WELL_TOLD

SLIDER_WIDTH, SMALL_SLIDER_WIDTH = 56, 40
ROUGH = "Works best on loops that play little else; full mixes come in a rough order."


class _Part(QWidget):
    """A part's switch, and how much it counts while others count too."""

    def __init__(self, part: str, choice: PartChoice) -> None:
        super().__init__()
        self._part, self._choice = part, choice
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        self.switch = Switch(part.capitalize())
        self.slider = LevelSlider()
        self.slider.setRange(1, HEAVIEST)
        self.slider.setAccessibleName(f"Weight of {part}")
        self.share = Label("", colour="secondary")
        for widget in (self.switch, self.slider, self.share):
            box.addWidget(widget)
        self.switch.clicked.connect(partial(choice.toggle, part))
        self.slider.valueChanged.connect(partial(choice.set_weight, part))

    def refresh(self, *, figures: bool) -> None:
        choice, part = self._choice, self._part
        chosen, sounds = part in choice.weights, part in choice.heard
        weighed = chosen and len(choice.weights) > 1
        self.switch.setEnabled(sounds)
        self.switch.setChecked(chosen)
        self.switch.setAccessibleName(
            f"Rank by {part}" if sounds else f"Rank by {part}: none made out in the reference"
        )
        self.switch.setToolTip(_explained(part) if sounds else f"No {part} made out in the reference.")
        self.slider.setVisible(weighed)
        self.share.setVisible(weighed and figures)
        if weighed:
            share = text.percent(choice.share(part))
            self.slider.setValue(choice.weights[part])
            self.slider.setAccessibleName(f"Weight of {part}: {share}")
            self.slider.setToolTip(f"Weight of {part}: {share}")
            self.share.setText(share)


class PartsPanel(QWidget):
    """Stands between slots and matches, as another way to ask."""

    def __init__(self, choice: PartChoice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choice = choice
        self._figures = True
        self._hearing = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._spine = QWidget()
        heading = QHBoxLayout(self._spine)
        heading.setContentsMargins(16, 0, 16, 0)
        heading.setSpacing(8)
        heading.addWidget(Label("Parts", role="strong"))
        self.hint = Label("", colour="quiet", elide=True)
        heading.addWidget(self.hint, 1)
        row.addWidget(self._spine)
        row.addWidget(Line(vertical=True))
        row.addSpacing(12)  # the lamp of a switch is 4 px inside it
        self.parts = {part: _Part(part, choice) for part in PARTS}
        for widget in self.parts.values():
            row.addWidget(widget)
            row.addSpacing(16)
        row.addStretch(1)
        choice.changed.connect(self.refresh)
        self.refresh()

    def set_density(self, density: Density) -> None:
        self._spine.setFixedWidth(density.spine - 1)
        self.setFixedHeight(density.lane + 4)
        self._figures = not density.small
        for widget in self.parts.values():
            widget.slider.setFixedWidth(SMALL_SLIDER_WIDTH if density.small else SLIDER_WIDTH)
        self.refresh()

    def set_hearing(self, hearing: bool) -> None:
        """Whether more of the reference is still to be heard."""
        if hearing != self._hearing:
            self._hearing = hearing
            self.refresh()

    def refresh(self) -> None:
        """Show what is heard and chosen."""
        heard, chosen = len(self._choice.heard), len(self._choice.weights)
        known = f"{heard} so far" if self._hearing else f"{heard} made out"
        nothing = "" if self._hearing else "none made out"
        self.hint.setText(f"{chosen} chosen" if chosen else known if heard else nothing)
        for widget in self.parts.values():
            widget.refresh(figures=self._figures)


_ALIKE = {
    "drums": "their drums sound like these",
    "bass": "their bass sounds like this one",
    "keys": "their keys sound like these",
    "guitar": "their guitar sounds like this one",
    "other": "what else they play sounds like this: strings, winds, leads, pads, voices",
}


def _explained(part: str) -> str:
    rough = "" if part in PARTS_WELL_TOLD else f"\n{ROUGH}"
    return f"Ranks loops and songs by how much {_ALIKE[part]}.{rough}"

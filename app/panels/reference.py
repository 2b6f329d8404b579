"""The reference's sound: overview, spectrogram, ruler and lanes over one time axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from app import text, theme
from app.controllers.reference import ReferenceController
from app.density import Density
from app.models.slots import SlotsModel
from app.models.timeline import Timeline
from app.panels.invitation import Invitation
from app.widgets.buttons import Button, IconButton
from app.widgets.labels import Label, Line
from app.widgets.lanes import Lanes
from app.widgets.overview import Overview
from app.widgets.ruler import Ruler
from app.widgets.spectrogram import Spectrogram

if TYPE_CHECKING:
    from app.models.sonogram import Look
    from engine.jobs import Progress


class HearingStrip(QWidget):
    """The row beneath the lanes while the song is being heard."""

    def __init__(self, reference: ReferenceController, timeline: Timeline, parent: QWidget) -> None:
        super().__init__(parent)
        self._reference, self._timeline = reference, timeline
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 0, 16, 0)
        layout.setSpacing(16)
        self.where = Label("")
        self.rate = Label("", colour="quiet")
        self.left = Label("", colour="quiet")
        self.pause = IconButton("pause", "Pause hearing", size=22, icon_size=14)
        self.cancel = IconButton("close", "Stop hearing", size=22, icon_size=14)
        for label in (self.where, self.rate, self.left):
            layout.addWidget(label)
        buttons = QHBoxLayout()
        buttons.setSpacing(2)
        buttons.addWidget(self.pause)
        buttons.addWidget(self.cancel)
        layout.addLayout(buttons)
        layout.addStretch(1)
        self.pause.clicked.connect(self._toggle_pause)
        self.cancel.clicked.connect(reference.cancel_hearing)
        self.front = 0
        self._progress: Progress | None = None
        self.hide()

    def show_progress(self, progress: Progress) -> None:
        """What is known of the analysis."""
        if progress.total is None:
            self.where.setText("Waking the ear…")
            self.rate.setText("")
            self.left.setText("")
        else:
            # Progress is thinned out; what was heard is drawn already and may be further.
            hearing = self._reference.hearing
            done = max(progress.done, hearing.heard_seconds if hearing is not None else 0.0)
            self.where.setText(f"{text.clock(done, 0)} of {text.clock(progress.total, 0)}")
            self.rate.setText(f"{progress.rate:.1f} × real time" if progress.rate else "")
            left = progress.seconds_left
            self.left.setText(f"{text.duration_left(left)} left" if left is not None else "")
        for label in (self.rate, self.left):
            label.setVisible(bool(label.text()))
        self._progress = progress
        self._show_pause()

    def refresh(self) -> None:
        """More was heard."""
        if self._progress is not None:
            self.show_progress(self._progress)

    def _toggle_pause(self) -> None:
        job = self._reference.hearing_job
        if job is not None:
            job.toggle_pause()
        self._show_pause()

    def _show_pause(self) -> None:
        job = self._reference.hearing_job
        paused = job is not None and job.paused
        if paused:
            self.rate.setText("paused")
            self.rate.show()
            self.left.hide()
        self.pause.set_icon("play" if paused else "pause", "Go on hearing" if paused else "Pause hearing")

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.window)
        painter.fillRect(QRect(0, 0, self.front, 2), look.accent)
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), look.divider)


class ReferencePanel(QWidget):
    """The right of the spine, above the matches."""

    row_pressed = Signal(int)

    def __init__(
        self,
        reference: ReferenceController,
        timeline: Timeline,
        slots: SlotsModel,
        open_button: Button,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._reference, self._timeline, self._slots = reference, timeline, slots
        self.invitation = Invitation(
            "music", "Drop a song here", "Earshot hears the instruments in it.", open_button, canvas=True
        )
        self._plot = QWidget()
        self.overview = Overview(timeline)
        self.spectrogram = Spectrogram(timeline)
        self.ruler = Ruler(timeline)
        self.lanes = Lanes(timeline, slots)
        layout = QVBoxLayout(self._plot)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget in (self.overview, Line(), self.spectrogram, Line(), self.ruler, Line(), self.lanes):
            layout.addWidget(widget)
        self.strip = HearingStrip(reference, timeline, self.lanes)
        self.message = Label("", colour="secondary", parent=self.lanes)
        self.message.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.message.hide()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.invitation)
        self._stack.addWidget(self._plot)
        self._shown: QWidget = self.invitation
        self._before_it: QWidget | None = None
        self.lanes.row_pressed.connect(self.row_pressed)
        reference.opened.connect(self._opened)
        reference.look_changed.connect(self._draw)
        reference.heard.connect(lambda _: self._place_strip())
        reference.progress_changed.connect(self._progress)
        reference.failed.connect(self._failed)
        timeline.view_changed.connect(self._place_strip)
        for signal in (slots.rowsInserted, slots.rowsRemoved, slots.modelReset):
            signal.connect(self._place_strip)

    def set_density(self, density: Density) -> None:
        self.overview.setFixedHeight(density.overview)
        self.spectrogram.setFixedHeight(density.spectrogram)
        self.ruler.setFixedHeight(theme.tokens()["size"]["ruler"] - 2)
        self.lanes.setFixedHeight(density.lane * density.lanes)
        self.lanes.set_sizes(density.lane, density.lane_bar)
        self._place_strip()

    @property
    def empty(self) -> bool:
        """Whether there is no reference to be seen, even where something else stands before it."""
        return self._shown is self.invitation

    def put_before(self, page: QWidget, on: bool) -> None:
        """Let something else stand before the reference, or take it away."""
        if page not in (self._stack.widget(number) for number in range(self._stack.count())):
            self._stack.addWidget(page)
        self._before_it = page if on else None
        self._show(self._shown)

    def _show(self, widget: QWidget) -> None:
        self._shown = widget
        self._stack.setCurrentWidget(self._before_it or widget)

    @property
    def hearing(self) -> bool:
        """Whether the row of the analysis is shown."""
        return not self.strip.isHidden()

    def begin_region(self) -> None:
        """Let the region begin at the playhead."""
        self._timeline.begin_region(self._playhead_on_beat)

    def end_region(self) -> None:
        """Let the region end at the playhead."""
        self._timeline.end_region(self._playhead_on_beat)

    @property
    def _playhead_on_beat(self) -> float:
        """The time in seconds that an edge dragged to the playhead would have."""
        return self._timeline.snapped(self._timeline.playhead or 0.0, self.spectrogram.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_strip()

    def _opened(self) -> None:
        self.overview.set_peaks(None)
        self.spectrogram.set_picture(None)
        self.lanes.set_heard(0.0)
        self.message.hide()
        self.strip.hide()
        if self._reference.path is None:
            self.invitation.say("Drop a song here", "Earshot hears the instruments in it.", icon="music")
            self._show(self.invitation)
        else:
            self._show(self._plot)

    def _draw(self, look: Look) -> None:
        self.overview.set_peaks(look.peaks)
        if look.picture is not None:
            self.spectrogram.set_picture(look.picture)

    def _progress(self, progress: Progress | None) -> None:
        hearing = self._reference.hearing
        if progress is None:
            self.strip.hide()
            done = hearing is not None and hearing.done
            self.lanes.set_heard(None if done else hearing.heard_seconds if hearing else 0.0)
            if done and not self._slots.rowCount():
                self._say("Nothing but silence was heard. Is it the right file, or the right region?")
            elif not done and self._reference.failure is None and self._reference.path is not None:
                self._say("Hearing was stopped." if not self._slots.rowCount() else "")
            return
        self.message.hide()
        self.lanes.set_heard(hearing.heard_seconds if hearing else 0.0)
        self.strip.show_progress(progress)
        self.strip.show()
        self._place_strip()

    def _say(self, words: str) -> None:
        self.message.setText(words)
        self.message.setVisible(bool(words))
        self.message.setGeometry(16, self._rows * self.lanes.lane, self.lanes.width() - 32, self.lanes.lane)

    @property
    def _rows(self) -> int:
        """The lanes above what stands beneath the slots, for which there is always room."""
        return max(0, min(self._slots.rowCount(), self.lanes.height() // max(1, self.lanes.lane) - 1))

    def _place_strip(self) -> None:
        hearing = self._reference.hearing
        heard = hearing.heard_seconds if hearing else 0.0
        front = self._timeline.x(heard, self.lanes.width()) if hearing else 0.0
        self.strip.front = round(min(max(0.0, front), self.lanes.width()))
        lane = self.lanes.lane
        self.strip.setGeometry(0, self._rows * lane - 1, self.lanes.width(), lane + 1)
        self.strip.update()
        if hearing is not None and not hearing.done:
            self.lanes.set_heard(heard)
            self.strip.refresh()

    def _failed(self, reason: str) -> None:
        self.strip.hide()
        if self._reference.failure is not None:
            name = self._reference.path.name if self._reference.path is not None else "This file"
            self.invitation.say(f"{name} could not be opened", reason, icon="warning", danger=True)
            self._show(self.invitation)
        else:
            self.lanes.set_heard(0.0)
            self._say(reason)

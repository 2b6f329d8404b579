"""What was measured in a sound, in words of its own: whoever reads facts needs nothing of what measures them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """Measured facts of one sound.

    Attributes
    ----------
    peak_db : sample peak in dB of full scale; -120 for silence.
    loudness_lufs : integrated loudness; None for silence.
    kind : 'one-shot', 'loop' or 'long' (more than 30 s); that of a preset, 'preset', is entered by who plays it.
    pitch_hz : the steady pitch of a one-shot; None where it has none (most drums, chords, noise).
    pitch_confidence : 0 to 1, how periodic and how steady; also where `pitch_hz` is None.
    tempo_bpm : of a loop, and of something long that tells one; None for everything else.
    key : of a loop or something long, such as 'A minor'; of a one-shot where the file tells it. None where none fits.
    loop_seconds : start and end of the stretch that a sampler repeats, where the file tells one.
    declared : which of 'kind', 'pitch', 'tempo' and 'key' the file tells itself; the others were measured.
    brightness_hz : centre of gravity of the power spectrum; None for silence.
    attack_seconds : of a one-shot, from a tenth of its greatest level to nine tenths of it; None for everything else.
    """

    duration_seconds: float
    rate: int
    channels: int
    peak_db: float
    loudness_lufs: float | None
    kind: str
    pitch_hz: float | None
    pitch_confidence: float
    tempo_bpm: float | None
    key: str | None = None
    loop_seconds: tuple[float, float] | None = None
    declared: tuple[str, ...] = ()
    brightness_hz: float | None = None
    attack_seconds: float | None = None

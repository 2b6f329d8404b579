"""Log-mel: the one feature that training and listening share."""

from __future__ import annotations

import torch
import torchaudio
from torch import Tensor, nn

from engine.encoder.config import EarConfig

CACHED_SAMPLES = 2**18
"""Samples whose spectra a processor's cache holds; larger batches go through it in pieces."""


class LogMel(nn.Module):
    """Waveform [batch, samples] -> log-mel [batch, frames, bands], frames padded up to a whole number of cells.

    Levels are relative to the loudest cell of each clip, so the ear does not hear how loud a file was saved:
    0 dB maps to 1, `floor_db` to -1. A silent clip is -1 throughout.
    """

    def __init__(self, config: EarConfig) -> None:
        super().__init__()
        self._config = config
        self.mel = torchaudio.transforms.MelSpectrogram(
            config.rate,
            n_fft=config.fft_size,
            hop_length=config.hop,
            f_min=config.low_hz,
            f_max=config.high_hz,
            n_mels=config.bands,
            center=True,
            pad_mode="constant",
        )

    @torch.no_grad()
    def power(self, waveform: Tensor) -> Tensor:
        """Mel power [batch, frames, bands]; one frame per hop, padded with silence to whole cells."""
        frames = max(1, waveform.shape[-1] // self._config.hop)
        on_processor = waveform.device.type == "cpu"
        at_once = max(1, CACHED_SAMPLES // waveform.shape[-1]) if on_processor else len(waveform)
        power = torch.cat([self._mel_power(clips) for clips in waveform.split(at_once)])[:, :frames]
        short = -frames % self._config.cell_frames
        return nn.functional.pad(power, (0, 0, 0, short))

    def _mel_power(self, waveform: Tensor) -> Tensor:
        """What `self.mel` answers, [batch, frames, bands], in a quarter of its time: real and imaginary parts are
        squared as they are, where torchaudio takes the magnitude first."""
        spectrum = torch.stft(
            waveform,
            self._config.fft_size,
            self._config.hop,
            window=self.mel.spectrogram.window,
            pad_mode="constant",
            return_complex=True,
        )
        power = spectrum.real.square() + spectrum.imag.square()
        return power.transpose(1, 2) @ self.mel.mel_scale.fb

    def of_spectra(self, power: Tensor) -> Tensor:
        """The ear's input from power spectra [batch, frames, bins], padded to whole cells already."""
        return self.normalise(power @ self.mel.mel_scale.fb)

    def normalise(self, power: Tensor) -> Tensor:
        """Mel power -> the ear's input, -1..1."""
        level = 10 * torch.log10(power.clamp_min(1e-12))
        loudest = level.amax(dim=(1, 2), keepdim=True).clamp_min(-90.0)
        floor = self._config.floor_db
        return (level - loudest).clamp_min(floor) / (-floor / 2) + 1

    def forward(self, waveform: Tensor) -> Tensor:
        return self.normalise(self.power(waveform))

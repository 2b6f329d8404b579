"""Log-mel and attention, against the libraries that they are faster than."""

import pytest
import torch

from engine.encoder.attention import attend
from engine.encoder.config import EarConfig
from engine.encoder.mel import CACHED_SAMPLES, LogMel


@pytest.mark.parametrize("samples", [640, 100_000, CACHED_SAMPLES + 1])
def test_mel_power_is_that_of_torchaudio(samples: int) -> None:
    mel = LogMel(EarConfig())
    waveform = torch.randn((5, samples), generator=torch.Generator().manual_seed(0))
    expected = mel.mel(waveform)[..., : samples // 640].transpose(1, 2)
    found = mel.power(waveform)
    assert found.shape[1] % EarConfig().cell_frames == 0
    torch.testing.assert_close(found[:, : expected.shape[1]], expected, rtol=1e-4, atol=1e-4)
    assert (found[:, expected.shape[1] :] == 0).all()


@pytest.mark.parametrize("masked", [False, True])
def test_attention_is_the_same_with_and_without_gradients(masked: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    query = torch.randn((2, 3, 4, 8), generator=generator)
    key, value = torch.randn((2, 2, 3, 5, 8), generator=generator)
    heard = torch.tensor([[True, True, False, True, True], [False, True, True, True, False]]) if masked else None
    taught = attend(query, key, value, heard)
    with torch.no_grad():
        torch.testing.assert_close(attend(query, key, value, heard), taught)
    assert taught.shape == (2, 4, 24)

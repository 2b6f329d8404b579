"""A sound over a bed: both go on, pause and come back together."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio.decode import Audio
from engine.audition.player import Player
from engine.audition.wish import Bed
from tests.unit.audition.player.stand_in import RATE, StandIn, tone, until


def test_a_sound_is_tried_over_a_bed_that_goes_on(a_player: Player) -> None:
    bed = Bed(tone(1.0, 0.25), gain_db=-6.0, loop=True)
    below = 0.25 * 10 ** (-6 / 20)
    a_player.play(tone(0.3, 0.1), bed=bed)
    device = StandIn.opened[0]
    np.testing.assert_allclose(device.block(0.2), below + 0.1, rtol=1e-5)
    a_player.play(tone(0.5, 0.2), bed=bed)
    assert a_player.bed_position_seconds == pytest.approx(0.2)
    heard = device.block(0.8)
    np.testing.assert_allclose(heard[480:20000], below + 0.2, rtol=1e-5)
    np.testing.assert_allclose(heard[-480:], below, rtol=1e-5)
    assert a_player.playing
    a_player.play(tone(0.5, 0.2))
    np.testing.assert_allclose(device.block(0.1)[480:], 0.2, rtol=1e-5)
    assert a_player.bed_position_seconds is None


def ramp(seconds: float, until: float = 0.5) -> Audio:
    """Rises from 0, so that each sample says where it is from."""
    return Audio(samples=np.linspace(0, until, round(seconds * RATE), dtype=np.float32)[None], rate=RATE)


def give_back_paused(a_player: Player) -> None:
    a_player.pause()
    StandIn.opened[-1].block(0.1)
    until(lambda: StandIn.opened[-1].closed)


@pytest.mark.parametrize("long", [False, True], ids=["at once", "after the device was given back"])
def test_a_pause_after_the_sound_has_ended_holds_its_bed(a_player: Player, long: bool) -> None:
    bed = Bed(ramp(2.0), loop=True)
    a_player.play(tone(0.1, 0.2), bed=bed)
    StandIn.opened[0].block(0.5)
    assert a_player.position_seconds is None
    if long:
        give_back_paused(a_player)
    else:
        a_player.pause()
        StandIn.opened[0].block(0.1)
    assert not a_player.playing
    assert a_player.can_go_on
    assert a_player.position_seconds is None, "the sound stays over"
    a_player.resume()
    assert a_player.playing
    np.testing.assert_allclose(StandIn.opened[-1].block(0.1)[-1], 0.15, atol=1e-3)
    a_player.stop()
    assert not a_player.can_go_on


def test_a_long_pause_resumes_the_bed_where_it_was(a_player: Player) -> None:
    bed = Bed(ramp(2.0))
    a_player.play(tone(5.0, 0.25), bed=bed, start=1.0)
    StandIn.opened[0].block(0.5)
    give_back_paused(a_player)
    a_player.resume()
    np.testing.assert_allclose(StandIn.opened[1].block(0.1)[-1], 0.25 + 0.15, atol=1e-3)
    StandIn.opened[1].block(1.5)
    give_back_paused(a_player)
    a_player.resume()
    np.testing.assert_allclose(StandIn.opened[2].block(0.1)[-1], 0.25, atol=1e-3, err_msg="the bed had ended")
    give_back_paused(a_player)
    a_player.seek(0.5)
    a_player.resume()
    np.testing.assert_allclose(StandIn.opened[3].block(0.1)[-1], 0.25, atol=1e-3)


def test_a_seek_while_the_device_is_given_back_takes_the_bed_along(a_player: Player) -> None:
    a_player.play(tone(5.0, 0.25), bed=Bed(ramp(2.0), loop=True))
    StandIn.opened[0].block(0.5)
    give_back_paused(a_player)
    a_player.seek(3.0)
    a_player.resume()
    np.testing.assert_allclose(StandIn.opened[1].block(0.1)[-1], 0.25 + 0.275, atol=1e-3)


def test_whether_a_bed_goes_round_can_be_said_while_it_sounds(a_player: Player) -> None:
    audio = tone(0.5, 0.25)
    a_player.play(tone(0.1, 0.1), bed=Bed(audio, loop=True))
    StandIn.opened[0].block(1.2)
    assert a_player.playing
    a_player.set_loop(False, bed=False)
    StandIn.opened[0].block(0.4)
    assert not a_player.playing, "it ended with this round"
    a_player.play(tone(0.1, 0.1), bed=Bed(audio))
    StandIn.opened[0].block(0.3)
    a_player.play(tone(0.1, 0.1), bed=Bed(audio, loop=True))
    assert a_player.bed_position_seconds == pytest.approx(0.3), "it is not begun anew for that"
    StandIn.opened[0].block(0.5)
    assert a_player.playing

"""What workers need, imported once by the process that they are forked from; see `engine.processes`.

Nothing else imports this: it makes its process give way to others, and end when nobody needs it.
"""

import importlib

from engine.encoder import network
from engine.processes import give_way, leave_when_idle

IDLE_SECONDS = 120.0

give_way()
network.implementation()
importlib.import_module("engine.library.worker")
importlib.import_module("librosa.feature.spectral")  # which librosa itself imports when a key is first estimated
leave_when_idle(IDLE_SECONDS)

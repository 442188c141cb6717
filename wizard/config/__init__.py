"""Settings, addresses and entry points; every process of Foothold imports this first."""

from __future__ import annotations

import atexit
import gc

# Starting makes a million objects, and nearly all of them stay: searching them for garbage after every 700 new ones is
# in vain, and searching all of them once more at the end, when memory is given back anyway, took a third of what a
# short command cost.
gc.set_threshold(20_000, 10, 10)
atexit.register(gc.freeze)

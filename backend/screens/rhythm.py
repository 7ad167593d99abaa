"""The clock of the inventory: how soon a silent screen must be an alert, and why one lost heartbeat is none.

A screen beats every 15 s, 10 % more or less, once its picture has been settled for 1.5 s (assets/js/50-screen.js).
A heartbeat that fails is repeated after some 4 s, so a single one that is lost or hangs leaves a gap of less than 40 s;
from the last heartbeat to the alert it takes at most the silence, one look and one minute's publishing: within 60 s.
`tests/test_screens.py` computes both from these numbers and those of the browser's script.
"""

from datetime import timedelta

SILENT = timedelta(seconds=40)  # Heard longer ago than this, a screen counts as silent.
LOOK_EVERY = 5.0  # Seconds between two looks of the worker.
# A heartbeat that says nothing new is not written more often than this; one left out shortens SILENT by as much.
WRITE_EVERY = timedelta(seconds=3)

"""Run directories of Spillway, the trigger emulator of NA62, as numpy and pandas tables.

    run = spillway.read_run("runs/8000")
    run.rates            # a row per mask
    run.candidates       # a row per alert
    run.decisions        # a row per event, with 'replay --decisions RUN/decisions.csv'
    run.scans["kaon-aa"].limits

What is blind stays blind: it reads as missing (``pandas.NA``). Docs/Python.md in the repository says what each table
has.
"""

from .counts import Histogram
from .errors import RunError
from .run import Run, read_run
from .scan import Scan, read_scan

__version__ = "0.1.0"
__all__ = ["Histogram", "Run", "RunError", "Scan", "read_run", "read_scan"]

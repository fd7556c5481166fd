"""``ledger.sqlite``: what there is of a run whose files are not complete. Sealed results are not read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from .errors import RunError
from .files import parse_json_line


class Ledger:
    """A run's ledger, opened for reading."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        try:
            # Not as immutable: a run that goes on, or was killed, has part of it in the log beside it.
            with closing(sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)) as database:
                return database.execute(query).fetchall()
        except sqlite3.Error as error:
            raise RunError(f"{self.path}: cannot be read ({error}); is it a ledger of Spillway?") from None

    def books(self) -> list[tuple[str, str, int]]:
        """Level, column and count of the books; of a finished run."""
        return self.rows("SELECT level, name, count FROM counters ORDER BY level, name")

    def alert_lines(self, table: str) -> list[str]:
        """The lines of the candidates, or of the other alerts."""
        return [line for (line,) in self.rows(f"SELECT line FROM {table} ORDER BY number")]

    def manifest(self) -> dict[str, Any]:
        """The manifest without results; of a run that has not ended, what is known of it."""
        found = self.rows("SELECT manifest, configuration_hash, version, t_wall FROM runs ORDER BY id DESC LIMIT 1")
        if not found:
            raise RunError(f"{self.path}: holds no run; was it interrupted at its very start?")
        text, configuration_hash, version, t_wall = found[0]
        if text:
            return parse_json_line(text, f"{self.path}: manifest")
        inputs = self.rows("SELECT path, bytes, sha256 FROM inputs ORDER BY number")
        return {
            "versions": {"spillway": version}, "configuration_hash": configuration_hash, "t_wall": t_wall,
            "inputs": [{"path": path, "bytes": size, "sha256": sha256} for path, size, sha256 in inputs],
        }

    def is_finished(self) -> bool:
        """Whether the run came to its end."""
        return self.rows("SELECT state FROM runs ORDER BY id DESC LIMIT 1") == [("finished",)]

    def bursts(self) -> list[tuple[int, int, int, int, int, int]]:
        """Run, burst, begin and end (ns since 1970), events and kept ones of each burst."""
        return self.rows("SELECT run, burst, begin_ns, end_ns, events, kept FROM bursts ORDER BY number")

    def masks(self) -> list[tuple[int, int, int, int, int, int, int]]:
        """Run, burst, begin, end, mask, L0 input, L1 accepted of each mask in each burst."""
        return self.rows(
            "SELECT run, burst, begin_ns, end_ns, mask, l0_input, l1_accepted "
            "FROM bursts JOIN burst_masks USING (number) ORDER BY number, mask")

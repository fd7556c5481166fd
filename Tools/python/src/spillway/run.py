"""A run: the directory that ``spillway replay --out`` or ``listen --out`` has written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from . import counts, tables
from .candidates import candidate_table
from .counts import Histogram
from .errors import RunError, UsageError
from .files import parse_json_line, read_csv, read_csv_chunks, read_json, read_json_lines, reading
from .ledger import Ledger
from .scan import Scan

_Made = TypeVar("_Made")


class Run:
    """The tables of a run, each read when it is first asked for.

    They come from the files of the directory, and from its ledger where a file is not there, as in a run that goes on
    or was interrupted. Counts that are blind are missing (``pandas.NA``, NaN); sealed results are never opened.
    """

    def __init__(
        self, path: Path, decisions: Path | None = None, l0_decisions: Path | None = None
    ) -> None:
        if not any((path / name).is_file() for name in ["run.json", "ledger.sqlite", "counts.json", "rates.csv"]):
            raise UsageError(f"{path}: has neither run.json nor ledger.sqlite; expected a directory of 'replay --out'")
        self.path = path
        self._decisions = decisions or path / "decisions.csv"
        self._l0_decisions = l0_decisions or path / "l0-decisions.csv"
        self._ledger = Ledger(path / "ledger.sqlite")

    def __repr__(self) -> str:
        return f"<Run in {self.path}>"

    # Of the run as a whole

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """``run.json``: versions, inputs with hashes, configuration hashes, bursts, results."""
        if self._has("run.json"):
            return read_json(self.path / "run.json")
        if self._has("ledger.sqlite"):
            return self._ledger.manifest()
        raise self._lacks("run.json", "replay with --out")

    @property
    def is_finished(self) -> bool:
        """Whether the run came to its end."""
        return self._ledger.is_finished() if self._has("ledger.sqlite") else self._has("run.json")

    @cached_property
    def books(self) -> pd.DataFrame:
        """What went in and what became of it: ``level``, ``name``, ``count``."""
        with reading(self.path / "run.json"):
            found = (self.manifest.get("results") or {}).get("books")
            if found is None and self._has("ledger.sqlite"):
                rows = [{"level": level, "name": name, "count": count} for level, name, count in self._ledger.books()]
            else:
                rows = [
                    {"level": level, "name": name, "count": count}
                    for level, columns in (found or {}).items() for name, count in columns.items()
                ]
            return counts.typed(rows, ["level", "name", "count"], whole=["count"])

    # Rates

    @cached_property
    def rates(self) -> pd.DataFrame:
        """A row for each mask: counts of L0 and L1, ``passed_X`` for each algorithm, rate with its interval."""
        return self._table("rates.csv", tables.RATES, "a run that has not ended: 'spillway report RUN --out DIR'")

    @cached_property
    def l0_rates(self) -> pd.DataFrame:
        """A row for each line of L0: matched, fired, sent, rate with its interval."""
        return self._table("l0-rates.csv", tables.L0_RATES, "replay primitives with a menu that has lines of L0")

    @cached_property
    def bursts(self) -> pd.DataFrame:
        """A row for each burst, what NA62's farm counts; from a ledger: times in ns, events, kept ones."""
        if self._has("hlt.csv") or not self._has("ledger.sqlite"):
            return self._table("hlt.csv", tables.BURSTS, "replay with a menu that has chains of L1")
        names = ["run", "burst", "begin_ns", "end_ns", "events", "kept"]
        with reading(self._ledger.path):
            return pd.DataFrame(self._ledger.bursts(), columns=names).astype("int64").astype(
                {"run": "uint32", "burst": "uint32"})

    @cached_property
    def rates_by_burst(self) -> pd.DataFrame:
        """A row for each line and burst: ``level`` (l0, l1, algorithm, …), ``line``, ``count``, ``rate_hz``.

        From the ledger, where the run was not monitored (``--bands``, ``--serve``, ``--alerts``): masks only, as L0
        fired and L1 accepted them.
        """
        if self._has("rates-by-burst.csv"):
            return read_csv(self.path / "rates-by-burst.csv", tables.RATES_BY_BURST)
        if not self._has("ledger.sqlite"):
            raise self._lacks("rates-by-burst.csv", "replay with --bands, --serve or --alerts")
        names = dict(zip(self.rates["mask"], self.rates["name"], strict=True)) if self._has("rates.csv") else {}
        rows = []
        for run, burst, begin, end, mask, fired, accepted in self._ledger.masks():
            seconds = (end - begin) / 1e9
            for level, count in [("l0", fired), ("l1", accepted)]:
                rate = count / seconds if seconds > 0 else float("nan")
                rows.append((run, burst, begin, seconds, level, names.get(mask, f"mask {mask}"), count, rate))
        kinds = {name: object if kind == "text" else kind for name, kind in tables.RATES_BY_BURST.items()}
        return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)

    # Counts

    @cached_property
    def selections(self) -> list[dict[str, Any]]:
        """The selections as ``counts.json`` has them, blind values as ``"(blind)"``."""
        if not self._has("counts.json"):
            raise self._lacks("counts.json", "a run that has not ended: 'spillway report RUN --out DIR'")
        with reading(self._counts_path):
            found = read_json(self._counts_path).get("selections")
        if not isinstance(found, list):
            raise RunError(f"{self._counts_path}: has no 'selections'; is it of another version?")
        return found

    @cached_property
    def counts(self) -> pd.DataFrame:
        """A row for each selection: events, and of its counting experiment background, limits, significances."""
        return self._from_counts(counts.counts_table)

    @property
    def limits(self) -> pd.DataFrame:
        """A row for each counting experiment: the limit, with its level, method and tail. The scans have their own."""
        columns = [
            "selection", "blind", "observed", "background", "upper_limit_events", "upper_limit_branching_ratio",
            "confidence_level", "method", "tail",
        ]
        return self.counts.loc[self.counts["confidence_level"].notna(), columns].reset_index(drop=True)

    @cached_property
    def cut_flows(self) -> pd.DataFrame:
        """A row for each cut of each selection."""
        return self._from_counts(counts.cut_flow_table)

    @cached_property
    def regions(self) -> pd.DataFrame:
        """A row for each region of each selection."""
        return self._from_counts(counts.region_table)

    @cached_property
    def counts_by_burst(self) -> pd.DataFrame:
        """A row for each count of each selection in each burst that has any."""
        return self._from_counts(counts.burst_table)

    @cached_property
    def history(self) -> pd.DataFrame:
        """Limit and significance of each counting experiment along the run."""
        return self._from_counts(counts.history_table)

    def histogram(self, selection: str, name: str) -> Histogram:
        """A histogram of a selection."""
        return self._from_counts(lambda _: counts.histogram(self._selection(selection), name, self._counts_path))

    def windows(self, selection: str, scan: str) -> pd.DataFrame:
        """The events in the windows of a selection's mass scan; missing where they are blind."""
        return self._from_counts(lambda _: counts.windows(self._selection(selection), scan, self._counts_path))

    @cached_property
    def workspace(self) -> dict[str, Any] | None:
        """The open counting experiments as a HistFactory workspace for pyhf, or None."""
        return read_json(self.path / "workspace.json") if self._has("workspace.json") else None

    @cached_property
    def scans(self) -> Mapping[str, Scan]:
        """The scans of the run (``replay --scans``), by name."""
        found = sorted((self.path / "scans").glob("*/scan.json"))
        return {path.parent.name: Scan(path.parent) for path in found}

    @cached_property
    def unblinded(self) -> Mapping[str, dict[str, Any]]:
        """What ``spillway unblind`` has opened, with its entry on record, by selection."""
        found = sorted((self.path / "unblinded").glob("*.json"))
        return {path.stem: read_json(path) for path in found}

    # Events

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """A row for each event: the L1 word and masks, and what each algorithm finds (``replay --decisions``)."""
        return pd.concat(list(self.decision_chunks()), ignore_index=True)

    def decision_chunks(self, rows: int = 200_000) -> Iterator[pd.DataFrame]:
        """The decisions in pieces, for tables that do not fit into memory."""
        yield from self._chunks(self._decisions, tables.DECISIONS, "decisions", rows)

    @cached_property
    def l0_decisions(self) -> pd.DataFrame:
        """A row for each trigger that L0 sends (``replay --l0-decisions``)."""
        return pd.concat(list(self.l0_decision_chunks()), ignore_index=True)

    def l0_decision_chunks(self, rows: int = 200_000) -> Iterator[pd.DataFrame]:
        """The triggers of L0 in pieces."""
        yield from self._chunks(self._l0_decisions, tables.L0_DECISIONS, "l0-decisions", rows)

    @property
    def has_decisions(self) -> bool:
        """Whether there is a table of decisions."""
        return self._decisions.is_file()

    @property
    def has_l0_decisions(self) -> bool:
        """Whether there is a table of L0's triggers."""
        return self._l0_decisions.is_file()

    @cached_property
    def alert_lines(self) -> list[dict[str, Any]]:
        """The lines of ``alerts.jsonl`` whole, with packets and quantities as they are."""
        path = self.path / "alerts.jsonl"
        if path.is_file():
            return list(read_json_lines(path))
        return self._ledger_lines("candidates")

    @cached_property
    def candidates(self) -> pd.DataFrame:
        """A row for each candidate; see ``spillway.candidates.candidate_table`` for the columns."""
        return candidate_table(self.alert_lines, f"{self.path}/alerts.jsonl")

    @cached_property
    def alerts(self) -> list[dict[str, Any]]:
        """Alerts of other kinds than candidates, as the ledger has them."""
        return self._ledger_lines("alerts") if self._has("ledger.sqlite") else []

    @cached_property
    def unfinished(self) -> pd.DataFrame:
        """A row for each event that was never completed, with the reason."""
        if self._has("unfinished.csv"):
            return read_csv(self.path / "unfinished.csv", tables.UNFINISHED)
        return counts.typed([], list(tables.UNFINISHED), whole=["run", "burst", "event"])

    # Helpers

    @property
    def _counts_path(self) -> Path:
        return self.path / "counts.json"

    def _from_counts(self, make: Callable[[list[dict[str, Any]]], _Made]) -> _Made:
        with reading(self._counts_path):
            return make(self.selections)

    def _has(self, name: str) -> bool:
        return (self.path / name).is_file()

    def _lacks(self, name: str, advice: str) -> RunError:
        return RunError(f"{self.path}: has no {name}; {advice}")

    def _table(self, name: str, kinds: Mapping[str, str], advice: str) -> pd.DataFrame:
        if not self._has(name):
            raise self._lacks(name, advice)
        return read_csv(self.path / name, kinds)

    def _chunks(self, path: Path, kinds: Mapping[str, str], option: str, rows: int) -> Iterator[pd.DataFrame]:
        if not path.is_file():
            name = option.replace("-", "_")
            raise RunError(
                f"{path}: is not there; replay with --{option} {self.path}/{option}.csv, "
                f"or pass {name}=FILE to read_run")
        yield from read_csv_chunks(path, kinds, rows)

    def _selection(self, name: str) -> dict[str, Any]:
        for selection in self.selections:
            if selection["selection"] == name:
                return selection
        names = ", ".join(selection["selection"] for selection in self.selections) or "none"
        raise RunError(f"{self.path}/counts.json: no selection '{name}'; it has: {names}")

    def _ledger_lines(self, table: str) -> list[dict[str, Any]]:
        if not self._has("ledger.sqlite"):
            raise self._lacks("alerts.jsonl", "replay with --out")
        where = f"{self.path}/ledger.sqlite: {table}"
        return [parse_json_line(line, where) for line in self._ledger.alert_lines(table)]


def read_run(
    directory: str | PathLike[str], *, decisions: str | PathLike[str] | None = None,
    l0_decisions: str | PathLike[str] | None = None,
) -> Run:
    """The run in a directory; tables are read when they are asked for.

    The tables of ``--decisions`` and ``--l0-decisions`` are looked for in the directory, as ``decisions.csv`` and
    ``l0-decisions.csv``, unless their files are given. Raises ``RunError``.
    """
    return Run(
        Path(directory), None if decisions is None else Path(decisions),
        None if l0_decisions is None else Path(l0_decisions))

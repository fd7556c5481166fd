"""``counts.json``: what the selections counted. What is blind reads as missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .errors import RunError

_BLIND = "(blind)"
_WHOLE = ["seen", "not_entered", "entered", "selected", "outside", "ambiguous", "observed"]
_REAL = [
    "background", "background_uncertainty", "efficiency", "confidence_level", "upper_limit_events",
    "upper_limit_branching_ratio", "p_value", "z_one_sided", "z_two_sided", "anytime_p_value", "anytime_z",
    "exposure", "exposure_uncertainty",
]
_TEXT = [
    "background_shape", "background_trust", "background_source", "method", "ordering", "tail", "p_value_method",
    "exposure_unit",
]


@dataclass(frozen=True)
class Histogram:
    """Counts in bins of one or two variables.

    ``counts`` has the underflow as first and the overflow as last bin of each axis; ``edges`` has the edges of the bins
    between. ``unavailable`` are events in which a variable has no value.
    """

    name: str
    variables: tuple[str, ...]
    units: tuple[str | None, ...]
    counts: np.ndarray
    edges: tuple[np.ndarray, ...]
    unavailable: int

    @property
    def inside(self) -> np.ndarray:
        """The counts without underflow and overflow."""
        return self.counts[tuple(slice(1, -1) for _ in self.edges)]


def open_value(value: Any) -> Any:
    """A value, or None where it is blind."""
    return None if value == _BLIND else value


def counts_table(selections: list[dict[str, Any]]) -> pd.DataFrame:
    """A row for each selection."""
    rows = []
    for selection in selections:
        # Counts of the first schema have the experiment beside the selection.
        counting = selection.get("counting") or selection
        anytime = counting.get("anytime") or {}
        exposure = selection.get("exposure") or {}
        row = {name: selection.get(name) for name in _WHOLE}
        row |= {name: counting.get(name) for name in ["observed", *_REAL, *_TEXT]}
        row |= {"anytime_p_value": anytime.get("p_value"), "anytime_z": anytime.get("z_one_sided")}
        row |= {"exposure": exposure.get("value"), "exposure_unit": exposure.get("unit"),
                "exposure_uncertainty": exposure.get("uncertainty")}
        rows.append({
            "selection": selection["selection"], "selection_hash": selection.get("selection_hash"),
            "blind": bool(selection.get("blind")), **{name: open_value(value) for name, value in row.items()},
        })
    names = ["selection", "selection_hash", "blind", *_WHOLE, *_REAL, *_TEXT]
    return typed(rows, names, whole=_WHOLE, real=_REAL, flags=["blind"])


def cut_flow_table(selections: list[dict[str, Any]]) -> pd.DataFrame:
    """A row for each cut of each selection, in their order."""
    rows = []
    for selection in selections:
        for step, cut in enumerate(selection.get("cut_flow") or [], 1):
            rows.append({
                "selection": selection["selection"], "step": step, "cut": cut["cut"],
                **{name: open_value(cut.get(name)) for name in ["passed", "failed", "unavailable"]},
            })
    whole = ["step", "passed", "failed", "unavailable"]
    return typed(rows, ["selection", "step", "cut", "passed", "failed", "unavailable"], whole=whole)


def region_table(selections: list[dict[str, Any]]) -> pd.DataFrame:
    """A row for each region of each selection; ``events`` is missing where it is blind."""
    rows = [
        {"selection": selection["selection"], "region": region["name"], "blind": region["events"] == _BLIND,
         "events": open_value(region["events"])}
        for selection in selections for region in selection.get("regions") or []
    ]
    return typed(rows, ["selection", "region", "blind", "events"], whole=["events"], flags=["blind"])


def burst_table(selections: list[dict[str, Any]]) -> pd.DataFrame:
    """A row for each burst and count of each selection: ``selected``, ``counting``, or ``region:NAME``."""
    rows = []
    for selection in selections:
        for burst in selection.get("bursts") or []:
            place = {"selection": selection["selection"], "run": burst["run"], "burst": burst["burst"]}
            for name in ["selected", "counting"]:
                if name in burst:
                    rows.append({**place, "count": name, "events": open_value(burst[name])})
            for name, events in (burst.get("regions") or {}).items():
                rows.append({**place, "count": f"region:{name}", "events": open_value(events)})
    return typed(rows, ["selection", "run", "burst", "count", "events"], whole=["run", "burst", "events"])


def history_table(selections: list[dict[str, Any]]) -> pd.DataFrame:
    """Limit and significance along the run, a row for each burst that counted something."""
    whole = ["run", "burst", "bursts", "observed"]
    real = ["background", "upper_limit_events", "z_one_sided", "anytime_p_value"]
    rows = [
        {"selection": selection["selection"], **{name: open_value(step.get(name)) for name in whole + real}}
        for selection in selections for step in _steps(selection)
    ]
    return typed(rows, ["selection", *whole, *real], whole=whole, real=real)


def _steps(selection: dict[str, Any]) -> Iterator[dict[str, Any]]:
    history = selection.get("history") or (selection.get("counting") or {}).get("history")
    return iter(history if isinstance(history, list) else [])


def histogram(selection: dict[str, Any], name: str, where: Path) -> Histogram:
    """A histogram of a selection."""
    found = _named(selection, "histograms", name, where)
    axes = found["axes"]
    # The first axis runs fastest.
    shape = [axis["bins"] + 2 for axis in axes]
    counts = np.array(found["counts"], dtype=np.uint64).reshape(shape[::-1]).T
    edges = tuple(np.linspace(axis["low"], axis["high"], axis["bins"] + 1) for axis in axes)
    return Histogram(
        name=name, variables=tuple(axis["variable"] for axis in axes), units=tuple(axis.get("unit") for axis in axes),
        counts=counts, edges=edges, unavailable=int(found["unavailable"]))


def windows(selection: dict[str, Any], name: str, where: Path) -> pd.DataFrame:
    """The windows of a mass scan: a row for each mass, or pair of masses, with the events in the window."""
    found = _named(selection, "scans", name, where)
    table = pd.DataFrame(np.array(found["masses"], dtype=float), columns=found["variables"])
    events = open_value(found["events"])
    table["events"] = pd.array([None] * len(table) if events is None else events, dtype="Int64")
    return table


def _named(selection: dict[str, Any], kind: str, name: str, where: Path) -> dict[str, Any]:
    entries = selection.get(kind) or []
    for entry in entries:
        if entry["name"] == name:
            return entry
    names = ", ".join(entry["name"] for entry in entries) or "none"
    raise RunError(f"{where}: '{selection['selection']}' has no '{name}' among its {kind}; it has: {names}")


def typed(
    rows: list[dict[str, Any]], names: Sequence[str], whole: Sequence[str] = (), real: Sequence[str] = (),
    flags: Sequence[str] = (),
) -> pd.DataFrame:
    """A table with these columns: whole numbers that may be missing, reals (missing: NaN), flags, and text."""
    columns: dict[str, Any] = {}
    for name in names:
        values = [row.get(name) for row in rows]
        if name in whole:
            columns[name] = pd.array(values, dtype="Int64")
        elif name in real:
            columns[name] = np.array([np.nan if value is None else value for value in values], dtype=float)
        elif name in flags:
            columns[name] = np.array(values, dtype=bool)
        else:
            columns[name] = pd.Series(values, dtype=object)
    return pd.DataFrame(columns)

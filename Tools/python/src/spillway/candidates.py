"""Candidates: the lines of ``alerts.jsonl`` as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from .errors import RunError
from .files import narrowed, reading

_NUMBERS = {
    "run": "uint32", "burst": "uint32", "event": "uint32", "timestamp": "uint32", "fine_time": "uint8",
    "l0_data_type": "uint8", "l0_word": "uint8", "l0_flags": "uint16", "l1_word": "uint8", "l1_masks": "uint16",
    "packets": "uint32",
}
_STATE = [
    "background", "upper_limit_events", "upper_limit_branching_ratio", "confidence_level", "p_value", "z_one_sided",
    "z_two_sided", "anytime_p_value", "anytime_z",
]
#: The columns of a quantity begin with this.
QUANTITY = "quantity."


def candidate_table(lines: Iterable[dict[str, Any]], where: str) -> pd.DataFrame:
    """A row for each candidate.

    ``l1_masks`` has bit i for mask i, ``packets`` is their number. The state of the counting experiment has its own
    columns; each quantity has one, ``quantity.NAME``, a real number, 0 or 1 for a flag, and NaN where the selection has
    not asked for it. All that is blind is missing.
    """
    with reading(where):
        return _table([_row(line, where) for line in lines if line.get("event_type") == "candidate"], where)


def _table(rows: list[dict[str, Any]], where: str) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for name in ["id", "selection"]:
        columns[name] = pd.Series([row[name] for row in rows], dtype=object)
    columns["blind"] = np.array([row["blind"] for row in rows], dtype=bool)
    for name, dtype in _NUMBERS.items():
        values = np.array([row[name] for row in rows], dtype=np.int64)
        columns[name] = narrowed(values, np.dtype(dtype), f"{where}: '{name}'")
    for name in ["t_data", "t_wall"]:
        times = pd.to_datetime([row[name] for row in rows], utc=True, format="ISO8601")
        columns[name] = pd.Series(times).astype("datetime64[ns, UTC]")
    columns["observed"] = pd.array([row["observed"] for row in rows], dtype="Int64")
    for name in _STATE:
        columns[name] = _reals(row[name] for row in rows)
    for name in ["configuration", "input"]:
        columns[name] = pd.Series([row[name] for row in rows], dtype=object)
    quantities = dict.fromkeys(name for row in rows for name in row["quantities"])
    for name in quantities:
        columns[QUANTITY + name] = _reals(row["quantities"].get(name) for row in rows)
    return pd.DataFrame(columns)


def _reals(values: Iterable[Any]) -> np.ndarray:
    return np.array([np.nan if value is None else float(value) for value in values], dtype=float)


def _bit(mask: int) -> int:
    if not 0 <= mask < 16:
        raise ValueError(f"mask {mask}, expected 0 to 15")
    return 1 << mask


def _row(line: dict[str, Any], where: str) -> dict[str, Any]:
    try:
        state = line["state"] or {}
        return {
            **{name: line[name] for name in ["id", "selection", "run", "burst", "event", "timestamp", "fine_time"]},
            **{name: line[name] for name in ["t_data", "t_wall", "configuration", "input"]},
            "blind": bool(line["blind"]),
            "l0_data_type": line["l0"]["data_type"], "l0_word": line["l0"]["word"], "l0_flags": line["l0"]["flags"],
            "l1_word": line["l1"]["word"], "l1_masks": sum(_bit(mask) for mask in line["l1"]["accepted_masks"]),
            "packets": len(line["packets"]), "observed": state.get("observed"),
            **{name: state.get(name) for name in _STATE}, "quantities": line["quantities"] or {},
        }
    except KeyError as error:
        raise RunError(f"{where}: a candidate without {error}; is it of another version?") from None

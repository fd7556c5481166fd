"""A scan: limits over masses and couplings (``spillway scan --out``, ``replay --scans``)."""

from __future__ import annotations

from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from .errors import RunError
from .files import TEXT, read_csv, read_json, reading

_POINT = {
    "observed": "int64", "background": "float64", "background_uncertainty": "float64", "limit_events": "float64",
    "acceptance": "float64",
}
_QUANTILES = ["m2sigma", "m1sigma", "median", "p1sigma", "p2sigma"]
_CONTOUR = {
    "mass_mev": "float64", **_POINT,
    **{f"epsilon_{side}_{name}": "float64" for name in ["observed", *_QUANTILES] for side in ("lower", "upper")},
}
_OUTLINE = {"contour": TEXT, "island": "int64", "mass_mev": "float64", "epsilon": "float64"}
_GRID = {"mass_mev": "float64", "epsilon": "float64", "yield_events": "float64", "limit_events": "float64"}
_LIMITS = {
    "mass_a_mev": "float64", **_POINT, "br_limit": "float64",
    **{f"br_expected_{name}": "float64" for name in _QUANTILES},
}


class Scan:
    """The results of a scan; masses in MeV/c². Tables that the kind of scan does not have are None."""

    def __init__(self, path: Path) -> None:
        if not (path / "scan.json").is_file():
            raise RunError(f"{path}: has no scan.json; expected a directory of 'spillway scan --out'")
        self.path = path

    def __repr__(self) -> str:
        return f"<Scan '{self.name}' in {self.path}>"

    @cached_property
    def result(self) -> dict[str, Any]:
        """``scan.json``: all points, contours, significance, configuration, method, confidence level and tail."""
        return read_json(self.path / "scan.json")

    @property
    def name(self) -> str:
        """The name of the scan."""
        with reading(self.path / "scan.json"):
            return self.result["name"]

    @cached_property
    def limits(self) -> pd.DataFrame | None:
        """Kaon decays: the limit on the branching ratio at each mass (``mass_a_mev``, in planes ``mass_s_mev``)."""
        return self._table("limits.csv", _LIMITS)

    @cached_property
    def contour(self) -> pd.DataFrame | None:
        """Dark photons: the smallest and the largest excluded ε at each mass, observed and expected."""
        return self._table("contour.csv", _CONTOUR)

    @cached_property
    def outline(self) -> pd.DataFrame | None:
        """Dark photons: the closed lines around what is excluded."""
        return self._table("outline.csv", _OUTLINE)

    @cached_property
    def grid(self) -> pd.DataFrame | None:
        """Dark photons: yield, limit and exclusion on the grid of mass and ε."""
        return self._table("grid.csv", _GRID)

    def _table(self, name: str, kinds: dict[str, str]) -> pd.DataFrame | None:
        path = self.path / name
        return read_csv(path, kinds) if path.is_file() else None


def read_scan(directory: str | PathLike[str]) -> Scan:
    """The results that ``spillway scan --out DIRECTORY`` has written."""
    return Scan(Path(directory))

"""``spillway-export``: decisions and candidates of a run as ROOT, Parquet or CSV."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .errors import RunError, UsageError
from .run import Run, read_run

_ROWS = 200_000
FORMATS = ("root", "parquet", "csv")


def export_run(run: Run, format: str, out: str | os.PathLike[str]) -> dict[str, int]:
    """Writes the tables of a run that it has: ``candidates``, ``decisions``, ``l0_decisions``.

    ROOT: one file ``out`` with a TTree for each table, and ``manifest`` (a TObjString with the JSON of where the data
    come from). Parquet and CSV: a directory ``out`` with a file for each table. Points in the names of columns become
    underscores. ROOT knows no missing whole number: it is -1 there; times are nanoseconds since 1970.

    Returns the number of rows of each table. Raises ``RunError``; what is written stands under its name only when it is
    complete.
    """
    if format not in FORMATS:
        raise UsageError(f"format '{format}': expected one of {', '.join(FORMATS)}")
    write = {"root": _write_root, "parquet": _write_parquet, "csv": _write_csv}[format]
    target = Path(out)
    if target.exists() and (target.is_dir() if format == "root" else not target.is_dir()):
        wanted = "a file" if format == "root" else "a directory"
        raise UsageError(f"{target}: is there and is not {wanted}, which {format} needs; name another")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return write(_tables(run), _origin(run), target)
    except OSError as error:
        raise RunError(f"{target}: cannot be written ({error.strerror or error})") from None


def _tables(run: Run) -> dict[str, Callable[[], Iterator[pd.DataFrame]]]:
    tables: dict[str, Callable[[], Iterator[pd.DataFrame]]] = {"candidates": lambda: iter([run.candidates])}
    if run.has_decisions:
        tables["decisions"] = lambda: run.decision_chunks(_ROWS)
    if run.has_l0_decisions:
        tables["l0_decisions"] = lambda: run.l0_decision_chunks(_ROWS)
    return {name: _renaming(chunks) for name, chunks in tables.items()}


def _renaming(chunks: Callable[[], Iterator[pd.DataFrame]]) -> Callable[[], Iterator[pd.DataFrame]]:
    def renamed() -> Iterator[pd.DataFrame]:
        for chunk in chunks():
            names = [name.replace(".", "_") for name in chunk.columns]
            if len(set(names)) < len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise RunError(f"two columns would be named '{twice}'; rename a quantity of the selection")
            yield chunk.set_axis(names, axis="columns")

    return renamed


def _origin(run: Run) -> dict[str, Any]:
    """Where the data come from: the manifest without the results."""
    return {name: value for name, value in run.manifest.items() if name not in ("results", "l0")}


def _as_root(column: pd.Series) -> Any:
    import awkward

    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.astype("int64").to_numpy()
    if column.dtype == object:
        return awkward.Array(list(column)) if len(column) else awkward.Array([""])[:0]
    if isinstance(column.dtype, pd.Int64Dtype):
        return column.fillna(-1).to_numpy(dtype=np.int64)
    return column.to_numpy()


def _root_type(column: pd.Series) -> Any:
    if column.dtype == object:
        return "string"
    if isinstance(column.dtype, (pd.DatetimeTZDtype, pd.Int64Dtype)):
        return np.dtype("int64")
    return column.dtype


def _write_root(tables: Mapping[str, Any], origin: dict[str, Any], out: Path) -> dict[str, int]:
    uproot = _module("uproot", "root")
    _module("awkward", "root")
    rows: dict[str, int] = {}

    def write(path: Path) -> None:
        with uproot.recreate(path) as file:
            file["manifest"] = json.dumps(origin)
            for name, chunks in tables.items():
                tree = None
                rows[name] = 0
                for chunk in chunks():
                    if tree is None:
                        tree = file.mktree(name, {column: _root_type(chunk[column]) for column in chunk.columns})
                    if len(chunk):
                        tree.extend({column: _as_root(chunk[column]) for column in chunk.columns})
                    rows[name] += len(chunk)

    _complete(out, write)
    return rows


def _write_parquet(tables: Mapping[str, Any], origin: dict[str, Any], out: Path) -> dict[str, int]:
    arrow = _module("pyarrow", "parquet")
    parquet = _module("pyarrow.parquet", "parquet")

    def arrow_type(column: pd.Series) -> Any:
        if column.dtype == object:
            return arrow.string()
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            return arrow.timestamp("ns", tz="UTC")
        if isinstance(column.dtype, pd.Int64Dtype):
            return arrow.int64()
        return arrow.from_numpy_dtype(column.dtype)

    def write(chunks: Iterable[pd.DataFrame], path: Path) -> int:
        writer, rows = None, 0
        try:
            for chunk in chunks:
                if writer is None:
                    fields = [(column, arrow_type(chunk[column])) for column in chunk.columns]
                    schema = arrow.schema(fields, metadata={"spillway.manifest": json.dumps(origin)})
                    writer = parquet.ParquetWriter(path, schema)
                writer.write_table(arrow.Table.from_pandas(chunk, schema=schema, preserve_index=False))
                rows += len(chunk)
        finally:
            if writer is not None:
                writer.close()
        return rows

    return _write_files(tables, out, ".parquet", write)


def _write_csv(tables: Mapping[str, Any], origin: dict[str, Any], out: Path) -> dict[str, int]:
    def write(chunks: Iterable[pd.DataFrame], path: Path) -> int:
        rows = 0
        for index, chunk in enumerate(chunks):
            for name in chunk.columns:
                if isinstance(chunk[name].dtype, pd.DatetimeTZDtype):
                    chunk[name] = [time.isoformat() for time in chunk[name]]
            chunk.to_csv(path, mode="a", header=index == 0, index=False)
            rows += len(chunk)
        return rows

    return _write_files(tables, out, ".csv", write)


def _write_files(
    tables: Mapping[str, Any], out: Path, suffix: str, write: Callable[[Iterable[pd.DataFrame], Path], int]
) -> dict[str, int]:
    out.mkdir(exist_ok=True)
    rows: dict[str, int] = {}
    for name, chunks in tables.items():

        def one(path: Path, name: str = name, chunks: Any = chunks) -> None:
            rows[name] = write(chunks(), path)

        _complete(out / (name + suffix), one)
    return rows


def _complete(path: Path, write: Callable[[Path], None]) -> None:
    """Writes a file under another name, which it gets when it is complete."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        write(partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _module(name: str, extra: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        raise UsageError(
            f"--format {extra} needs {name.partition('.')[0]}: pip install './Tools/python[{extra}]'") from None


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code: 0 done, 1 failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="spillway-export", description="Writes decisions and candidates of a run as ROOT, Parquet or CSV.",
        epilog="ROOT is one file with a TTree for each table, the others are a directory with a file for each.")
    parser.add_argument("run", help="the run directory")
    parser.add_argument("--format", required=True, choices=FORMATS)
    parser.add_argument("--out", required=True, help="the file (root) or the directory (parquet, csv)")
    parser.add_argument("--decisions", help="the table of 'replay --decisions' (default: RUN/decisions.csv)")
    parser.add_argument("--l0-decisions", help="the table of 'replay --l0-decisions' (default: RUN/l0-decisions.csv)")
    options = parser.parse_args(arguments)
    try:
        for option in ["decisions", "l0_decisions"]:
            file = getattr(options, option)
            if file is not None and not Path(file).is_file():
                raise UsageError(f"--{option.replace('_', '-')} {file}: is not there")
        run = read_run(options.run, decisions=options.decisions, l0_decisions=options.l0_decisions)
        rows = export_run(run, options.format, options.out)
    except RunError as error:
        print(f"spillway-export: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    if not run.has_decisions:
        print(f"no decisions: replay with --decisions {run.path}/decisions.csv, or give --decisions", file=sys.stderr)
    for name, count in rows.items():
        print(f"{name}: {count} rows")
    print(f"{options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

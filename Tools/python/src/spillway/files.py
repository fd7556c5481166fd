"""Reading of CSV, JSON and JSON lines with types, and with errors of one line."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .errors import RunError

#: Kinds of a column besides the names of numpy's numbers: text, and numbers written as 0x1f.
TEXT = "text"
HEX8 = "hex8"
HEX16 = "hex16"

_HEX = {HEX8: "uint8", HEX16: "uint16"}
_READ_AT_ONCE = 500_000
# Before pandas 3 the last digit of a real number could be lost.
_EXACT: dict[str, Any] = {} if int(pd.__version__.partition(".")[0]) >= 3 else {"float_precision": "round_trip"}


def column_dtype(kind: str) -> Any:
    """The dtype of a column of a kind."""
    return object if kind == TEXT else np.dtype(_HEX.get(kind, kind))


@contextmanager
def reading(where: Path | str) -> Iterator[None]:
    """Turns what goes wrong with content of an unexpected form into one line."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        what = f"{type(error).__name__}: {_line(error)}"
        raise RunError(f"{where}: is not as expected ({what}); is it damaged, or of another version?") from None


def read_json(path: Path) -> Any:
    """The content of a JSON file."""
    try:
        with path.open("rb") as file:
            return json.load(file)
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise RunError(f"{path}: cannot be read as JSON ({_line(error)}); was the run interrupted?") from None


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield parse_json_line(line, f"{path}: line {number}")
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror})") from None


def parse_json_line(line: str | bytes, where: str) -> dict[str, Any]:
    """The object of one line."""
    try:
        value = json.loads(line)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise RunError(f"{where}: is no JSON ({_line(error)}); 'replay --resume' ends an interrupted run") from None
    if not isinstance(value, dict):
        raise RunError(f"{where}: is no JSON object")
    return value


def read_csv(path: Path, kinds: Mapping[str, str]) -> pd.DataFrame:
    """A whole table; see ``read_csv_chunks``."""
    parts = list(read_csv_chunks(path, kinds, _READ_AT_ONCE))
    return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)


def read_csv_chunks(path: Path, kinds: Mapping[str, str], rows: int) -> Iterator[pd.DataFrame]:
    """A table in pieces of so many rows; one empty piece where it has no row.

    The columns of ``kinds`` must be there, and have these kinds; others are read as pandas finds best. An empty field
    of a real number is missing (NaN); in a whole number it is an error, and so is a number out of the range of its
    type.
    """
    header = _header(path)
    missing = [name for name in kinds if name not in header]
    if missing:
        raise RunError(f"{path}: has no column '{missing[0]}'; is it another table, or of another version?")
    read = {name: _reading(kind) for name, kind in kinds.items()}
    reals = {name: ["", "nan"] for name, kind in kinds.items() if _reading(kind) == "float64"}
    try:
        with pd.read_csv(
            path, dtype=read, keep_default_na=False, na_values=reals, chunksize=rows, encoding="utf-8", **_EXACT
        ) as reader:
            some = False
            for part in reader:
                some = True
                yield _typed(part.reset_index(drop=True), kinds, path)
            if not some:
                columns = {name: pd.Series(dtype=column_dtype(kinds.get(name, TEXT))) for name in header}
                yield pd.DataFrame(columns)
    except (OSError, ValueError, OverflowError) as error:
        raise RunError(f"{path}: cannot be read as a table ({_line(error)}); was the run interrupted?") from None


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RunError(f"{path}: cannot be read ({_line(error)})") from None


def _reading(kind: str) -> Any:
    if kind == TEXT or kind in _HEX:
        return str
    return "float64" if np.dtype(kind).kind == "f" else "int64"


def _typed(part: pd.DataFrame, kinds: Mapping[str, str], path: Path) -> pd.DataFrame:
    for name, kind in kinds.items():
        if kind == TEXT:
            part[name] = part[name].astype(object)
            continue
        target = column_dtype(kind)
        values = _from_hex(part[name], name, path) if kind in _HEX else part[name].to_numpy()
        if target.kind in "iu":
            part[name] = narrowed(values, target, f"{path}: column '{name}'")
        else:
            part[name] = values
    return part


def narrowed(values: Any, target: Any, where: str) -> Any:
    """Whole numbers as a type that may be too small for them."""
    limits = np.iinfo(target)
    values = np.asarray(values)
    if len(values) and (int(values.min()) < limits.min or int(values.max()) > limits.max):
        worst = values.max() if int(values.max()) > limits.max else values.min()
        raise RunError(f"{where}: {worst} is outside {limits.min} to {limits.max}; the file is damaged")
    return values.astype(target)


def _from_hex(column: pd.Series, name: str, path: Path) -> Any:
    # Few words are different, so each is read once.
    codes, words = pd.factorize(column)
    numbers = np.zeros(len(words), dtype=np.int64)
    for index, word in enumerate(words):
        try:
            if not word.startswith("0x"):
                raise ValueError
            numbers[index] = int(word, 16)
        except (ValueError, OverflowError):
            raise RunError(f"{path}: column '{name}': '{word}' is no number as 0x1f; the file is damaged") from None
    return numbers[codes] if len(words) else np.zeros(len(column), dtype=np.int64)


def _line(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split())[:200]

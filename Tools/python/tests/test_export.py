"""What is exported comes back the same, and stands under its name only when it is complete."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
import uproot

import spillway
import spillway.export
from conftest import run_spillway

TABLES = ["candidates", "decisions", "l0_decisions"]


def renamed(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns=lambda name: name.replace(".", "_"))


def test_root_round_trip(run: spillway.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spillway.export, "_ROWS", 1000)
    out = tmp_path / "run.root"
    rows = spillway.export.export_run(run, "root", out)
    assert list(rows) == TABLES
    with uproot.open(out) as file:
        origin = json.loads(str(file["manifest"]))
        assert origin["configuration_hash"] == run.manifest["configuration_hash"] and "results" not in origin
        for name in TABLES:
            table, tree = renamed(getattr(run, name)), file[name]
            assert tree.num_entries == len(table) == rows[name] and tree.keys() == list(table.columns)
            arrays = tree.arrays(library="np")
            for column in table.columns:
                values = table[column]
                if isinstance(values.dtype, pd.DatetimeTZDtype):
                    assert (arrays[column] == values.astype("int64").to_numpy()).all()
                elif values.dtype == object:
                    assert list(arrays[column]) == list(values)
                elif values.dtype == "Int64":
                    assert (arrays[column] == values.fillna(-1).to_numpy(dtype=np.int64)).all()
                else:
                    assert arrays[column].dtype == values.dtype, column
                    assert np.array_equal(arrays[column], values.to_numpy(), equal_nan=values.dtype.kind == "f")


def test_parquet_round_trip(run: spillway.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spillway.export, "_ROWS", 1000)
    spillway.export.export_run(run, "parquet", tmp_path / "out")
    for name in TABLES:
        path = tmp_path / "out" / f"{name}.parquet"
        table = renamed(getattr(run, name))
        back = pd.read_parquet(path)
        assert list(back.columns) == list(table.columns)
        for column in table.columns:
            if table[column].dtype == object:
                assert list(back[column]) == list(table[column])
            else:
                expected = table[column].astype("float64") if table[column].dtype == "Int64" else table[column]
                assert back[column].astype(expected.dtype).equals(expected), column
        fields = pyarrow.parquet.read_schema(path)
        assert json.loads(fields.metadata[b"spillway.manifest"])["menu"] == run.manifest["menu"]
    assert str(fields.field("flags").type) == "uint16"


def test_csv_round_trip(run: spillway.Run, tmp_path: Path) -> None:
    spillway.export.export_run(run, "csv", tmp_path / "out")
    for name in TABLES:
        table = renamed(getattr(run, name))
        back = pd.read_csv(tmp_path / "out" / f"{name}.csv")
        assert list(back.columns) == list(table.columns) and len(back) == len(table)
        for column in table.select_dtypes("number").columns:
            assert np.array_equal(
                back[column].to_numpy(float), table[column].to_numpy(float, na_value=np.nan), equal_nan=True), column
    assert pd.to_datetime(back["timestamp"]).notna().all()
    again = pd.read_csv(tmp_path / "out" / "candidates.csv")
    assert (pd.to_datetime(again["t_data"], format="ISO8601") == run.candidates["t_data"]).all()


def test_a_run_without_candidates_and_events_gives_empty_tables(
    directory: Path, run: spillway.Run, tmp_path: Path
) -> None:
    copy = tmp_path / "empty"
    copy.mkdir()
    shutil.copy(directory / "run.json", copy)
    (copy / "alerts.jsonl").touch()
    (copy / "decisions.csv").write_text((directory / "decisions.csv").read_text().splitlines()[0] + "\n")
    empty = spillway.read_run(copy)
    assert empty.decisions.dtypes.equals(run.decisions.dtypes)
    for format in spillway.export.FORMATS:
        rows = spillway.export.export_run(empty, format, tmp_path / format)
        assert rows == {"candidates": 0, "decisions": 0}
    with uproot.open(tmp_path / "root") as file:
        assert file["decisions"].keys() == list(run.decisions.columns)
    assert pyarrow.parquet.read_schema(tmp_path / "parquet/decisions.parquet").field("event").type == "uint32"


def test_missing_counts_are_null_or_minus_one(directory: Path, tmp_path: Path) -> None:
    copy = tmp_path / "blind"
    copy.mkdir()
    shutil.copy(directory / "run.json", copy)
    line = json.loads((directory / "alerts.jsonl").read_text().splitlines()[0])
    line |= {"blind": True, "quantities": dict.fromkeys(line["quantities"]), "state": dict.fromkeys(line["state"])}
    (copy / "alerts.jsonl").write_text(json.dumps(line) + "\n")
    run = spillway.read_run(copy)
    spillway.export.export_run(run, "root", tmp_path / "x.root")
    spillway.export.export_run(run, "parquet", tmp_path / "x")
    with uproot.open(tmp_path / "x.root") as file:
        tree = file["candidates"].arrays(library="np")
    assert tree["blind"][0] and tree["observed"][0] == -1 and np.isnan(tree["p_value"][0])
    assert np.isnan(tree["quantity_straw_tracks"][0])
    assert pd.isna(pd.read_parquet(tmp_path / "x/candidates.parquet")["observed"][0])


def test_a_failing_export_leaves_what_was_there(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "run.root").write_text("before")
    bad = tmp_path / "bad.csv"
    bad.write_text((directory / "decisions.csv").read_text()[:-40])
    run = spillway.read_run(directory, decisions=bad)
    with pytest.raises(spillway.RunError, match="bad.csv"):
        spillway.export.export_run(run, "root", tmp_path / "run.root")
    assert (tmp_path / "run.root").read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "run.root"]
    with pytest.raises(spillway.RunError, match="is there and is not a directory"):
        spillway.export.export_run(run, "csv", tmp_path / "run.root")


def test_what_to_install_is_said(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module, format in [("uproot", "root"), ("pyarrow", "parquet")]:
        monkeypatch.setitem(sys.modules, module, None)
        assert spillway.export.main([str(directory), "--format", format, "--out", str(tmp_path / "x")]) == 2
        error = capsys.readouterr().err
        assert f"needs {module}: pip install './Tools/python[{format}]'" in error and error.count("\n") == 1


def test_the_commands(directory: Path, tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path}
    done = run_spillway(
        "export", directory, "--format", "root", "--out", tmp_path / "run.root", env=environment)
    assert "decisions: " in done.stdout and not done.stderr
    with uproot.open(tmp_path / "run.root") as file:
        assert file["decisions"].num_entries > 0
    wrong = run_spillway(
        "export", tmp_path, "--format", "csv", "--out", tmp_path / "x", env=environment, check=False)
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1
    assert "has neither run.json nor ledger.sqlite" in wrong.stderr
    gone = run_spillway(
        "export", directory, "--format", "csv", "--out", tmp_path / "x", "--decisions", "none.csv", env=environment,
        check=False)
    assert gone.returncode == 2 and "--decisions none.csv: is not there" in gone.stderr

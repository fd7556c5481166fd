"""What read_run gives is what the files say, typed; what is blind stays blind; errors are one line."""

from __future__ import annotations

import csv
import json
import random
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import spillway
from conftest import MENU, run_spillway, start_spillway
from spillway.tables import DECISIONS, L0_DECISIONS


def raw(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_rates_are_those_of_the_manifest(run: spillway.Run) -> None:
    masks = run.manifest["results"]["masks"]
    assert list(run.rates["mask"]) == [mask["mask"] for mask in masks]
    assert list(run.rates["name"]) == [mask["name"] for mask in masks]
    assert list(run.rates["l1_accepted"]) == [mask["l1_accepted"] for mask in masks]
    assert list(run.rates["rate_hz"]) == [mask["rate_hz"] for mask in masks]
    assert list(run.rates["passed_KTAG"]) == [mask["passed"]["KTAG"] for mask in masks]
    assert run.rates["l0_input"].dtype == "int64" and run.rates["rate_low_hz"].dtype == "float64"
    lines = run.manifest["l0"]["lines"]
    assert list(run.l0_rates["sent"]) == [line["sent"] for line in lines]
    assert list(run.l0_rates["mask"]) == [line["mask"] for line in lines]


def test_bursts_and_rates_by_burst_add_up_to_the_run(run: spillway.Run) -> None:
    assert list(run.bursts["burst"]) == [1, 2, 3]
    assert run.bursts["Input"].sum() == run.manifest["results"]["events"]
    by_burst = run.rates_by_burst
    assert set(by_burst["burst"]) == {1, 2, 3}
    accepted = by_burst[by_burst["level"] == "l1"].groupby("line")["count"].sum()
    for mask in run.rates.itertuples():
        assert accepted.get(mask.name, 0) == mask.l1_accepted
    assert (by_burst["rate_hz"] == by_burst["count"] / by_burst["seconds"]).all()


def test_decisions_have_their_types_and_every_value_of_the_file(directory: Path, run: spillway.Run) -> None:
    for table, kinds, name in [
        (run.decisions, DECISIONS, "decisions.csv"), (run.l0_decisions, L0_DECISIONS, "l0-decisions.csv"),
    ]:
        rows = raw(directory / name)
        assert len(table) == len(rows) > 100
        assert list(table.columns) == list(rows[0]) and set(table.columns) == set(kinds)
        for column, kind in kinds.items():
            words = [row[column] for row in rows]
            if kind.startswith("hex"):
                expected = np.array([int(word, 16) for word in words], dtype=f"uint{kind[3:]}")
            else:
                expected = np.array(words, dtype=object if kind == "text" else kind)
            assert table[column].dtype == expected.dtype, column
            assert (table[column].to_numpy() == expected).all(), column
    results = run.manifest["results"]
    assert len(run.decisions) == results["events"] and (run.decisions["l1word"] != 0).sum() == results["kept"]
    assert pd.concat(run.decision_chunks(100), ignore_index=True).equals(run.decisions)


def test_candidates_are_the_alerts(run: spillway.Run) -> None:
    table = run.candidates
    assert len(table) == run.manifest["results"]["books"]["alerts"]["raised"] > 0
    lines = run.alert_lines
    assert list(table["id"]) == [line["id"] for line in lines]
    assert list(table["l1_masks"]) == [sum(2**m for m in line["l1"]["accepted_masks"]) for line in lines]
    assert table["event"].dtype == "uint32" and table["observed"].dtype == "Int64"
    assert str(table["t_data"].dtype) == "datetime64[ns, UTC]"
    first = lines[0]
    assert table["t_data"][0] == pd.Timestamp(first["t_data"])
    assert table["upper_limit_events"][0] == first["state"]["upper_limit_events"]
    for name, value in first["quantities"].items():
        assert table["quantity." + name][0] == value
    counted = run.counts.set_index("selection")["observed"]
    for selection, rows in table.groupby("selection"):
        assert len(rows) == counted[selection] == rows["observed"].iloc[-1]


def test_what_is_blind_is_missing_everywhere(directory: Path, run: spillway.Run) -> None:
    counts = run.counts.set_index("selection")
    assert set(counts.index[counts["blind"]]) == {"DarkPhotonEE", "DarkPhotonMuMu", "Kpi4e", "Kpinunu"}
    for column in ["seen", "entered", "observed", "upper_limit_events", "p_value", "anytime_p_value"]:
        assert counts.loc[counts["blind"], column].isna().all(), column
    open_ones = counts[~counts["blind"]]
    assert open_ones["seen"].notna().all() and (open_ones["seen"] == run.manifest["results"]["events"]).all()
    regions = run.regions.set_index(["selection", "region"])
    assert regions.loc[("Kpi4e", "SR"), "blind"] and pd.isna(regions.loc[("Kpi4e", "SR"), "events"])
    assert regions.loc[("Kpi4e", "pi0-peak"), "events"] == 0
    assert run.windows("Kpi4e", "aa")["events"].isna().all()
    assert run.cut_flows.groupby("selection")["failed"].apply(lambda c: c.isna().any())["Kpi4e"]
    assert not run.unblinded and not set(run.candidates["selection"]) & {"Kpi4e", "Kpinunu"}
    # As many are missing as counts.json has blind ones.
    def blind(value: object) -> int:
        if isinstance(value, dict):
            return sum(blind(v) for v in value.values())
        return sum(blind(v) for v in value) if isinstance(value, list) else value == "(blind)"
    flows = sum(blind(selection["cut_flow"]) for selection in run.selections)
    assert run.cut_flows[["passed", "failed", "unavailable"]].isna().sum().sum() == flows > 0


def test_unblinding_is_read_as_it_was_opened(directory: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(directory, tmp_path / "copy")
    run_spillway("unblind", copy, "Kpi4e", "--reason", "a test")
    run = spillway.read_run(copy)
    assert list(run.unblinded) == ["Kpi4e"]
    assert run.counts.set_index("selection")["observed"].isna()["Kpi4e"]


def test_limits_are_those_of_the_counting_experiments(run: spillway.Run) -> None:
    limits = run.limits
    expected = [s for s in run.selections if "counting" in s]
    assert list(limits["selection"]) == [s["selection"] for s in expected]
    for row, selection in zip(limits.itertuples(), expected, strict=True):
        if selection["blind"]:
            assert pd.isna(row.observed) and pd.isna(row.upper_limit_events)
        else:
            assert row.upper_limit_events == selection["counting"]["upper_limit_events"]
            assert row.method == selection["counting"]["method"] and row.tail == selection["counting"]["tail"]


def test_tables_of_the_counts(run: spillway.Run) -> None:
    flow = run.cut_flows[run.cut_flows["selection"] == "exotic-multi-track"]
    assert list(flow["step"]) == [1, 2, 3, 4, 5]
    selected = run.counts.set_index("selection")["selected"]
    assert flow["passed"].iloc[-1] == selected["exotic-multi-track"]
    by_burst = run.counts_by_burst
    sums = by_burst[by_burst["count"] == "selected"].groupby("selection")["events"].sum()
    assert all(sums[name] == selected[name] for name in sums.index)
    last = run.history.groupby("selection").last()
    observed = run.counts.set_index("selection")
    assert list(run.history.groupby("selection").size()) == [3, 3, 3]
    for name in last.index:
        assert last.loc[name, "observed"] == observed.loc[name, "observed"]
        assert last.loc[name, "upper_limit_events"] == observed.loc[name, "upper_limit_events"]
    books = run.books.set_index(["level", "name"])["count"]
    assert books["events", "in"] == len(run.decisions)
    # In the second pass L1's counters keep other events, of which there are no L1 data.
    assert len(run.unfinished) == books["l1-data", "unfinished-burst-end"] > 0
    assert set(run.unfinished["reason"]) == {"l1-burst-end"} and not run.scans
    assert {channel["name"] for channel in run.workspace["channels"]} == set(last.index)


def test_histograms_have_their_axes(run: spillway.Run, open_run: spillway.Run) -> None:
    tax = run.histogram("DarkPhotonEE", "tax")
    assert tax.counts.shape == (77, 62) and tax.inside.shape == (75, 60)
    assert tax.variables[0] == "vertex.z_tax" and tax.edges[0][0] == -50000 and tax.edges[0][-1] == 100000
    stored = next(h for s in run.selections if s["selection"] == "DarkPhotonEE"
                  for h in s["histograms"] if h["name"] == "tax")
    # The first axis runs fastest.
    full = np.flatnonzero(stored["counts"])
    assert all(tax.counts[i % 77, i // 77] == stored["counts"][i] for i in full)
    assert tax.counts.sum() == sum(stored["counts"])
    with pytest.raises(spillway.RunError, match="'DarkPhotonEE' has no 'mass' among its histograms; it has: "):
        run.histogram("DarkPhotonEE", "mass")
    with pytest.raises(spillway.RunError, match="no selection 'Kpi5e'; it has: DarkPhotonEE, "):
        run.histogram("Kpi5e", "mass")


def test_scans_of_a_run_that_is_open(open_run: spillway.Run) -> None:
    scan = open_run.scans["kaon-aa"]
    assert scan.name == "kaon-aa" and scan.contour is None and scan.grid is None
    limits = scan.limits
    assert len(limits) == 35 and limits["br_limit"].dtype == "float64" and limits["observed"].dtype == "int64"
    windows = open_run.windows("Kpi4e", "aa")
    assert list(windows["pairs.mean"]) == list(limits["mass_a_mev"])
    assert list(windows["events"]) == list(limits["observed"])
    assert list(limits["limit_events"]) == [point["limit_events"] for point in scan.result["points"]]
    assert (limits["br_limit"] > 0).all() and scan.result["counts"] is not None


def test_a_scan_of_its_own(tmp_path: Path) -> None:
    run_spillway(
        "scan", "Configs/scans/aprime-mumu-closure.yaml", "--points", "20x20", "--out", tmp_path / "mumu")
    scan = spillway.read_scan(tmp_path / "mumu")
    assert scan.limits is None and len(scan.grid) == 20 * 20
    assert (scan.grid["excluded"] == (scan.grid["yield_events"] >= scan.grid["limit_events"])).all()
    contour = scan.contour
    assert [point["mass_mev"] for point in scan.result["points"]] == list(contour["mass_mev"])
    inside = contour.dropna(subset=["epsilon_lower_observed"])
    assert len(inside) and (inside["epsilon_lower_observed"] < inside["epsilon_upper_observed"]).all()
    assert scan.outline["contour"].iloc[0] == "observed"
    with pytest.raises(spillway.RunError, match="has no scan.json; expected"):
        spillway.read_scan(tmp_path)


def test_the_ledger_stands_in_for_missing_files(directory: Path, run: spillway.Run, tmp_path: Path) -> None:
    shutil.copy(directory / "ledger.sqlite", tmp_path)
    rest = spillway.read_run(tmp_path)
    assert rest.is_finished and run.is_finished
    pd.testing.assert_frame_equal(rest.candidates, run.candidates)
    assert rest.manifest["configuration_hash"] == run.manifest["configuration_hash"]
    assert list(rest.bursts["burst"]) == [1, 2, 3]
    assert list(rest.bursts["events"]) == list(run.bursts["Input"])
    sums = rest.rates_by_burst.groupby(["level", "line"])["count"].sum()
    for mask in run.rates.itertuples():
        assert sums.get(("l0", f"mask {mask.mask}"), 0) == mask.l0_input
        assert sums.get(("l1", f"mask {mask.mask}"), 0) == mask.l1_accepted
    order = ["level", "name"]
    pd.testing.assert_frame_equal(
        rest.books.sort_values(order, ignore_index=True), run.books.sort_values(order, ignore_index=True))
    with pytest.raises(spillway.RunError, match="has no rates.csv; .*spillway report"):
        rest.rates


def test_a_run_that_was_killed_is_read_as_far_as_its_ledger(tmp_path: Path) -> None:
    out = tmp_path / "killed"
    with start_spillway(
        "replay", "Replay/pi4e-2018.pcap.gz", "--loop", "forever", "--menu", MENU, "--selections",
        "Configs/selections/first-counting.yaml", "--out", out,
    ) as process:
        try:
            while not (out / "ledger.sqlite").is_file() or len(spillway.read_run(out).bursts) < 2:
                assert process.poll() is None
                time.sleep(0.02)
        finally:
            process.kill()
    run = spillway.read_run(out)
    assert not run.is_finished and run.manifest["configuration_hash"]
    assert len(run.bursts) >= 2 and run.bursts["events"][0] == 941
    assert run.rates_by_burst.query("burst == 1 and level == 'l1'")["count"].sum() > 0
    with pytest.raises(spillway.RunError, match="has no counts.json"):
        run.counts


@pytest.mark.parametrize(
    "file, content, ask, message",
    [
        ("run.json", "{\"schema\":", "manifest", "run.json: cannot be read as JSON"),
        ("counts.json", "{}", "counts", "counts.json: has no 'selections'"),
        ("alerts.jsonl", "{\"schema\": 1}\n{\"sch", "candidates", "alerts.jsonl: line 2: is no JSON"),
        ("alerts.jsonl", "{\"event_type\": \"candidate\"}\n", "candidates", "a candidate without 'state'"),
        ("rates.csv", "mask,name\n", "rates", "rates.csv: has no column 'l0_input'"),
        ("decisions.csv", None, "decisions", "replay with --decisions"),
        ("ledger.sqlite", "no database", "alerts", "ledger.sqlite: cannot be read"),
    ])
def test_errors_are_one_line(
    directory: Path, tmp_path: Path, file: str, content: str | None, ask: str, message: str
) -> None:
    copy = shutil.copytree(directory, tmp_path / "copy")
    (copy / file).unlink()
    if content is not None:
        (copy / file).write_text(content)
    with pytest.raises(spillway.RunError) as caught:
        getattr(spillway.read_run(copy), ask)
    assert message in str(caught.value) and str(copy) in str(caught.value) and "\n" not in str(caught.value)


def test_a_directory_that_is_none(tmp_path: Path) -> None:
    for path in [tmp_path, tmp_path / "none"]:
        with pytest.raises(spillway.RunError, match="has neither run.json nor ledger.sqlite"):
            spillway.read_run(path)


@pytest.mark.parametrize(
    "column, value, message",
    [
        ("l0flags", "0x1ffff", "column 'l0flags': 131071 is outside 0 to 65535"),
        ("l0flags", "flags", "column 'l0flags': 'flags' is no number as 0x1f"),
        ("finetime", "256", "column 'finetime': 256 is outside 0 to 255"),
        ("event", "-1", "column 'event': -1 is outside"),
        ("event", "", "cannot be read as a table"),
        ("straw_cda", "far", "cannot be read as a table"),
        ("event", "99999999999999999999", "cannot be read as a table"),
    ])
def test_a_damaged_row_is_an_error(directory: Path, tmp_path: Path, column: str, value: str, message: str) -> None:
    rows = raw(directory / "decisions.csv")[:20]
    rows[7][column] = value
    with (tmp_path / "bad.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(spillway.RunError) as caught:
        spillway.read_run(directory, decisions=tmp_path / "bad.csv").decisions
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_hostile_bytes_give_an_error_or_a_table(directory: Path, run: spillway.Run, tmp_path: Path) -> None:
    rng = random.Random(62)
    asked = {
        "run.json": ["manifest", "books"], "rates.csv": ["rates"], "hlt.csv": ["bursts"],
        "rates-by-burst.csv": ["rates_by_burst"], "alerts.jsonl": ["candidates"], "decisions.csv": ["decisions"],
    }
    asked["counts.json"] = ["counts", "limits", "cut_flows", "regions", "counts_by_burst", "history"]
    # A short one, so that most changes hit what is read.
    few = [{k: v for k, v in s.items() if k not in ("histograms", "scans")} for s in run.selections]
    errors = 0
    for file, names in asked.items():
        content = (directory / file).read_bytes()[:20_000]
        if file == "counts.json":
            content = json.dumps({"selections": few}).encode()
        for _ in range(25):
            bad = bytearray(content)
            for _ in range(rng.randint(1, 3)):
                bad[rng.randrange(len(bad))] = rng.choice([0, 0xFF, 0x22, 0x2C, 0x0A, rng.randrange(256)])
            target = tmp_path / "run"
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir()
            (target / "run.json").write_text("{}")
            (target / file).write_bytes(bad[:rng.randrange(len(bad))] if rng.random() < 0.3 else bad)
            for name in names:
                try:
                    getattr(spillway.read_run(target), name)
                except spillway.RunError as error:
                    errors += 1
                    assert "\n" not in str(error)
    assert errors > 20

"""The workspaces that Spillway writes are what pyhf takes them for, and its limits are ours."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyhf
import pytest
from scipy import optimize, stats

import spillway
from conftest import run_spillway

LEVEL = 0.9


def limit(path: Path, *arguments: object) -> tuple[dict[str, float], pyhf.Workspace]:
    """Our limits by method, and the workspace as pyhf reads it, checked against its schema."""
    done = run_spillway(
        "limit", *arguments, "--method", "cls,asymptotic", "--json", "--pyhf", path, "--cl", LEVEL)
    answer = json.loads(done.stdout)
    workspace = json.loads(path.read_text())
    pyhf.schema.validate(workspace, "workspace.json")
    return {i["name"]: i["upper"] for i in answer["intervals"]}, pyhf.Workspace(workspace)


def asymptotic(workspace: pyhf.Workspace, guess: float) -> float:
    model = workspace.model()
    bound = model.config.suggested_bounds()[model.config.poi_index][1]
    scan = pyhf.infer.intervals.upper_limits.toms748_scan
    return float(scan(workspace.data(model), model, 1e-3, min(bound, 4 * guess + 10), level=1 - LEVEL)[0])


def exact_limit(observed: int, background: float, level: float, bound: float) -> float:
    """The signal at which P(N <= n | signal + background) / P(N <= n | background) is 1 - level."""
    least = stats.poisson.cdf(observed, background)
    return float(optimize.brentq(
        lambda s: stats.poisson.cdf(observed, background + s) / least - (1 - level), 0, bound, rtol=1e-13))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--observed", 3, "--background", "1.65"],
        ["--observed", 20, "--background", "7.03±0.94:auxiliary count"],
        ["--observed", 4, "--background", "3±0.5:gaussian"],
        ["--observed", 30, "--background", "25±3:log-normal", "--efficiency", "0.9"],
        ["--observed", 5, "--background", "2", "--observed", 12, "--background", "10±1:gaussian",
         "--efficiency", "0.3", "--efficiency", "0.8"],
    ])
def test_pyhf_finds_our_asymptotic_limit(arguments: list[object], tmp_path: Path) -> None:
    ours, workspace = limit(tmp_path / "workspace.json", *arguments)
    assert asymptotic(workspace, ours["asymptotic"]) == pytest.approx(ours["asymptotic"], rel=2e-3)


def test_the_exact_limit_follows_from_the_workspace(tmp_path: Path) -> None:
    ours, workspace = limit(
        tmp_path / "workspace.json", "--observed", 3, "--background", "1.65", "--efficiency", "0.8")
    model = workspace.model()
    background, both = (model.expected_data([s], include_auxdata=False)[0] for s in (0, 1))
    exact = exact_limit(int(workspace.data(model)[0]), background, LEVEL, 100)
    assert ours["cls"] == pytest.approx(exact / (both - background), rel=1e-9)


def test_the_workspace_of_a_run_is_its_counting_experiments(run: spillway.Run) -> None:
    pyhf.schema.validate(run.workspace, "workspace.json")
    workspace = pyhf.Workspace(run.workspace)
    table = run.counts.set_index("selection")
    assert workspace.channels == sorted(table.index[table["observed"].notna()])
    for name in workspace.channels:
        others = [other for other in workspace.channels if other != name]
        one = workspace.prune(channels=others)
        model = one.model()
        row = table.loc[name]
        assert one.data(model)[0] == row["observed"]
        expected = [model.expected_data([s], include_auxdata=False)[0] for s in (0, 1)]
        assert expected[0] == pytest.approx(row["background"], rel=1e-12)
        # The strength counts selected signal events, as the limit of a run does.
        assert expected[1] - expected[0] == pytest.approx(1, rel=1e-12)

        exact = exact_limit(row["observed"], expected[0], row["confidence_level"], 10 * row["upper_limit_events"])
        assert row["upper_limit_events"] == pytest.approx(exact, rel=1e-8)


def test_pyhf_fits_the_run(run: spillway.Run) -> None:
    workspace = pyhf.Workspace(run.workspace)
    model = workspace.model()
    data = workspace.data(model)
    fit = pyhf.infer.mle.fit(data, model)
    mu = float(fit[model.config.poi_index])
    table = run.counts.set_index("selection").loc[workspace.channels]
    # One strength for all, background known: the likelihood has its maximum where its derivative is 0.
    n, b = table["observed"].to_numpy(float), table["background"].to_numpy(float)
    s = np.array([model.expected_data([1.0], include_auxdata=False)[i] - b[i] for i in range(len(b))])
    best = optimize.brentq(lambda m: np.sum(s * (n / (m * s + b) - 1)), 0, 10 * n.max() / s.min())
    assert mu == pytest.approx(best, rel=1e-3)

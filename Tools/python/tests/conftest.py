"""Runs that the release binary makes: the program is $SPILLWAY, or .build/release/spillway."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import spillway

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = Path(os.environ.get("SPILLWAY", ROOT / ".build/release/spillway"))
MENU = "Configs/menus/kaon-2018.yaml"


def command(*arguments: object) -> list[str]:
    """The program with its arguments; without a program the test is skipped."""
    if not PROGRAM.is_file():
        pytest.skip(f"there is no {PROGRAM}: swift build -c release --product spillway")
    return [str(PROGRAM), *map(str, arguments)]


def run_spillway(*arguments: object, check: bool = True, **options: object) -> subprocess.CompletedProcess[str]:
    """Runs the program in the repository."""
    return subprocess.run(
        command(*arguments), cwd=ROOT, text=True, capture_output=True, check=check, **options)


def start_spillway(*arguments: object) -> subprocess.Popen[bytes]:
    """Starts the program in the repository."""
    return subprocess.Popen(
        command(*arguments), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three bursts with open and blind selections, decisions, rates by burst, and L0's triggers."""
    out = tmp_path_factory.mktemp("runs") / "pi4e"
    out.mkdir()
    run_spillway(
        "replay", "Replay/pi4e-2018.pcap.gz", "--loop", 3, "--menu", MENU,
        "--selections", *sorted(ROOT.glob("Configs/selections/*.yaml")), "--bands", "Configs/monitoring/kaon-2018.yaml",
        "--decisions", out / "decisions.csv", "--l0-decisions", out / "l0-decisions.csv", "--out", out)
    return out


@pytest.fixture(scope="session")
def run(directory: Path) -> spillway.Run:
    """The run, read."""
    return spillway.read_run(directory)


@pytest.fixture(scope="session")
def open_run(tmp_path_factory: pytest.TempPathFactory) -> spillway.Run:
    """A run whose search is open, with a scan of it."""
    out = tmp_path_factory.mktemp("runs") / "open"
    text = (ROOT / "Configs/selections/kpi4e.yaml").read_text().replace("blind: true", "blind: false")
    selections = out.parent / "open.yaml"
    selections.write_text(text)
    run_spillway(
        "replay", "Replay/pi4e-2018.pcap.gz", "--menu", MENU, "--selections", selections, "--scans",
        "Configs/scans/kaon-aa.yaml", "--out", out)
    return spillway.read_run(out)

#!/usr/bin/env python3
"""A stand-in for `spillway serve`: the page, the documents of the API with made-up numbers, and their events.

    Tools/dashboard/mock_server.py --scenario normal --port 8123
    Tools/dashboard/mock_server.py --list

It needs Python alone. The documents have the keys of Sources/Monitoring/Documents; a value that Swift would leave
out (nil) is left out here too.
"""

import argparse
import datetime
import json
import math
import pathlib
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "Sources/Monitoring/Page"
VENDOR = pathlib.Path("/usr/share/javascript/dygraphs")
TYPES = ("status", "rates", "counts", "alerts", "health")
MIME = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".js": "text/javascript; charset=utf-8",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>&amp;\u202e"\'`${alert(1)}'

SCENARIOS = {
    "normal": "a replay at true speed, all lines inside their bands",
    "live": "an interface, one line high, one alarm",
    "trouble": "a dead detector, a hot line, a rate that is low, losses, firing alarms",
    "empty": "nothing has come yet",
    "lines60": "sixty lines and more",
    "alerts200": "200 alarms and candidates",
    "blind": "selections that are sealed",
    "hostile": "names and texts that try to run as script, or to break the layout",
    "finished": "a run directory of a run that has ended",
    "failed": "a run that an error has ended",
}

START = datetime.datetime(2018, 9, 13, 12, 0, 0, tzinfo=datetime.timezone.utc)


def rfc3339(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def poisson(rng, mean):
    if mean <= 0:
        return 0
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def line_list(scenario):
    """Name, level, rate in Hz, and how far the true rate is from the expected one."""
    detectors = [
        ("CHOD", 9.8e6),
        ("RICH", 1.02e7),
        ("LAV", 1.35e7),
        ("MUV3", 8.1e6),
        ("NewCHOD", 1.21e7),
        ("LKr", 3.1e6),
    ]
    masks = [
        ("0 non-mu", 24_100),
        ("1 PNN", 61_300),
        ("2 DV-2mu", 8_420),
        ("3 muMT", 11_900),
        ("4 eMT", 15_230),
        ("5 MT", 7_730),
        ("6 2muMT", 18_340),
        ("7 DV-mu", 9_210),
        ("10 neutrino", 2_040),
        ("control", 24_600),
    ]
    lines = [(n, "detector", r, 1) for n, r in detectors] + [(n, "l0", r, 1) for n, r in masks]
    lines += [(n, "l1", r * 0.031, 1) for n, r in masks[:-1]]
    for n, r in masks[: (9 if scenario == "lines60" else 3)]:
        for k, algorithm in enumerate(("KTAG", "LAV", "STRAW")):
            lines.append((f"{n}, {algorithm}", "algorithm", r * (0.62, 0.2, 0.04)[k], 1))
    if scenario == "lines60":
        lines += [(f"{i + 11} parasitic-{i}", "l0", 900 + 37 * i, 1) for i in range(8)]
    lines += [
        ("K3pi", "selection", 310, 1),
        ("K2piDoubleDalitz", "selection", 0.11, 1),
        ("Kpi4e", "selection", 0.02, 1),
        ("HaloMuons", "selection", 41, 1),
    ]
    lines += [
        ("packets", "stream", 203_400, 1),
        ("fragments", "stream", 3.3e6, 1),
        ("lost fragments", "stream", 0.2, 1),
    ]
    changes = {
        "trouble": {
            ("RICH", "detector"): 0,
            ("1 PNN", "l0"): 0.02,
            ("LAV", "detector"): 1.35,
            ("4 eMT", "l0"): 0.81,
            ("lost fragments", "stream"): 900,
        },
        "live": {("LAV", "detector"): 1.12},
    }.get(scenario, {})
    lines = [(n, l, r, changes.get((n, l), 1)) for n, l, r, _ in lines]
    if scenario == "hostile":
        lines[0] = (HOSTILE, "detector", 9.8e6, 1)
        lines.append(("x" * 300, "selection", 10, 1))
        lines.append(("__proto__", "selection", 10, 1))
        lines.append(("constructor", "l0", 0, 1))
    return lines


class World:
    """The run that is shown: a burst every 14.4 s of data time, 4.8 s of spill, told faster than real time."""

    SPILL, BINS = 4.8, 48

    def __init__(self, scenario, seed=7, history=60, pace=1.0):
        self.scenario, self.rng, self.pace = scenario, random.Random(seed), pace
        self.run, self.history = 9000, history
        self.begin = time.time()
        self.lines = [] if scenario == "empty" else line_list(scenario)
        self.closed = {(n, l): [] for n, l, _, _ in self.lines}
        self.experiments = {}
        self.alerts, self.raised = [], 0
        self.burst, self.phase = 1, 0.0
        self.batches = 0
        if scenario != "empty":
            for burst in range(1, 41):
                self.burst = burst
                self.close_burst(late=burst > 34)
            self.burst += 1
            self.phase = 0.55
            self.first_alerts()
        self.documents = {}
        self.build()

    # Rates.
    def close_burst(self, late=True):
        for name, level, rate, factor in self.lines:
            points = self.closed[(name, level)]
            mean = rate * (factor if late else 1) * self.SPILL * self.rng.gauss(1, 0.008)
            points.append(
                {
                    "run": self.run,
                    "burst": self.burst,
                    "count": poisson(self.rng, mean),
                    "seconds": self.SPILL,
                    "dataTime": rfc3339(self.data_time(self.burst)),
                }
            )
            del points[: -self.history]
        for name in ("K3pi", "K2piDoubleDalitz", "HaloMuons", "DarkPhotonMuMu"):
            rate = {"K3pi": 310 * 4.8, "K2piDoubleDalitz": 0.5, "HaloMuons": 200, "DarkPhotonMuMu": 0.04}[
                name
            ]
            entry = self.experiments.setdefault(
                name, {"events": 0, "observed": 0, "background": 0.0, "history": []}
            )
            seen = poisson(self.rng, rate)
            entry["events"] += 61_000 + poisson(self.rng, 500)
            entry["observed"] += seen
            entry["background"] += rate if name != "K2piDoubleDalitz" else rate * 0.9
            b, n = entry["background"], entry["observed"]
            point = {
                "run": self.run,
                "burst": self.burst,
                "observed": n,
                "background": b,
                "upperLimit": max(2.3, n - b + 1.28 * math.sqrt(max(n, 1)) + 1.2),
            }
            z = (n - b) / math.sqrt(max(b, 0.1))
            point["zOneSided"] = z
            point["anytimePValue"] = min(1.0, math.exp(-0.5 * max(z, 0) ** 2) * 1.7)
            entry["history"] = (entry["history"] + [point])[-self.history :]

    def data_time(self, burst, phase=0.0):
        return START + datetime.timedelta(seconds=14.4 * burst + phase * self.SPILL)

    def rates(self):
        lines = []
        for name, level, rate, factor in self.lines:
            points = list(self.closed[(name, level)])
            bins = [0] * self.BINS
            filled = int(self.phase * self.BINS) if not self.ended else self.BINS
            local = random.Random(f"{name}{self.burst}")
            for k in range(min(filled + 1, self.BINS)):
                shape = (1 - 0.5 / (k + 1)) * (1 + 0.03 * math.sin(k / 3)) * 1.03
                bins[k] = poisson(local, rate * factor * self.SPILL / self.BINS * shape)
                if k == filled:
                    bins[k] = int(bins[k] * (self.phase * self.BINS - filled))
            if self.phase > 0 and not self.ended:
                points.append(
                    {
                        "run": self.run,
                        "burst": self.burst,
                        "count": sum(bins),
                        "seconds": self.SPILL * self.phase,
                        "dataTime": rfc3339(self.data_time(self.burst)),
                    }
                )
            line = {
                "name": name,
                "level": level,
                "bursts": points,
                "along": bins,
                "condition": "normal",
                "total": sum(p["count"] for p in points),
            }
            if not (name in ("control", "10 neutrino") or level == "stream" and name != "lost fragments"):
                width = max(0.06, 3 / math.sqrt(max(rate * self.SPILL, 1)))
                line["band"] = {
                    "expected": rate,
                    "low": max(0, rate * (1 - width)),
                    "high": rate * (1 + width),
                    "origin": "run 8999, 412 bursts",
                }
                line["condition"] = (
                    "dead" if factor == 0 else "low" if factor < 0.9 else "high" if factor > 1.1 else "normal"
                )
            lines.append(line)
        return {
            "binSeconds": self.SPILL / self.BINS,
            "isBurstOpen": not self.ended and bool(lines),
            "lines": lines,
        }

    # Counts.
    def counts(self):
        selections = []
        if self.scenario == "empty":
            return {"selections": []}
        method = "CLs, exact; one-sided upper; background known to 12 % (Gamma)"
        roles = {
            "K3pi": "normalisation",
            "K2piDoubleDalitz": "signal",
            "HaloMuons": "control",
            "DarkPhotonMuMu": "signal",
        }
        for name, entry in self.experiments.items():
            s = {
                "name": name,
                "role": roles[name],
                "isBlind": False,
                "events": entry["events"],
                "selected": entry["observed"],
                "history": [],
            }
            if roles[name] == "signal":
                s |= {
                    "confidenceLevel": 0.9,
                    "method": method,
                    "state": entry["history"][-1],
                    "history": entry["history"],
                }
            selections.append(s)
        # The numbers here must never be on the page: a server that made a mistake is not repeated by it.
        leak = {
            "run": self.run,
            "burst": self.burst,
            "observed": 7770777,
            "background": 7770777.5,
            "upperLimit": 7770777.25,
            "zOneSided": 7770777.125,
            "anytimePValue": 0.7770777,
        }
        names = ["Kpi4e"] + (["Kpinunu", "DarkPhotonEE"] if self.scenario == "blind" else [])
        for name in names:
            s = {"name": name, "role": "signal", "isBlind": True, "events": 7770777, "history": []}
            if self.scenario == "blind" and name == "Kpinunu":
                s |= {
                    "selected": 7770777,
                    "state": leak,
                    "history": [leak],
                    "confidenceLevel": 0.9,
                    "method": method,
                }
            selections.append(s)
        if self.scenario == "finished":  # as a limit that cannot be given
            selections[3]["state"] = selections[3]["state"] | {"upperLimit": "Infinity"}
        if self.scenario == "hostile":
            selections[0]["name"] = HOSTILE
            selections[1]["method"] = HOSTILE
            selections[1]["state"] = {k: v for k, v in selections[1]["state"].items() if k != "zOneSided"}
        return {"selections": selections}

    # Alerts.
    def raise_alert(self, kind, severity, text, firing=None, rule=None, **more):
        self.raised += 1
        moment = self.data_time(self.burst, self.rng.random())
        entry = {
            "id": f"{self.run}-{self.burst}-{self.raised}-{kind}",
            "rule": rule or kind,
            "kind": kind,
            "severity": severity,
            "text": text,
            "dataTime": rfc3339(moment),
            "wallTime": rfc3339(datetime.datetime.now(datetime.timezone.utc)),
            "run": self.run,
            "burst": self.burst,
            "quantities": {},
            "hasDisplay": False,
            "delivered": ["alerts.jsonl", "terminal"],
            "pending": [],
        }
        if firing is not None:
            entry["isFiring"] = firing
        entry |= more
        self.alerts.insert(0, entry)
        del self.alerts[200:]
        return entry

    def candidate(self, name="K2piDoubleDalitz"):
        return self.raise_alert(
            "candidate",
            "information",
            f"candidate of {name} in region signal",
            rule=f"candidate-{name}",
            event=self.rng.randrange(1, 60000),
            hasDisplay=True,
            quantities={
                "m_pi4e": f"{self.rng.gauss(493.7, 2):.2f} MeV",
                "m_4e": f"{self.rng.gauss(135, 4):.2f} MeV",
                "vertex.z": f"{self.rng.uniform(105, 180):.2f} m",
                "vertex.chi2": f"{self.rng.expovariate(.2):.1f}",
            },
        )

    def first_alerts(self):
        s = self.scenario
        self.raise_alert("heartbeat", "information", "heartbeat: the chain works", rule="heartbeat")
        self.raise_alert(
            "drift",
            "warning",
            "rate of LAV is 6.1 % above run 8999 since burst 21",
            firing=False,
            rule="rate-drift",
        )
        first = self.candidate()
        self.candidate()
        self.raise_alert(
            "retraction",
            "information",
            f"candidate {first['id']} is withdrawn: the STRAW data were incomplete",
            rule=first["rule"],
            refersTo=first["id"],
        )
        if s in ("trouble", "alerts200"):
            self.raise_alert(
                "drift",
                "critical",
                "RICH is dead: no primitives since burst 35, 1.020e7 Hz expected",
                firing=True,
                rule="dead-detector",
                pending=["webhook https://shift.example/hook"],
            )
            self.raise_alert(
                "drift",
                "warning",
                "rate of LAV is 35 % above its band since burst 35",
                firing=True,
                rule="rate-drift",
            )
            self.raise_alert(
                "quality",
                "warning",
                "0.03 % of fragments lost in burst 40, tolerance 0.01 %",
                firing=True,
                rule="data-quality",
            )
        if s == "live":
            self.raise_alert(
                "drift",
                "warning",
                "rate of LAV is 12 % above its band since burst 35",
                firing=True,
                rule="rate-drift",
            )
        if s == "alerts200":
            for k in range(200):
                if k % 3:
                    self.candidate()
                else:
                    self.raise_alert(
                        "drift",
                        "warning",
                        f"rate of mask {k % 16} left its band for {k} s",
                        firing=k % 12 == 0,
                        rule="rate-drift",
                    )
        if s == "hostile":
            self.raise_alert(
                "candidate",
                "critical",
                HOSTILE * 3,
                firing=True,
                rule=HOSTILE,
                hasDisplay=True,
                quantities={HOSTILE: HOSTILE, "__proto__": "1"},
                id='../../x?y#z"' + HOSTILE,
            )
            self.raise_alert('drift"><script>window.hacked=1</script>', "fatal", "y" * 2000, firing=True)

    def health(self):
        scale = 0 if self.scenario == "empty" else self.burst * 976_000 + int(self.phase * 976_000)
        lost = scale // 3000 if self.scenario == "trouble" else 0

        def account(item, total, rejected, lost_by):
            losses = sum(lost_by.values())
            columns = [
                {"name": "accepted", "count": total - rejected - losses, "isLoss": False},
                {"name": "rejected", "count": rejected, "isLoss": False},
            ]
            columns += [{"name": n, "count": c, "isLoss": True} for n, c in lost_by.items()]
            return {
                "item": item,
                "entered": total,
                "columns": columns,
                "closes": not (self.scenario == "trouble" and item == "events"),
            }

        books = [
            account("packets", scale, scale // 900, {"no room": 0, "truncated": lost // 7}),
            account("datagrams", scale, 0, {"reassembly timed out": lost // 9}),
            account("fragments", scale * 16, 0, {"late": lost, "duplicate": 0}),
            account("events", scale // 4, scale // 5, {"incomplete": lost // 3}),
            account("L1 data", scale // 8, 0, {"event gone": 0}),
            account("alerts", self.raised, 0, {"throttled": 0}),
        ]
        live = self.scenario in ("live", "trouble")
        fill = 7 if self.scenario == "trouble" else 1
        stages = [
            {
                "name": n,
                "waiting": min(c, int(self.rng.random() * (fill + 1)) if n != "L1" else fill),
                "capacity": c,
                "batches": self.batches + k,
                "busySeconds": self.batches * w,
            }
            for k, (n, c, w) in enumerate(
                [
                    ("capture", 8, 0.004),
                    ("L0", 8, 0.011),
                    ("event building", 8, 0.009),
                    ("L1", 8, 0.021),
                    ("reconstruction", 8, 0.014),
                    ("selections", 8, 0.003),
                    ("statistics", 8, 0.0004),
                    ("alerts", 64, 0.0001),
                ]
            )
        ]
        document = {
            "books": books,
            "stages": [] if self.scenario == "empty" else stages,
            "alertsPending": sum(1 for a in self.alerts if a["pending"]),
            "memory": 211_000_000 + self.batches * 100,
            "bytes": scale * 1442,
        }
        if live:
            document |= {"kernelDrops": lost, "interfaceDrops": 0}
        elif self.scenario in ("normal", "lines60", "blind", "hostile"):
            document["lateness"] = 118.4
        return document

    @property
    def ended(self):
        return self.scenario in ("finished", "failed")

    def status(self):
        live = self.scenario in ("live", "trouble")
        s = {
            "source": "live" if live else "finished" if self.scenario == "finished" else "replay",
            "state": {"finished": "finished", "failed": "failed"}.get(self.scenario, "running"),
            "input": "enp3s0f0" if live else "Replay/pi4e-2018.pcap.gz",
            "menu": "kaon-2018",
            "bursts": self.burst - 1,
            "wallTime": rfc3339(datetime.datetime.now(datetime.timezone.utc)),
            "startTime": rfc3339(datetime.datetime.fromtimestamp(self.begin, datetime.timezone.utc)),
            "isTest": not live,
            "configurationHash": "91e1fb745c728f3a4d6f26f9da0b68eeb635906318dac86e9947170d5deae881",
            "version": "0.1.0",
        }
        if self.scenario != "empty":
            s |= {
                "run": self.run,
                "burst": self.burst,
                "dataTime": rfc3339(self.data_time(self.burst, self.phase)),
            }
        else:
            s["bursts"] = 0
        if not live and self.scenario != "finished":
            s["speed"] = 1.0
        if self.scenario == "hostile":
            s |= {"input": HOSTILE, "menu": HOSTILE, "version": HOSTILE}
        return s

    def step(self, seconds):
        """Goes on by some seconds of data time."""
        if self.scenario == "empty" or self.ended:
            self.build()
            return
        self.batches += 40
        self.phase += seconds * self.pace / self.SPILL
        if self.phase >= 1:
            self.close_burst()
            self.burst += 1
            self.phase = 0.02
            if self.burst % 5 == 0:
                self.candidate()
            if self.burst % 9 == 0:
                self.raise_alert("heartbeat", "information", "heartbeat: the chain works", rule="heartbeat")
        self.build()

    def build(self):
        rules = sorted({a["rule"] for a in self.alerts})
        alerts = {
            "total": self.raised,
            "entries": self.alerts,
            "rules": [
                {
                    "rule": r,
                    "raised": sum(a["rule"] == r for a in self.alerts),
                    "firing": sum(a["rule"] == r and a.get("isFiring") is True for a in self.alerts),
                }
                for r in rules
            ],
            "sinks": [
                {
                    "name": n,
                    "delivered": sum(n in a["delivered"] for a in self.alerts),
                    "pending": sum(n in a["pending"] for a in self.alerts),
                    "failed": 0,
                }
                for n in ("alerts.jsonl", "terminal", "webhook https://shift.example/hook")
            ],
        }
        self.documents = {
            "status": self.status(),
            "rates": self.rates(),
            "counts": self.counts(),
            "alerts": alerts,
            "health": self.health(),
        }


DISPLAY = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1280 480" width="1280" height="480">
<style>svg {{ --ink: #1c2430; --dim: #5d6878; --paper: #fff; }} @media (prefers-color-scheme: dark) {{ svg {{ --ink: #e5e9f0;
--dim: #9aa5b5; --paper: #14181f; }} }} text {{ font: 20px system-ui, sans-serif; fill: var(--ink); }}</style>
<rect width="100%" height="100%" fill="var(--paper)"/><text x="24" y="40">Mock display of {id}</text>
<g fill="none" stroke-width="3"><path d="M80 260H1200" stroke="var(--dim)" stroke-dasharray="6 6"/>
<path d="M200 260L700 180L1200 90" stroke="#2f6fde"/><path d="M200 260L700 290L1200 420" stroke="#d9822b"/>
<path d="M200 260L700 240L1200 230" stroke="#2a9d6f"/></g></svg>"""


class MockServer:
    """The server and the thread that lets its world go on."""

    def __init__(
        self, scenario="normal", port=0, interval=0.5, pace=1.0, vendor=True, world=None, policy=POLICY
    ):
        self.world = world or World(scenario, pace=pace)
        self.interval, self.vendor, self.policy = interval, vendor, policy
        self.changed, self.version, self.stopping = threading.Condition(), 0, False
        self.silent = False  # no new states; connections stay
        self.starts = False  # nothing is published yet
        self.refuses = False  # as a server that wants its token
        self.sent = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def send(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", outer.policy)
                self.send_header("X-Content-Type-Options", "nosniff")
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                if outer.stopping:  # a connection that was kept: the server is gone
                    self.close_connection = True
                    return
                try:
                    self.answer(unquote(self.path.split("?")[0]))
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def answer(self, path):
                documents = outer.world.documents
                if path == "/":
                    return self.send(200, MIME[".html"], (PAGE / "dashboard.html").read_bytes())
                if path == "/login":
                    return self.send(200, MIME[".html"], (PAGE / "login.html").read_bytes())
                if path.startswith("/assets/"):
                    name = path.rpartition("/")[2]
                    folder = VENDOR if "/vendor/" in path else PAGE
                    file = folder / name
                    if not file.is_file() or folder is VENDOR and not outer.vendor:
                        return self.send(404, "text/plain", b"not found\n")
                    return self.send(
                        200, MIME.get(file.suffix, "application/octet-stream"), file.read_bytes()
                    )
                if path.startswith("/api/") and outer.refuses:
                    return self.send(401, "text/plain", b"token\n")
                if path.startswith("/api/") and outer.starts:
                    return self.send(503, "application/problem+json", b"{}")
                if path == "/api/v1/snapshot":
                    return self.send(200, "application/json", json.dumps(documents).encode())
                if path.startswith("/api/v1/candidates/"):
                    body = DISPLAY.format(
                        id=path.split("/")[4].replace("&", "&amp;").replace("<", "&lt;")[:60]
                    )
                    return self.send(200, MIME[".svg"], body.encode())
                if path == "/api/v1/events":
                    return self.events()
                if path.startswith("/api/v1/") and path[8:] in documents:
                    return self.send(200, "application/json", json.dumps(documents[path[8:]]).encode())
                return self.send(404, "text/plain", b"not found\n")

            def events(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Cache-Control", "no-store")
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                seen = -1
                while not outer.stopping:
                    with outer.changed:
                        outer.changed.wait_for(lambda: outer.version != seen or outer.stopping, timeout=5)
                        seen = outer.version
                    if outer.stopping:
                        return
                    for kind in TYPES:
                        self.wfile.write(
                            f"event: {kind}\ndata: {json.dumps(outer.world.documents[kind])}\n\n".encode()
                        )
                    self.wfile.flush()
                    outer.sent += 1

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.threads = [
            threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True),
            threading.Thread(target=self.go_on, daemon=True),
        ]
        for thread in self.threads:
            thread.start()

    def go_on(self):
        while not self.stopping:
            time.sleep(self.interval)
            if not self.silent:
                self.step()

    def step(self):
        """One more state, to all who listen."""
        self.world.step(self.interval)
        with self.changed:
            self.version += 1
            self.changed.notify_all()

    def stop(self):
        """Ends the server and its connections; the port is free after it."""
        self.stopping = True
        with self.changed:
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default="normal", choices=SCENARIOS)
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--interval", type=float, default=0.5, help="seconds between updates")
    parser.add_argument("--pace", type=float, default=1.0, help="data time for real time")
    parser.add_argument("--no-vendor", action="store_true", help="answer 404 for the chart library")
    parser.add_argument("--list", action="store_true", help="list the scenarios")
    arguments = parser.parse_args()
    if arguments.list:
        for name, text in SCENARIOS.items():
            print(f"{name:10} {text}")
        return
    server = MockServer(
        arguments.scenario, arguments.port, arguments.interval, arguments.pace, not arguments.no_vendor
    )
    print(server.url, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.stop()


if __name__ == "__main__":
    main()

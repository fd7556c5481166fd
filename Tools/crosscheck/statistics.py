"""Compares `spillway limit` with scipy and pyhf on a grid of counts and backgrounds."""

import json
import math
import os
import subprocess
import sys
import tempfile
import time

import numpy
import pyhf
import scipy
from scipy import integrate, optimize, special, stats

PROGRAM = os.environ["SPILLWAY"]
LEVEL = 0.9


def limit(n, background, *more):
    out = subprocess.run(
        [PROGRAM, "limit", "--observed", str(n), "--background", background, "--json", *more],
        capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


def upper(answer, name="cls"):
    for interval in answer["intervals"]:
        if interval["name"] == name:
            if "refused" in interval:
                raise ValueError(interval["refused"])
            return interval["upper"]
    raise KeyError(name)


def cls_limit(below, level=LEVEL):
    """The signal at which P(N <= n | s) / P(N <= n | 0) = 1 - CL; `below` gives the probability."""
    least = below(0.0)
    return optimize.brentq(
        lambda s: below(s) / least - (1 - level), 0, 1e4, xtol=1e-13, rtol=1e-14)


def known(n, b):
    return cls_limit(lambda s: stats.poisson.cdf(n, s + b))


def counted(n, m, tau):
    """The background's count, given m auxiliary events and a flat prior, is negative binomial."""
    background = stats.nbinom(m + 1, tau / (1 + tau))

    def below(s):
        k = numpy.arange(n + 1)
        return float(numpy.sum(stats.poisson.pmf(k, s) * background.cdf(n - k)))

    return cls_limit(below)


def averaged(n, density, low, high):
    def below(s):
        value, _ = integrate.quad(
            lambda b: density(b) * stats.poisson.cdf(n, s + b), low, high, epsabs=0, epsrel=1e-11,
            limit=400)
        return value

    return cls_limit(below)


class Table:
    def __init__(self):
        self.rows = []
        self.failed = False

    def add(self, what, peer, points, difference, allowed, note=""):
        ok = allowed is None or difference <= allowed
        self.failed |= not ok
        bound = "-" if allowed is None else f"{allowed:.0e}"
        self.rows.append(f"| {what} | {peer} | {points} | {difference:.2g} | {bound} | {note}{'' if ok else ' TOO LARGE'} |")

    def show(self):
        print("| quantity | against | points | largest relative difference | allowed | note |")
        print("|---|---|---|---|---|---|")
        print("\n".join(self.rows))


def relative(ours, theirs):
    if not (math.isfinite(ours) and math.isfinite(theirs)):
        sys.exit(f"not a number: ours {ours}, theirs {theirs}")
    return abs(ours - theirs) / max(abs(theirs), 1e-300)


def main():
    quick = "--quick" in sys.argv[1:]
    counts = [0, 1, 3, 20] if quick else [0, 1, 2, 3, 5, 10, 20, 51]
    means = [0.016, 1.65, 7.03] if quick else [1e-6, 0.016, 0.152, 0.92, 1.65, 3.0, 7.03, 18.0]
    table = Table()
    print(f"scipy {scipy.__version__}, pyhf {pyhf.__version__}, numpy {numpy.__version__}; CL {LEVEL}\n")

    largest, tails, z, points = 0, 0, 0, 0
    for n in counts:
        for b in means:
            answer = limit(n, repr(b), "--method", "cls")
            largest = max(largest, relative(upper(answer), known(n, b)))
            p = stats.poisson.sf(n - 1, b)
            tails = max(tails, relative(answer["channels"][0]["significance"]["p_value"], p))
            # Below, scipy's p-value is 0; ours goes on by its logarithm.
            if 0 < n and 1e-300 < p < 0.5:
                z = max(z, relative(answer["channels"][0]["significance"]["z_one_sided"], stats.norm.isf(p)))
            points += 1
    table.add("CLs limit, known background", "scipy.stats.poisson", points, largest, 1e-10)
    table.add("p-value, known background", "scipy.stats.poisson.sf", points, tails, 1e-10)
    table.add("Z, one-sided", "scipy.stats.norm.isf", points, z, 1e-9)

    largest, tails, points = 0, 0, 0
    for n in counts:
        for m, tau in [(0, 2.0), (3, 5.0), (25, 50.0)]:
            answer = limit(n, f"{m}/{tau}", "--method", "cls")
            largest = max(largest, relative(upper(answer), counted(n, m, tau)))
            # Z_Bi: the binomial test of n on and m off counts.
            p = special.betainc(n, m + 1, 1 / (1 + tau)) if n else 1.0
            tails = max(tails, relative(answer["channels"][0]["significance"]["p_value"], p))
            points += 1
    table.add("CLs limit, auxiliary count", "scipy.stats.nbinom, convolved", points, largest, 1e-9)
    table.add("p-value, auxiliary count (Z_Bi)", "scipy.special.betainc", points, tails, 1e-9)

    largest, tails, points = 0, 0, 0
    for n in counts[:5]:
        for b, sigma in [(0.016, 0.002), (0.92, 0.34), (7.03, 0.94)]:
            norm = stats.norm.sf(0, b, sigma)
            gauss = lambda x: stats.norm.pdf(x, b, sigma) / norm
            low, high = max(0, b - 9 * sigma), b + 9 * sigma
            answer = limit(n, f"{b}±{sigma}", "--method", "cls")
            largest = max(largest, relative(upper(answer), averaged(n, gauss, low, high)))
            p, _ = integrate.quad(
                lambda x: gauss(x) * stats.poisson.sf(n - 1, x), low, high, epsabs=0, epsrel=1e-11)
            tails = max(tails, relative(answer["channels"][0]["significance"]["p_value"], p))
            lognormal = stats.lognorm(sigma / b, scale=b)
            answer = limit(n, f"{b}±{sigma}:log-normal", "--method", "cls")
            ends = lognormal.ppf([1e-17, 1 - 1e-15])
            largest = max(largest, relative(upper(answer), averaged(n, lognormal.pdf, *ends)))
            points += 2
    table.add("CLs limit, Gaussian and log-normal background", "scipy.integrate.quad", points, largest, 1e-7)
    table.add("p-value, Gaussian background", "scipy.integrate.quad", points // 2, tails, 1e-7)

    # pyhf reads the workspace that we write; its asymptotic formulas are compared with our exact answer, so the
    # differences are those of the formulas at few events, not errors.
    largest, same, points, spent = 0, 0, 0, 0.0
    for n, background in [(0, "0.5±0.1:auxiliary count"), (3, "1.0±0.3:auxiliary count"),
                          (20, "7.03±0.94:auxiliary count"), (110, "100±5:auxiliary count")]:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "workspace.json")
            answer = limit(n, background, "--method", "cls,asymptotic", "--pyhf", path)
            workspace = pyhf.Workspace(json.load(open(path)))
        model = workspace.model()
        data = workspace.data(model)
        begin = time.perf_counter()
        theirs = pyhf.infer.intervals.upper_limits.toms748_scan(
            data, model, 0.1, 4 * upper(answer) + 10, level=1 - LEVEL)[0]
        spent = max(spent, time.perf_counter() - begin)
        largest = max(largest, relative(upper(answer), float(theirs)))
        same = max(same, relative(upper(answer, "asymptotic"), float(theirs)))
        points += 1
    table.add(
        "CLs limit, asymptotic", "pyhf, toms748_scan of the exported workspace", points, same, 1e-3,
        "an auxiliary count constrains the background in both")
    table.add(
        "CLs limit, exact against asymptotic", "pyhf, toms748_scan of the exported workspace", points, largest,
        None, f"n from 0 to 110; not an error, see Statistics.md; pyhf needs up to {spent:.1f} s for a limit")

    # Where there are many events the two must meet.
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "workspace.json")
        answer = limit(10100, "10000±20:auxiliary count", "--method", "cls", "--pyhf", path)
        workspace = pyhf.Workspace(json.load(open(path)))
    model = workspace.model()
    theirs = pyhf.infer.intervals.upper_limits.toms748_scan(
        workspace.data(model), model, 1, 1000, level=1 - LEVEL)[0]
    table.add("the same at 10100 events", "pyhf", 1, relative(upper(answer), float(theirs)), 2e-2)

    table.show()
    if table.failed:
        sys.exit("differences larger than allowed")


if __name__ == "__main__":
    main()

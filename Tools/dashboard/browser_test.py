"""The dashboard in headless Chromium; `check` starts it."""
import argparse
import contextlib
import json
import pathlib
import re
import sys
import threading
import time
import traceback
import urllib.request

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mock_server import HOSTILE, TYPES, MockServer  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
UNITS = {"": 1, "mHz": 1e-3, "Hz": 1, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9}
WIDTHS = ((360, 800), (640, 900), (1280, 800), (1920, 1080), (2560, 1440))

# What the page shows, as a value that can be compared with the documents.
READ = r"""
const texts = (list) => [...list].map((n) => n.textContent);
return {
  status: Object.fromEntries(['source-mark', 'source-text', 'run', 'burst', 'data-time', 'state'].map((i) => [i, document.getElementById(i).textContent])),
  rates: [...document.querySelectorAll('#rates-groups details')].map((d) => ({title: d.querySelector('h3').textContent,
    lines: [...d.querySelectorAll('tbody tr')].map((r) => ({name: r.querySelector('button').textContent, value: r.querySelector('data').getAttribute('value'),
      text: r.querySelector('data').textContent, unit: r.querySelector('.unit').textContent, condition: r.dataset.condition,
      band: r.cells[3].textContent}))})),
  counts: [...document.querySelectorAll('#counts-open tbody tr')].map((r) => ({name: r.querySelector('button').textContent,
    values: [...r.querySelectorAll('data')].map((d) => d.getAttribute('value'))})),
  sealed: [...document.querySelectorAll('.sealed')].map((n) => ({name: n.querySelector('h3').textContent, text: n.querySelector('p').textContent})),
  alerts: [...document.querySelectorAll('#alerts-list > li')].map((n) => ({text: n.querySelector('.text').textContent, state: n.dataset.state})),
  sinks: [...document.querySelectorAll('#sinks-table tr')].map((r) => texts(r.cells)),
  books: [...document.querySelectorAll('#accounts tbody')].map((b) => ({item: b.rows[0].cells[0].textContent, closes: b.rows[0].cells[3].textContent,
    values: [...b.querySelectorAll('data')].map((d) => d.getAttribute('value')), names: texts(b.querySelectorAll('tr:not(.total) th'))})),
  stages: [...document.querySelectorAll('#stages tbody tr')].map((r) => texts(r.cells)),
};
"""

# Names, roles, tables, headings, identities, contrast: what axe would say, without it.
AUDIT = r"""
const found = [];
const say = (what, node) => found.push(what + ': ' + (node.id ? '#' + node.id : node.outerHTML.slice(0, 90)));
const seen = (n) => n.checkVisibility ? n.checkVisibility({checkVisibilityCSS: true}) : n.offsetParent !== null;
const nameOf = (n) => (n.getAttribute('aria-label') || n.textContent || [...(n.labels || [])].map((l) => l.textContent).join(' ')
  || n.getAttribute('alt') || '').trim();
if (!document.documentElement.lang) found.push('no language');
if (document.querySelectorAll('h1').length !== 1) found.push('not one h1');
for (const tag of ['main', 'header', 'nav', 'footer']) if (!document.querySelector(tag)) found.push('no ' + tag);
let level = 0;
for (const h of document.querySelectorAll('h1,h2,h3,h4')) {
  if (!seen(h)) continue;
  const now = Number(h.tagName[1]);
  if (now > level + 1 && level) say('heading skips a level', h);
  level = now;
}
const ids = [...document.querySelectorAll('[id]')].map((n) => n.id);
for (const id of new Set(ids)) if (ids.filter((i) => i === id).length > 1) found.push('two of id ' + id);
for (const n of document.querySelectorAll('[aria-labelledby],[aria-describedby],[aria-controls]'))
  for (const a of ['aria-labelledby', 'aria-describedby', 'aria-controls'])
    for (const id of (n.getAttribute(a) || '').split(/\s+/).filter(Boolean)) if (!document.getElementById(id)) say(a + ' to nothing', n);
for (const n of document.querySelectorAll('button,a[href],input,select,summary')) if (seen(n) && !nameOf(n) && !(n.querySelector('img[alt]') && n.querySelector('img').alt)) say('no name', n);
for (const n of document.querySelectorAll('img')) if (!n.hasAttribute('alt') || (seen(n) && !n.alt)) say('no alt', n);
for (const n of document.querySelectorAll('svg')) if (n.getAttribute('aria-hidden') !== 'true' && !n.closest('[aria-hidden=true]') && !n.getAttribute('aria-label')) say('svg without a name', n);
for (const t of document.querySelectorAll('table')) {
  if (!t.caption || !t.caption.textContent.trim()) say('table without caption', t);
  for (const th of t.querySelectorAll('th')) if (!th.scope) say('th without scope', th);
}
for (const n of document.querySelectorAll('[aria-live],[role=log],[role=status],[role=alert]')) if (n.id !== 'announce') say('live region', n);
const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
const light = ([r, g, b]) => [r, g, b].map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (n) => { for (let e = n; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 0.99) return c; } return [255, 255, 255, 1]; };
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let low = 99, checked = 0;
for (let t = walker.nextNode(); t; t = walker.nextNode()) {
  const n = t.parentElement;
  if (!t.data.trim() || !seen(n) || n.closest('svg,noscript,.hidden,.skip,option,[disabled]')) continue;
  const [a, b] = [light(parse(getComputedStyle(n).color)), light(ground(n))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  checked += 1;
  low = Math.min(low, ratio);
  if (ratio < 4.5) say('contrast ' + ratio.toFixed(2) + ' of "' + t.data.trim().slice(0, 30) + '"', n);
}
return {found: [...new Set(found)].slice(0, 30), low, checked};
"""

FOCUS = r"""
const n = document.activeElement;
const s = getComputedStyle(n);
const r = n.getBoundingClientRect();
return {key: n === document.body ? 'body' : n.tagName + '|' + n.id + '|' + (n.getAttribute('href') || '') + '|' + (n.textContent || '').trim().slice(0, 40),
  ring: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2, seen: r.width > 0 && r.height > 0 && r.bottom > 0 && r.top < innerHeight};
"""

EXPECTED_FOCUS = r"""
return [...document.querySelectorAll('a[href],button,input,select,summary')]
  .filter((n) => !n.disabled && n.checkVisibility({checkVisibilityCSS: true})).length;
"""


class Failure(Exception):
    """A check that does not hold."""


def want(condition, message):
    if not condition:
        raise Failure(message)


def same(text, value):
    return text == value if isinstance(value, str) else near(float(text), value, 1e-12)


def near(a, b, relative):
    return abs(a - b) <= relative * max(abs(a), abs(b), 1e-300)


class Browser:
    """A page in Chromium and what can be asked of it."""

    def __init__(self):
        options = webdriver.ChromeOptions()
        for argument in ("--no-sandbox", "--headless=new", "--disable-dev-shm-usage", "--hide-scrollbars", "--enable-precise-memory-info"):
            options.add_argument(argument)
        options.binary_location = "/usr/bin/chromium"
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
        self.driver.set_script_timeout(30)
        self.base = None
        self.token = None

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def size(self, width, height):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def media(self, scheme="light", motion="no-preference"):
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme},
                                                             {"name": "prefers-reduced-motion", "value": motion}])

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def open(self, url, width=1440, height=900):
        self.size(width, height)
        self.driver.get_log("browser")
        self.driver.get(url)
        self.until(lambda: self.run("return document.getElementById('link')?.dataset.state") == "connected", "connected", 15)
        time.sleep(0.8)

    def until(self, condition, what, seconds=10):
        end = time.time() + seconds
        while time.time() < end:
            if condition():
                return
            time.sleep(0.1)
        raise Failure(f"not within {seconds} s: {what}")

    def complaints(self, allowed=()):
        lines = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        return [line for line in lines if not any(re.search(a, line) for a in allowed)]

    def read(self):
        return self.run(READ)

    def press(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()


# What the documents say should be on the page; each gives a list of differences.
TITLES = {"detector": "Detectors", "l0": "L0", "l1": "L1", "algorithm": "Algorithms", "selection": "Selections", "stream": "Stream"}


def number_of(text):
    return float(text.replace("\u202f", "").replace("\u2212", "-"))


def differs_rates(page, rates):
    shown = {(group["title"], line["name"]): line for group in page["rates"] for line in group["lines"]}
    wrong = []
    if len(shown) != len(rates["lines"]):
        wrong.append(f"{len(shown)} lines on the page, {len(rates['lines'])} in the document")
    for line in rates["lines"]:
        row = shown.get((TITLES[line["level"]], line["name"]))
        if row is None:
            wrong.append(f"no line {line['name']}")
            continue
        point = line["bursts"][-1] if line["bursts"] else None
        if not point or point["seconds"] <= 0:
            if row["value"]:
                wrong.append(f"{line['name']}: {row['value']} from nothing")
            continue
        rate = point["count"] / point["seconds"]
        if not row["value"] or not near(float(row["value"]), rate, 1e-12):
            wrong.append(f"{line['name']}: {row['value']} is not {rate}")
        elif not near(number_of(row["text"]) * UNITS[row["unit"]], rate, 6e-4):
            wrong.append(f"{line['name']}: reads {row['text']} {row['unit']}, is {rate} Hz")
        if row["condition"] != line["condition"]:
            wrong.append(f"{line['name']}: {row['condition']} is not {line['condition']}")
    return wrong


def differs_counts(page, counts):
    wrong = []
    opened = [s for s in counts["selections"] if not s["isBlind"]]
    sealed = [s for s in counts["selections"] if s["isBlind"]]
    if [s["name"] for s in opened] != [r["name"] for r in page["counts"]]:
        wrong.append(f"open selections {[r['name'] for r in page['counts']]}")
    for selection, row in zip(opened, page["counts"]):
        state = selection.get("state") or {}
        expected = [selection["events"], selection.get("selected")]
        expected += [state.get(k) for k in ("observed", "background", "upperLimit", "zOneSided", "anytimePValue")]
        for value, text in zip(expected, row["values"]):
            if (value is None) != (text == "") or value is not None and not same(text, value):
                wrong.append(f"{selection['name']}: {text!r} is not {value}")
    if [s["name"] for s in sealed] != [s["name"] for s in page["sealed"]]:
        wrong.append(f"sealed selections {[s['name'] for s in page['sealed']]}")
    wrong += [f"a number in the box of {s['name']}" for s in page["sealed"] if re.search(r"\d", s["text"])]
    return wrong


def differs_health(page, health):
    wrong = []
    if [a["item"] for a in health["books"]] != [b["item"] for b in page["books"]]:
        wrong.append("accounts")
    for account, body in zip(health["books"], page["books"]):
        expected = [account["entered"]] + [c["count"] for c in account["columns"]]
        if [int(v) for v in body["values"]] != expected or body["names"] != [c["name"] for c in account["columns"]]:
            wrong.append(f"account {account['item']}: {body['values']} is not {expected}")
        if ("closes" in body["closes"] and "not" not in body["closes"]) != account["closes"]:
            wrong.append(f"account {account['item']}: {body['closes']}")
    for stage, row in zip(health["stages"], page["stages"]):
        if row[0] != stage["name"] or row[2] != f"{stage['waiting']} of {stage['capacity']}":
            wrong.append(f"stage {row}")
    return wrong + ([] if len(health["stages"]) == len(page["stages"]) else ["stages"])


def differs_alerts(page, alerts):
    listed = [[s["name"], s["delivered"], s["pending"], s["failed"]] for s in alerts.get("sinks", [])]
    if [[r[0]] + [number_of(v) for v in r[1:]] for r in page["sinks"]] != listed:
        return [f"sinks {page['sinks']}"]
    firing = [e["text"] for e in alerts["entries"] if e.get("isFiring") is True and e["kind"] != "heartbeat"]
    shown = [a["text"] for a in page["alerts"]]
    known = {e["text"] for e in alerts["entries"]}
    wrong = [] if sorted(shown[:len(firing)]) == sorted(firing) else ["what fires is not first"]
    return wrong + [f"no such alert: {t[:60]}" for t in shown if t not in known]


def differs_status(page, status):
    shown, wrong = page["status"], []
    mark = {"live": "LIVE", "replay": "REPLAY", "finished": "FINISHED RUN"}[status["source"]]
    if shown["source-mark"] != mark:
        wrong.append(f"{shown['source-mark']} is not {mark}")
    if shown["run"] != str(status.get("run", "–")):
        wrong.append(f"run {shown['run']}")
    if "burst" in status and shown["burst"].split()[0] != str(status["burst"]):
        wrong.append(f"burst {shown['burst']}")
    if "dataTime" in status and shown["data-time"] != f"{status['dataTime'][:10]} {status['dataTime'][11:19]} UTC":
        wrong.append(f"data time {shown['data-time']} is not {status['dataTime']}")
    return wrong


DIFFERS = {"status": differs_status, "rates": differs_rates, "counts": differs_counts, "alerts": differs_alerts,
           "health": differs_health}


class Poll:
    """Reads the documents over and over: the page may show any of a running server's last second."""

    def __init__(self, url, token=None):
        self.url, self.token, self.kept, self.stop = url, token, [], False
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def get(self):
        request = urllib.request.Request(self.url + "api/v1/snapshot")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def loop(self):
        while not self.stop:
            with contextlib.suppress(OSError):
                document = self.get()
                if not self.kept or document != self.kept[-1]:
                    self.kept = self.kept[-200:] + [document]
            time.sleep(0.02)


def check_values(browser, url, token=None):
    """Every number on the page is that of the document that the API gives."""
    browser.open(url)
    poll = Poll(url, token)
    try:
        for attempt in range(8):
            time.sleep(1.2)
            page = browser.read()
            left = {kind: min((DIFFERS[kind](page, d[kind]) for d in poll.kept), key=len, default=["no document"]) for kind in TYPES}
            if not any(left.values()):
                break
        want(not any(left.values()), f"page and API differ: {json.dumps({k: v[:5] for k, v in left.items() if v}, ensure_ascii=False)}")
        want("NaN" not in browser.run("return document.body.innerText"), "NaN on the page")
        want("undefined" not in browser.run("return document.body.innerText"), "undefined on the page")
    finally:
        poll.stop = True
    want(not (complaints := browser.complaints()), f"console: {complaints[:3]}")


def check_counts_file(browser, url, path):
    """The counts on the page are those of counts.json of the run."""
    browser.open(url)
    time.sleep(1)
    rows = {row["name"]: row["values"] for row in browser.read()["counts"]}
    compared = 0
    for selection in json.loads(pathlib.Path(path).read_text())["selections"]:
        if selection["blind"]:
            want(selection["selection"] not in rows, f"{selection['selection']} is blind, and is shown")
            continue
        row = rows.get(selection["selection"])
        want(row is not None, f"no row {selection['selection']}")
        # The state on the page is that of the whole run, or that after the last burst: both are in the file.
        states = [s for s in (selection.get("counting"), (selection.get("history") or [None])[-1]) if s]
        pairs = [(row[0], [selection["seen"]]), (row[1], [selection["selected"]])]
        if states and row[2]:
            pairs += [(row[k], [s[name] for s in states if s.get(name) is not None])
                      for k, name in ((2, "observed"), (4, "upper_limit_events"), (5, "z_one_sided"))]
        for text, values in pairs:
            want(not values or text != "" and any(same(text, v) or near(float(text), v, 1e-9) for v in values),
                 f"{selection['selection']}: page {text!r}, file {values}")
            compared += 1
    want(compared > 0, "nothing to compare")


def check_keyboard(browser, url):
    """All controls are reached by Tab, with a ring that can be seen, and work with Enter and Space."""
    browser.media("light", "reduce")  # no scrolling that is still under way
    browser.open(url)
    browser.press(Keys.TAB)
    want("skip" in browser.run("return document.activeElement.className"), "the skip link is not the first")
    expected, reached, walked = browser.run(EXPECTED_FOCUS), [], browser.run(FOCUS)
    while walked["key"] != "body" and len(reached) < expected + 40:
        want(walked["ring"], f"no ring on {walked['key']}")
        want(walked["seen"], f"focus out of sight on {walked['key']}")
        reached.append(walked["key"])
        browser.press(Keys.TAB)
        walked = browser.run(FOCUS)
        if walked["key"] == reached[0]:
            break
    want(len(reached) >= expected - 3, f"{len(reached)} of {expected} controls reached by Tab")
    browser.run("document.querySelector('.skip').focus()")
    browser.press(Keys.ENTER)
    want(browser.run("return document.activeElement.id") == "content", "the skip link does not lead to the content")
    names = browser.run("return [...document.querySelectorAll('.rates button.name')].map((b) => b.textContent)")
    if len(names) > 1:
        browser.run("[...document.querySelectorAll('.rates button.name')][1].focus()")
        browser.press(Keys.ENTER)
        time.sleep(0.5)
        want(browser.run("return document.getElementById('line-title').textContent").startswith(names[1]), "Enter does not choose a line")
        want(browser.run("return document.activeElement.textContent") == names[1], "an update takes the focus away")
        time.sleep(1.5)
        want(browser.run("return document.activeElement.textContent") == names[1], "a later update takes the focus away")
        browser.run("document.getElementById('line-values').querySelector('summary').focus()")
        browser.press(Keys.SPACE)
        time.sleep(0.3)
        want(browser.run("return document.getElementById('line-bursts-table').rows.length") > 0, "no table of the chart's values")


def check_theme(browser, url):
    """Light and dark as the system says, or as chosen; the choice is kept."""
    dark = "const c = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number); return c[0] < 80"
    for scheme in ("light", "dark"):
        browser.media(scheme)
        browser.open(url)
        browser.run("localStorage.clear()")
        browser.open(url)
        want(browser.run(dark) == (scheme == "dark"), f"not {scheme} with the system")
    select = browser.driver.find_element(By.ID, "theme")
    select.send_keys("Light")
    time.sleep(0.2)
    want(not browser.run(dark), "the choice of light does nothing")
    browser.open(url)
    want(not browser.run(dark), "the choice is not kept")
    browser.run("localStorage.clear()")
    browser.media("light", "reduce")
    browser.open(url)
    want(browser.run("return getComputedStyle(document.documentElement).scrollBehavior") == "auto", "it moves although it should not")
    browser.media()


def check_widths(browser, url):
    """No horizontal scroll at any width; nothing leaves its card."""
    for width, height in WIDTHS:
        browser.open(url, width, height)
        over = browser.run("""const limit = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= limit) return [];
          return [...document.querySelectorAll('body *')].filter((n) => n.getBoundingClientRect().right > limit + 0.5).map((n) => n.outerHTML.slice(0, 80)).slice(0, 3)
            .concat(document.documentElement.scrollWidth);""")
        want(not over, f"wider than {width}: {over}")
        out = browser.run("""return [...document.querySelectorAll('.card table, .card .detail')].filter((n) => n.checkVisibility() && !n.closest('.wide'))
          .filter((n) => n.getBoundingClientRect().right > n.closest('.card').getBoundingClientRect().right + 0.5 ||
            n.closest('details.group') && n.getBoundingClientRect().right > n.closest('details.group').getBoundingClientRect().right + 1)
          .map((n) => n.className + ' ' + (n.caption?.textContent ?? n.id));""")
        want(not out, f"at {width} out of its card: {out[:4]}")


def check_access(browser, url, wide=True):
    """Names, roles, captions, headings, contrast of 4.5, in light and dark; and axe-core, where it is there."""
    axe = next(pathlib.Path(sys.prefix).glob("lib/python*/site-packages/axe_selenium_python/node_modules/axe-core/axe.min.js"), None)
    for scheme in ("light", "dark"):
        browser.media(scheme)
        for width, height in ((1440, 900), (360, 800)):
            browser.open(url, width, height)
            browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            time.sleep(0.4)
            result = browser.run(AUDIT)
            want(not result["found"], f"{scheme} at {width}: {result['found'][:6]}")
            want(result["checked"] > 20, "no texts")
            if axe:
                # Version 3.1 does not know the div around dt and dd that HTML 5.2 allows. The page's policy keeps scripts out;
                # the driver's own world is not bound to it.
                browser.run(axe.read_text())
                answer = browser.driver.execute_async_script(
                    "const done = arguments[0]; axe.run(document, {resultTypes: ['violations'], rules: {dlitem: {enabled: false}}}).then((r) => done(r.violations.map((v) => "
                    "v.id + ' ' + v.nodes.slice(0, 2).map((n) => n.target.join(' ')).join(', '))), (e) => done([String(e)]));")
                want(not answer, f"axe, {scheme} at {width}: {answer[:6]}")
    browser.media()
    if not axe:
        print("      (axe-core is not there: own checks alone)")


def check_hostile(browser):
    """Texts that try to run do not; they stand on the page as they are."""
    with serving("hostile") as server:
        for width in (360, 1440):
            browser.open(server.url, width, 900)
            browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            for button in browser.driver.find_elements(By.CSS_SELECTOR, ".rates button.name")[:3]:
                browser.run("arguments[0].click()", button)
            time.sleep(1)
            want(browser.run("return window.hacked === undefined"), "a text ran")
            want(browser.run("return document.querySelectorAll('main script, main img:not(#candidate-image), main iframe').length") == 0, "a text became an element")
            want(browser.run("return ({}).polluted === undefined && Object.keys(Object.prototype).length === 0"), "a prototype was changed")
            want(HOSTILE.replace("\u202e", "\ufffd") in browser.run("return document.body.textContent"), "the text is not shown")
            want(browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "the layout breaks")
        want(not (complaints := browser.complaints()), f"console: {complaints[:3]}")


def check_blind(browser):
    """A sealed selection shows no number, even if the server sent one."""
    with serving("blind") as server:
        browser.open(server.url)
        browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        time.sleep(1)
        content = browser.run("return document.documentElement.outerHTML")
        want("7770777" not in re.sub(r"[\u202f,.]", "", content), "a sealed number is in the page")
        want([s["name"] for s in browser.read()["sealed"]] == ["Kpi4e", "Kpinunu", "DarkPhotonEE"], "not all boxes are there")


def check_without_library(browser):
    """Without the chart library the tables and plain charts are there."""
    with serving("trouble", vendor=False) as server:
        browser.open(server.url)
        want(browser.run("return document.querySelectorAll('svg.plain path.curve').length") >= 2, "no plain chart")
        want("not installed" in browser.run("return document.getElementById('library').textContent"), "it does not say so")
        want(not (complaints := browser.complaints([r"dygraph\.min\.js"])), f"console: {complaints[:3]}")
    check_each_scenario_values(browser, ["lines60"], vendor=False)


def check_with_library(browser):
    """With it, dygraphs draws; nothing breaks the policy; zoom and theme work on."""
    with serving("trouble", interval=0.2) as server:
        browser.open(server.url)
        want(browser.run("return document.querySelectorAll('#line-bursts canvas').length") >= 1, "no chart")
        browser.run("document.getElementById('experiment').scrollIntoView()")
        time.sleep(0.8)
        want(browser.run("return document.querySelectorAll('#experiment canvas').length") >= 3, "no history")
        ink = "const c = document.querySelector('#line-bursts canvas'); return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v)"
        want(browser.run(ink), "the chart is empty")
        chart = browser.driver.find_element(By.CSS_SELECTOR, "#line-bursts")
        browser.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", chart)
        labels = "return [...document.querySelectorAll('#line-bursts .dygraph-axis-label-x')].map((n) => n.textContent).filter(Boolean).map(Number)"
        before = browser.run(labels)
        webdriver.ActionChains(browser.driver).move_to_element_with_offset(chart, -60, 0).click_and_hold().move_by_offset(50, 0).move_by_offset(50, 0).release().perform()
        time.sleep(1)
        zoomed = browser.run(labels)
        want(max(zoomed) - min(zoomed) < max(before) - min(before), f"no zoom: {before}, {zoomed}")
        want("burst" in browser.run("return document.getElementById('line-bursts-read').textContent"), "no value under the pointer")
        browser.run("document.querySelectorAll('.rates button.name')[3].click()")
        time.sleep(1)
        want(browser.run(labels)[0] <= before[0] + 1, "another line is still zoomed")
        browser.driver.find_element(By.ID, "theme").send_keys("Dark")
        time.sleep(0.5)
        browser.run("localStorage.clear()")
        want(not (complaints := browser.complaints()), f"console: {complaints[:3]}")


def check_reconnects(browser):
    """A lost server is marked within seconds, greyed, tried again; a restarted one is found."""
    server = MockServer("normal", interval=0.3)
    port = server.port
    browser.open(server.url)
    want(browser.run("return document.body.dataset.stale") == "false", "stale at once")
    server.stop()
    browser.until(lambda: browser.run("return document.getElementById('link').dataset.state !== 'connected'"), "the loss is marked", 3)
    browser.until(lambda: browser.run("return document.body.dataset.stale") == "true", "old numbers are grey", 8)
    want("Old numbers" in browser.run("return document.getElementById('stale').innerText"), "no banner")
    want(browser.run("return document.activeElement === document.body"), "the banner takes the focus")
    result = browser.run(AUDIT)
    want(not result["found"], f"grey: {result['found'][:4]}")
    time.sleep(3)
    second = MockServer("trouble", port=port, interval=0.3)
    try:
        browser.until(lambda: browser.run("return document.getElementById('link').dataset.state") == "connected", "found again", 25)
        browser.until(lambda: browser.run("return document.body.dataset.stale") == "false", "fresh again", 3)
        browser.until(lambda: browser.read()["status"]["source-mark"] == "LIVE", "the new run is shown", 3)
        spoken = browser.run("return [...document.querySelectorAll('#announce p')].map((p) => p.textContent)")
        want(len([s for s in spoken if "lost" in s]) == 1 and len([s for s in spoken if "again" in s]) == 1, f"said: {spoken}")
        browser.complaints()
        second.silent = True
        browser.until(lambda: browser.run("return document.getElementById('link').dataset.state") == "silent", "silence is marked", 15)
        second.silent = False
        browser.until(lambda: browser.run("return document.getElementById('link').dataset.state") == "connected", "and its end", 5)
        want(not (complaints := browser.complaints()), f"console: {complaints[:3]}")
        second.refuses = True
        second.stop()
        third = MockServer("trouble", port=port)
        third.refuses = True
        try:
            browser.until(lambda: browser.run("return document.querySelector('#stale a')?.getAttribute('href')") == "/login", "the way to sign in", 40)
        finally:
            third.stop()
    finally:
        browser.driver.get("about:blank")
        if not second.stopping:
            second.stop()


FORMATS = [
    ("number", [0], "0"), ("number", [1234.5], "1 235"), ("number", [0.00012345], "0.000123"), ("number", [1e-7], "1.00·10⁻⁷"),
    ("number", [-1.5], "−1.50"), ("number", ["Infinity"], "∞"), ("number", [None], "–"), ("number", [0.99951], "1.000"),
    ("count", [1234567], "1 234 567"), ("count", [999], "999"), ("count", [None], "–"),
    ("rate", [9.8e6], "9.800 MHz"), ("rate", [999.4], "999.4 Hz"), ("rate", [0], "0 Hz"), ("rate", [0.0244], "24.40 mHz"), ("rate", [None], "–"),
    ("band", [9.2e6, 1.04e7], "9.20 to 10.4 MHz"), ("band", [0, 0.44], "0 to 440 mHz"),
    ("rateTick", [1e7], "10 MHz"), ("rateTick", [2.5e4], "25 kHz"), ("tick", [0.5], "0.5"), ("tick", [100], "100"), ("tick", [0], "0"),
    ("share", [0, 10], "0 %"), ("share", [10, 10], "100.0 %"), ("share", [1, 1e9], "< 0.001 %"), ("share", [999999999, 1e9], "> 99.99 %"),
    ("share", [1, 0], "–"), ("seconds", [1.184e-4], "118 µs"), ("seconds", [0], "0 s"), ("bytes", [2.11e8], "211 MB"), ("bytes", [0], "0 B"),
    ("age", [4400], "4 s"), ("age", [3 * 60e3], "3 min"), ("age", [26 * 3600e3], "26 h 0 min"),
    ("utc", ["2018-09-13T12:00:01.250Z"], "2018-09-13 12:00:01 UTC"), ("utc", ["2018-09-13T14:00:01+02:00"], "2018-09-13 12:00:01 UTC"),
    ("utc", ["no time"], "no time"), ("utc", [None], "–"),
]


def check_formats(browser):
    """Known answers of numbers, units and times as text."""
    with serving("normal") as server:
        browser.open(server.url)
        answers = browser.driver.execute_async_script(
            "const [cases, done] = arguments; import('/assets/format.js').then((m) => done(cases.map(([f, a]) => m[f](...a))), (e) => done(String(e)));",
            [case[:2] for case in FORMATS])
        want(isinstance(answers, list), answers)
        wrong = [(f, a, got, expected) for (f, a, expected), got in zip(FORMATS, answers) if got.replace("\u202f", " ") != expected]
        want(not wrong, f"{wrong}")


def check_login(browser):
    """The form for the token: a label, what a refusal looks like, no script."""
    with serving("normal") as server:
        for width in (360, 1440):
            browser.size(width, 900)
            for address, refused in (("login", False), ("login#refused", True)):
                browser.driver.get("about:blank")
                browser.driver.get(server.url + address)
                shown = browser.run("return document.getElementById('refused').checkVisibility()")
                want(shown == refused, f"{address}: the refusal is {'shown' if shown else 'not shown'}")
                want(browser.run("return document.getElementById('token').labels.length === 1 && document.getElementById('token').type === 'password'"), "the field")
                want(browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "too wide")
        want(not (complaints := browser.complaints()), f"console: {complaints[:3]}")


def check_broken_document(browser):
    """A document that is not as described stops its panel alone; the others go on."""
    with serving("trouble", interval=0.3) as server:
        server.world.health = lambda: {"nonsense": True}
        server.step()
        browser.open(server.url)
        want(len(browser.read()["alerts"]) > 3, "the alerts stopped too")
        want("health" in browser.run("return document.getElementById('library').textContent"), "it is not said")
        want(all("health" in line for line in browser.complaints()), "another panel complains")


def check_starting(browser):
    """A server that has nothing yet is no lost one, and is looked at again soon."""
    with serving("normal") as server:
        server.starts = True
        browser.driver.get(server.url)
        browser.until(lambda: browser.run("return document.getElementById('link').dataset.state") == "starting", "it says that it starts", 5)
        time.sleep(5)
        server.starts = False
        browser.until(lambda: browser.run("return document.getElementById('link').dataset.state") == "connected", "it goes on", 4)
        browser.complaints()


def check_announcements(browser):
    """New alerts are said once; what was there at the start is not, nor are rates or heartbeats."""
    with serving("trouble", interval=0.2) as server:
        browser.open(server.url)
        want(browser.run("return document.getElementById('announce').childElementCount") == 0, "the past is read out")
        server.world.raise_alert("drift", "critical", "CHOD is dead", firing=True)
        server.world.raise_alert("heartbeat", "information", "beat")
        browser.until(lambda: "CHOD is dead" in browser.run("return document.getElementById('announce').textContent"), "a new alert is said")
        time.sleep(1)
        spoken = browser.run("return [...document.querySelectorAll('#announce p')].map((p) => p.textContent)")
        want(spoken == ["critical drift: CHOD is dead"], f"said: {spoken}")
        want("(4!)" in browser.driver.title, f"title {browser.driver.title}")
        next(a for a in server.world.alerts if a["text"] == "CHOD is dead")["isFiring"] = False
        browser.until(lambda: "resolved: CHOD" in browser.run("return document.getElementById('announce').textContent"), "its end is said")
        want(browser.run("return document.querySelectorAll('#alerts-list [data-state=retracted]').length") == 1, "the retracted one is not marked")
        want(not (complaints := browser.complaints()), f"console: {complaints[:3]}")


def check_marks(browser):
    """Replay, test mode, finished and failed runs are marked; an empty run says so."""
    for scenario, source, test, text in (("normal", "REPLAY", True, "not live"), ("live", "LIVE", False, "interface"),
                                         ("finished", "FINISHED RUN", True, "has ended"), ("failed", "REPLAY", True, "recorded"),
                                         ("empty", "REPLAY", True, "recorded")):
        with serving(scenario) as server:
            browser.open(server.url)
            status = browser.read()["status"]
            want(status["source-mark"] == source and text in status["source-text"], f"{scenario}: {status}")
            want(browser.run("return !document.getElementById('test-mark').hidden") == test, f"{scenario}: test mark")
            failed = browser.run("return !document.getElementById('failed-mark').hidden") and "failed" in status["state"]
            want((scenario == "failed") == failed, f"{scenario}: {status['state']}")
            if scenario == "empty":
                want(browser.run("return !document.getElementById('rates-empty').hidden"), "nothing says that nothing came")
            if scenario == "finished":
                time.sleep(11)
                want(browser.run("return document.body.dataset.stale") == "false", "a finished run grows old")
            want(not (complaints := browser.complaints()), f"{scenario} console: {complaints[:3]}")


def check_each_scenario_values(browser, scenarios=("normal", "trouble", "lines60", "alerts200", "blind", "empty", "finished"), vendor=True):
    """Page equal to API in every scenario of the mock server."""
    allowed = [] if vendor else [r"dygraph\.min\.js"]
    for scenario in scenarios:
        with serving(scenario, interval=0.5, vendor=vendor) as server:
            browser.open(server.url)
            server.silent = True
            time.sleep(1.5)
            page, documents = browser.read(), server.world.documents
            for kind in TYPES:
                want(not (wrong := DIFFERS[kind](page, documents[kind])), f"{scenario}, {kind}: {wrong[:4]}")
            want(not (complaints := browser.complaints(allowed)), f"{scenario} console: {complaints[:3]}")


def check_soak(browser, seconds=25):
    """Many updates: the heap and the number of nodes stay; the time of the page is little."""
    quick = browser.command("Page.addScriptToEvaluateOnNewDocument", source="""
      const later = window.setTimeout; window.setTimeout = (f, d, ...a) => later(f, (d || 0) / 25, ...a);""")
    with serving("lines60", interval=0.02, pace=20) as server:
        browser.open(server.url, 1920, 1080)
        browser.run("window.paints = 0; new MutationObserver(() => { window.paints += 1; }).observe(document.getElementById('data-time'), {childList: true, characterData: true, subtree: true});")

        def measure():
            browser.command("HeapProfiler.collectGarbage")
            heap = browser.command("Runtime.getHeapUsage")["usedSize"]
            metrics = {m["name"]: m["value"] for m in browser.command("Performance.getMetrics")["metrics"]}
            return {"heap": heap, "nodes": metrics["Nodes"], "listeners": metrics["JSEventListeners"], "script": metrics["ScriptDuration"],
                    "layout": metrics["LayoutDuration"] + metrics["RecalcStyleDuration"], "task": metrics["TaskDuration"]}

        browser.command("Performance.enable")
        # The lists of the page are full after 60 bursts and 200 alerts; only then is what grows a leak.
        browser.until(lambda: server.world.burst > 110, "warm", 120)
        first, from_paints, from_burst, begin = measure(), browser.run("return window.paints"), server.world.burst, time.time()
        time.sleep(seconds)
        last, paints = measure(), browser.run("return window.paints") - from_paints
        spent = time.time() - begin
        cost = 1000 * (last["task"] - first["task"]) / max(1, paints)
        print(f"      {paints} paints of {server.world.burst - from_burst} bursts in {spent:.0f} s: heap {first['heap'] / 1e6:.2f} to {last['heap'] / 1e6:.2f} MB, "
              f"nodes {first['nodes']:.0f} to {last['nodes']:.0f}, listeners {first['listeners']:.0f} to {last['listeners']:.0f}, "
              f"{cost:.1f} ms of the main thread for each paint (script {1000 * (last['script'] - first['script']) / max(1, paints):.1f}, "
              f"style and layout {1000 * (last['layout'] - first['layout']) / max(1, paints):.1f})")
        want(paints > 5 * seconds, "too few paints to say anything")
        want(last["heap"] < first["heap"] + 2e6, "the heap grows")
        want(last["nodes"] < first["nodes"] * 1.1 + 200, "the nodes grow")
        want(last["listeners"] <= first["listeners"] * 1.1 + 10, "the listeners grow")
    browser.command("Page.removeScriptToEvaluateOnNewDocument", identifier=quick["identifier"])


@contextlib.contextmanager
def serving(scenario, **options):
    server = MockServer(scenario, **options)
    try:
        yield server
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a running Spillway; without it the mock server")
    parser.add_argument("--token", help="its token, where it wants one")
    parser.add_argument("--counts", help="counts.json of the run that is served, which the page must equal")
    parser.add_argument("--soak", type=float, default=25, help="seconds of the soak")
    parser.add_argument("--only", help="the checks whose name contains this")
    arguments = parser.parse_args()

    browser = Browser()
    if arguments.url:
        url = arguments.url.rstrip("/") + "/"
        if arguments.token:
            browser.driver.get(url + "login")
            browser.driver.find_element(By.ID, "token").send_keys(arguments.token, Keys.ENTER)
            time.sleep(1)
        checks = [("values", lambda: check_values(browser, url, arguments.token))]
        if arguments.counts:
            checks.append(("counts file", lambda: check_counts_file(browser, url, arguments.counts)))
        checks += [("keyboard", lambda: check_keyboard(browser, url)), ("theme", lambda: check_theme(browser, url)),
                   ("widths", lambda: check_widths(browser, url)), ("access", lambda: check_access(browser, url))]
    else:
        def on(scenario, check):
            def run():
                with serving(scenario) as server:
                    check(browser, server.url)
            return run
        checks = [("formats", lambda: check_formats(browser)), ("values", on("trouble", check_values)), ("values of each scenario", lambda: check_each_scenario_values(browser)),
                  ("marks", lambda: check_marks(browser)), ("blind", lambda: check_blind(browser)), ("hostile", lambda: check_hostile(browser)),
                  ("with the library", lambda: check_with_library(browser)), ("without the library", lambda: check_without_library(browser)),
                  ("keyboard", on("trouble", check_keyboard)), ("theme", on("normal", check_theme)),
                  ("widths", on("trouble", check_widths)), ("widths, 60 lines", on("lines60", check_widths)),
                  ("widths, 200 alerts", on("alerts200", check_widths)),
                  ("access", on("trouble", check_access)), ("access, empty", on("empty", check_access)),
                  ("login", lambda: check_login(browser)), ("broken document", lambda: check_broken_document(browser)), ("starting", lambda: check_starting(browser)), ("announcements", lambda: check_announcements(browser)), ("reconnects", lambda: check_reconnects(browser)),
                  ("soak", lambda: check_soak(browser, arguments.soak))]
    failed = 0
    try:
        for name, check in checks:
            if arguments.only and arguments.only not in name:
                continue
            begin = time.time()
            try:
                check()
                print(f"ok    {name} ({time.time() - begin:.1f} s)", flush=True)
            except Exception as error:  # noqa: BLE001: any error fails its check, the others go on
                failed += 1
                print(f"FAIL  {name}: {error}", flush=True)
                if not isinstance(error, Failure):
                    traceback.print_exc()
    finally:
        browser.driver.quit()
    print("all checks hold" if not failed else f"{failed} checks fail")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

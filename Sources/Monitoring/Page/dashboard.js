// The page: what comes from the server goes to the panels; the head says what is being looked at, and how fresh it is.

import { Alerts, say } from './alerts.js';
import { forgetColours, hasLibrary } from './charts.js';
import { Connection } from './connection.js';
import { Counts } from './counts.js';
import { byId, setAttribute, setText, show } from './dom.js';
import { age, count, isThere, number, seconds, share, utc } from './format.js';
import { Health } from './health.js';
import { Nodes } from './nodes.js';
import { Rates } from './rates.js';
import { startTheme } from './theme.js';

const STALE = 10_000;

const panels = { rates: new Rates(), counts: new Counts(), alerts: new Alerts(), health: new Health(), nodes: new Nodes() };
const summaries = { rates: summariseRates, alerts: summariseAlerts, health: summariseHealth };
const connection = new Connection({ onDocuments: render, onState: renderLink });
let status = null;
let freshAt = 0; // when the run last said something new; 0: never
let wasLost = false;

/** The documents go to their panels; the tiles of the summary follow. */
function render(documents) {
  const next = documents.get('status');
  // A server whose run hangs still answers, with the same state of the same moment: that is no news.
  if (next && next.wallTime !== status?.wallTime) freshAt = connection.heardAt;
  if (next) {
    panels.alerts.restart(next.startTime);
    status = next;
    renderStatus();
  }
  for (const [type, panel] of Object.entries(panels)) {
    if (!documents.has(type)) continue;
    try {
      panel.update(documents.get(type));
      summaries[type]?.(documents.get(type));
    } catch (error) {
      // A document that is not as described stops its own panel alone.
      setText(byId('library'), `What came as ${type} cannot be shown.`);
      console.error(type, error);
    }
  }
  renderTitle();
  renderLink();
}

function renderStatus() {
  const { source, state } = status;
  const speed = isThere(status.speed) ? `speed × ${number(status.speed, 3)}` : 'as fast as possible';
  const marks = {
    live: ['LIVE', `interface ${status.input}, menu ${status.menu}`],
    farm: ['FARM', `${status.input}, menu ${status.menu}`],
    replay: ['REPLAY', `recorded data, not live: ${status.input}, menu ${status.menu}, ${speed}`],
    finished: ['FINISHED RUN', `a run that has ended: ${status.input}, menu ${status.menu}`],
  };
  const [mark, text] = marks[source] ?? [String(source), status.input];
  setText(byId('source-mark'), mark);
  setText(byId('source-text'), text);
  setAttribute(document.body, 'data-source', source in marks ? source : 'none');
  show(byId('test-mark'), status.isTest === true);
  show(byId('failed-mark'), state === 'failed');
  setText(byId('run'), isThere(status.run) ? status.run : '–');
  setText(byId('burst'), isThere(status.burst) ? `${status.burst} (${count(status.bursts)} ended)` : '–');
  setText(byId('data-time'), utc(status.dataTime));
  setAttribute(byId('data-time'), 'datetime', isThere(status.dataTime) ? status.dataTime : null);
  const states = { running: 'running', stopped: '■ stopped by a signal', finished: '■ finished', failed: '✕ failed' };
  setText(byId('state'), states[state] ?? state);
  setAttribute(byId('state'), 'data-bad', state === 'failed');
  setText(byId('origin'),
    `Spillway ${status.version} · configuration ${status.configurationHash} · started ${utc(status.startTime)}`);
}

/** One tile: a large text, a small one, and how bad it is: good, warn, bad, none. */
function tile(id, large, small, level) {
  const node = byId(id);
  setText(node.querySelector('b'), large);
  setText(node.querySelector('small'), small);
  setAttribute(node, 'data-level', level);
}

function summariseRates({ lines }) {
  const by = (condition) => lines.filter((line) => line.condition === condition).length;
  const [dead, high, low] = ['dead', 'high', 'low'].map(by);
  const banded = lines.filter((line) => line.band).length;
  const parts = [[dead, 'dead'], [high, 'high'], [low, 'low']].filter(([n]) => n).map(([n, word]) => `${n} ${word}`);
  if (!lines.length) tile('tile-rates', '–', 'nothing yet', 'none');
  else if (parts.length) tile('tile-rates', `${dead + high + low} outside`, `${parts.join(', ')}; of ${lines.length} lines`, dead ? 'bad' : 'warn');
  else if (!banded) tile('tile-rates', `${lines.length}`, 'no bands to compare with', 'none');
  else tile('tile-rates', 'In band', `${banded} of ${lines.length} have a band`, 'good');
}

function summariseAlerts() {
  const { firing, candidates, unlisted } = panels.alerts;
  const critical = firing.filter((entry) => entry.severity === 'critical').length;
  const all = firing.length + unlisted;
  const worst = critical ? `${critical} critical` : all ? 'none critical' : `${count(panels.alerts.total)} raised so far`;
  tile('tile-alerts', all ? `${all}` : 'None', unlisted ? `${worst}; ${unlisted} older than this list` : worst,
    critical ? 'bad' : all ? 'warn' : 'good');
  tile('tile-candidates', `${candidates.length}`,
    candidates[0] ? `newest in burst ${candidates[0].burst ?? '–'}` : 'none yet', 'none');
}

function summariseHealth(health) {
  const accounts = health.books.map((account) => {
    const { item, entered } = account;
    const lost = account.columns.filter((column) => column.isLoss).reduce((sum, column) => sum + column.count, 0);
    return { item, entered, lost, part: entered > 0 ? lost / entered : 0 };
  });
  const worst = accounts.reduce((a, b) => (b.part > (a?.part ?? -1) ? b : a), null);
  const drops = (health.kernelDrops ?? 0) + (health.interfaceDrops ?? 0);
  if (drops > 0) tile('tile-loss', count(drops), 'packets dropped before they were read', 'bad');
  else if (worst?.lost) tile('tile-loss', share(worst.lost, worst.entered), `${count(worst.lost)} of ${worst.item}`, 'warn');
  else if (worst?.entered) tile('tile-loss', 'Nothing', 'in any account', 'good');
  else tile('tile-loss', '–', 'nothing yet', 'none');
  const open = health.books.filter((account) => !account.closes).map((account) => account.item);
  if (!health.books.length) tile('tile-books', '–', 'nothing yet', 'none');
  else if (open.length) tile('tile-books', 'Open', `do not close: ${open.join(', ')}`, 'bad');
  else tile('tile-books', 'Close', `all ${health.books.length} accounts`, 'good');
  const fill = (stage) => (stage.capacity > 0 ? stage.waiting / stage.capacity : 0);
  const fullest = health.stages.reduce((a, b) => (a && fill(a) >= fill(b) ? a : b), null);
  const late = isThere(health.lateness) ? `, lateness ${seconds(health.lateness * 1e-6)}` : '';
  if (!fullest) tile('tile-pipeline', '–', 'nothing yet', 'none');
  else tile('tile-pipeline', `${fullest.waiting} of ${fullest.capacity}`, `before ${fullest.name}${late}`,
    fill(fullest) >= 0.75 ? 'warn' : 'good');
}

function renderTitle() {
  const firing = panels.alerts.entries.length ? panels.alerts.firing.length : 0;
  const run = status && isThere(status.run) ? `Run ${status.run} burst ${status.burst ?? '–'} – ` : '';
  const title = `${firing ? `(${firing}!) ` : ''}${run}Spillway`;
  if (document.title !== title) document.title = title;
}

/** How old what is shown is, or when it is tried again. */
function ageText(state, old, isRunning) {
  const wait = Math.max(0, Math.ceil((connection.retryAt - Date.now()) / 1000));
  if (state === 'starting') return 'the run has published nothing yet';
  if (!connection.heardAt) return state === 'waiting' ? `again in ${wait} s` : '';
  if (state === 'waiting') return `data ${age(old)} old, again in ${wait} s`;
  if (state === 'connected' && !isRunning) return 'run has ended';
  return old < 2_500 ? 'data up to date' : `data ${age(old)} old`;
}

/** The state of the connection and the age of what is shown. */
function renderLink() {
  const { state, heardAt } = connection;
  const old = freshAt ? Date.now() - freshAt : 0;
  const isRunning = status?.state === 'running';
  const isSilent = state === 'connected' && isRunning && old > STALE;
  const isLost = state !== 'connected' && (!heardAt || old > 3_000);
  const isStale = heardAt > 0 && (isSilent || isLost);
  const shown = state === 'connected' ? (isSilent ? 'silent' : 'connected') : state;
  const words = {
    connected: 'Connected', silent: 'Silent', connecting: 'Connecting', waiting: 'Not connected',
    starting: 'Starting', refused: 'Not signed in',
  };
  setAttribute(byId('link'), 'data-state', shown);
  setText(byId('link-state'), words[shown]);
  setText(byId('link-age'), ageText(state, old, isRunning));
  show(byId('link-now'), state === 'waiting');
  setAttribute(document.body, 'data-stale', isStale);
  const stale = byId('stale');
  show(stale, isStale || state === 'refused');
  if (state === 'refused') {
    if (!stale.querySelector('a')) {
      const link = document.createElement('a');
      link.href = '/login';
      link.textContent = 'Sign in';
      stale.replaceChildren('This server wants its token. ', link);
    }
  } else if (isStale) {
    const at = status?.dataTime ? `, at data time ${utc(status.dataTime)}` : '';
    const why = isSilent ? 'The server is there, but the run says nothing.' : 'There is no connection to Spillway.';
    setText(stale, `Old numbers: the last ones came ${age(old)} ago${at}. ${why}`);
  }
  if (isStale !== wasLost && heardAt) {
    say(isStale ? 'The connection to Spillway is lost; the numbers are old.' : 'Connected again.');
    wasLost = isStale;
  }
  if (connection.unreadable) setText(byId('library'), `${count(connection.unreadable)} documents could not be read.`);
}

startTheme(() => {
  forgetColours();
  panels.rates.recolour();
  panels.counts.recolour();
});
setText(byId('library'), hasLibrary() ? ''
  : 'The chart library is not installed on the server (Debian: libjs-dygraphs): plain charts are shown.');
byId('link-now').addEventListener('click', () => connection.connect());
addEventListener('online', () => {
  if (connection.state === 'waiting') connection.connect();
});
addEventListener('pagehide', () => connection.close());
addEventListener('pageshow', (event) => {
  if (event.persisted) connection.connect();
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) connection.paint();
});
setInterval(() => {
  connection.watch();
  renderLink();
}, 1_000);
connection.connect();

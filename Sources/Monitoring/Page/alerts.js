// Alerts, those that still hold first, and candidates with their event display.

import { byId, el, fillTable, KeyedList, setAttribute, setText, show } from './dom.js';
import { count, isThere, timeParts, utc } from './format.js';

const SEVERITIES = { critical: ['⬤', 'critical'], warning: ['▲', 'warning'], information: ['ℹ', 'information'] };
const FIRST_SHOWN = matchMedia('(max-width: 640px)').matches ? 8 : 25;
const ANNOUNCED = 5;

/** Run, burst and event, as far as they are known. */
function place(entry) {
  const parts = [['run', entry.run], ['burst', entry.burst], ['event', entry.event]];
  return parts.filter(([, value]) => isThere(value)).map(([name, value]) => `${name} ${value}`).join(', ');
}

/**
 * Identities of what retractions and corrections speak of: `refersTo`, or whatever quantity of theirs is the identity of
 * an entry.
 */
function withdrawals(entries) {
  const ids = new Set(entries.map((entry) => entry.id));
  const found = new Map();
  for (const entry of entries) {
    if (entry.kind !== 'retraction' && entry.kind !== 'correction') continue;
    for (const value of [entry.refersTo, ...Object.values(entry.quantities ?? {})]) {
      if (ids.has(value) && value !== entry.id && !found.has(value)) found.set(value, entry.kind);
    }
  }
  return found;
}

function rank(entry) {
  if (entry.isFiring !== true) return 9;
  return { critical: 0, warning: 1 }[entry.severity] ?? 2;
}

/** What an alert is now, in a word. */
function mark(entry, withdrawn) {
  if (withdrawn === 'retraction') return 'retracted';
  if (withdrawn === 'correction') return 'corrected';
  if (entry.isFiring === true) return 'firing';
  if (entry.isFiring === false) return 'resolved';
  return entry.kind;
}

class Item {
  constructor() {
    this.sign = el('span', { 'aria-hidden': 'true', class: 'sign' });
    this.severity = el('span', { class: 'severity' });
    this.mark = el('span', { class: 'chip' });
    this.day = el('span', { class: 'dim' });
    this.time = el('time');
    this.text = el('p', { class: 'text' });
    this.meta = el('p', { class: 'meta' });
    this.pending = el('p', { class: 'meta pending' });
    this.node = el('li', { class: 'alert' },
      el('p', { class: 'line' }, el('span', {}, this.sign, ' ', this.severity), this.mark,
        el('span', { class: 'when' }, this.day, ' ', this.time, ' UTC')),
      this.text, this.meta, this.pending);
  }

  update({ entry, withdrawn }) {
    const [sign, word] = SEVERITIES[entry.severity] ?? ['?', String(entry.severity)];
    setText(this.sign, sign);
    setText(this.severity, word);
    const state = mark(entry, withdrawn);
    setText(this.mark, state);
    setAttribute(this.node, 'data-severity', entry.severity in SEVERITIES ? entry.severity : 'other');
    setAttribute(this.node, 'data-state', ['firing', 'resolved', 'retracted', 'corrected'].includes(state) ? state : 'said');
    const [day, time] = timeParts(entry.dataTime);
    setText(this.day, day);
    setText(this.time, time);
    setAttribute(this.time, 'datetime', entry.dataTime);
    setText(this.text, entry.text);
    const delivered = entry.delivered?.length ? `sent to ${entry.delivered.join(', ')}` : '';
    setText(this.meta, [entry.rule, place(entry), `wall ${utc(entry.wallTime)}`, delivered].filter(Boolean).join(' · '));
    setText(this.pending, entry.pending?.length ? `Waits for ${entry.pending.join(', ')}` : '');
  }
}

export class Alerts {
  constructor() {
    this.entries = [];
    this.rules = [];
    this.known = null; // identity to whether it fired, at the last look
    this.startTime = null;
    this.heartbeat = null; // the last one, also when the list has it no more
    this.showsAll = false;
    this.list = new KeyedList(byId('alerts-list'), () => new Item());
    this.chosen = null; // null: the newest
    byId('alerts-more').addEventListener('click', () => {
      this.showsAll = !this.showsAll;
      this.render();
    });
    byId('candidate-image').addEventListener('error', () => this.showDisplay(false));
    byId('candidate-image').addEventListener('load', () => this.showDisplay(true));
    const go = (step) => {
      const candidates = this.candidates;
      const at = this.position(candidates) + step;
      if (at >= 0 && at < candidates.length) {
        this.chosen = at === 0 ? null : candidates[at].id;
        this.renderCandidate();
      }
    };
    byId('candidate-newer').addEventListener('click', () => go(-1));
    byId('candidate-older').addEventListener('click', () => go(1));
  }

  get candidates() {
    return this.entries.filter((entry) => entry.kind === 'candidate');
  }

  get firing() {
    return this.entries.filter((entry) => entry.isFiring === true && !this.withdrawn.has(entry.id));
  }

  /** Alarms that are on, and that the list has no more. */
  get unlisted() {
    const all = this.rules.reduce((sum, rule) => sum + rule.firing, 0);
    return Math.max(0, all - this.entries.filter((entry) => entry.isFiring === true).length);
  }

  /** Another run: what it has is not news. */
  restart(startTime) {
    if (this.startTime !== null && startTime !== this.startTime) {
      this.known = null;
      this.heartbeat = null;
    }
    this.startTime = startTime;
  }

  update(alerts) {
    this.entries = alerts.entries;
    this.total = alerts.total;
    this.rules = alerts.rules ?? [];
    this.sinks = alerts.sinks ?? [];
    this.withdrawn = withdrawals(this.entries);
    this.announce();
    this.render();
    this.renderCandidate();
  }

  /** Says what is new to those who listen; the past is not read out when the page opens. */
  announce() {
    const { known } = this;
    this.known = new Map(this.entries.map((entry) => [entry.id, entry.isFiring]));
    if (!known) return;
    const news = [];
    for (const entry of this.entries) {
      if (entry.kind === 'heartbeat') continue;
      if (!known.has(entry.id)) news.push(`${entry.severity} ${entry.kind}: ${entry.text}`);
      else if (known.get(entry.id) === true && entry.isFiring === false) news.push(`resolved: ${entry.text}`);
    }
    if (news.length > 3) say(`${news.length} new alerts. The newest: ${news[0]}`);
    else news.reverse().forEach(say);
  }

  render() {
    this.heartbeat = this.entries.find((entry) => entry.kind === 'heartbeat') ?? this.heartbeat;
    const shown = this.entries.filter((entry) => entry.kind !== 'heartbeat')
      .map((entry) => ({ entry, withdrawn: this.withdrawn.get(entry.id) }))
      .sort((a, b) => rank(a.entry) - rank(b.entry)); // a stable sort: newest first stays
    const visible = this.showsAll ? shown : shown.slice(0, Math.max(FIRST_SHOWN, this.firing.length));
    show(byId('alerts-empty'), shown.length === 0);
    const part = this.total > this.entries.length ? `, the newest ${count(this.entries.length)} are here` : '';
    setText(byId('alerts-note'), [
      this.total > 0 ? `${count(this.total)} raised${part}, with heartbeats.` : '',
      this.heartbeat ? `Last heartbeat ${utc(this.heartbeat.dataTime)}.` : 'No heartbeat seen.',
    ].filter(Boolean).join(' '));
    show(byId('delivery'), this.rules.length + this.sinks.length > 0);
    fillTable(byId('rules-table'), this.rules.map((rule) => [rule.rule, count(rule.raised), count(rule.firing)]));
    fillTable(byId('sinks-table'), this.sinks.map((sink) =>
      [sink.name, count(sink.delivered), count(sink.pending), count(sink.failed)]));
    const waiting = this.sinks.filter((sink) => sink.pending > 0).map((sink) => sink.name);
    setText(byId('delivery-note'), waiting.length ? `▲ waits for ${waiting.join(', ')}` : '');
    this.list.update(visible, ({ entry }) => entry.id);
    const more = byId('alerts-more');
    show(more, shown.length > visible.length || this.showsAll);
    setText(more, this.showsAll ? 'Show fewer' : `Show all ${shown.length}`);
    setAttribute(more, 'aria-expanded', this.showsAll);
  }

  showDisplay(isShown) {
    show(byId('candidate-figure'), isShown);
    show(byId('candidate-none'), !isShown);
  }

  position(candidates) {
    const at = candidates.findIndex((entry) => entry.id === this.chosen);
    return at < 0 ? 0 : at;
  }

  renderCandidate() {
    const { candidates } = this;
    const at = this.position(candidates);
    const entry = candidates[at];
    show(byId('candidate'), Boolean(entry));
    show(byId('candidates-empty'), !entry);
    if (!entry) return;
    byId('candidate-newer').disabled = at === 0;
    byId('candidate-older').disabled = at === candidates.length - 1;
    setText(byId('candidate-position'), `${at + 1} of ${candidates.length}${this.chosen === null ? ', follows the newest' : ''}`);
    setText(byId('candidate-name'), place(entry) || entry.id);
    setText(byId('candidate-text'), `${entry.text} · ${utc(entry.dataTime)} · ${entry.rule}`);
    const withdrawn = this.withdrawn.get(entry.id);
    show(byId('candidate-flag'), Boolean(withdrawn));
    setText(byId('candidate-flag'),
      withdrawn === 'retraction' ? 'Retracted: do not use it.' : withdrawn ? 'Corrected by a later message.' : '');
    const address = entry.hasDisplay === true ? `/api/v1/candidates/${encodeURIComponent(entry.id)}/display.svg` : null;
    if (!address || byId('candidate-image').getAttribute('src') !== address) this.showDisplay(address !== null);
    setAttribute(byId('candidate-image'), 'src', address);
    if (address) {
      setAttribute(byId('candidate-image'), 'alt', `Event display of ${place(entry) || entry.id}`);
      setAttribute(byId('candidate-link'), 'href', address);
    }
    const quantities = Object.entries(entry.quantities ?? {});
    show(byId('candidate-table'), quantities.length > 0);
    fillTable(byId('candidate-table').tBodies[0], quantities.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** Says one thing to screen readers; only the last few stay. */
export function say(text) {
  const log = byId('announce');
  const line = el('p');
  setText(line, String(text).slice(0, 300));
  log.append(line);
  while (log.childElementCount > ANNOUNCED) log.firstElementChild.remove();
}

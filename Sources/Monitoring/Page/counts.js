// The counting experiments: a table, the history of the chosen one, and the boxes that are sealed.

import { Chart } from './charts.js';
import { byId, el, fillTable, KeyedList, setAttribute, setText, show, svg } from './dom.js';
import { count, isThere, number, tick } from './format.js';

const SHOWN_BURSTS = 400;

/** Significance: what Swift leaves out is infinite. */
const significance = (point) => (isThere(point.zOneSided) ? number(point.zOneSided, 3) : '∞');

/** One open selection's row. */
class Row {
  constructor(choose) {
    this.button = el('button', { type: 'button', class: 'name' });
    this.role = el('small', { class: 'dim' });
    const cell = (label) => {
      const data = el('data');
      return { data, node: el('td', { 'data-label': label }, data) };
    };
    this.events = cell('Events');
    this.selected = cell('Selected');
    this.observed = cell('Observed');
    this.background = cell('Background');
    this.limit = cell('Limit');
    this.level = el('small', { class: 'dim' });
    this.limit.node.append(' ', this.level);
    this.z = cell('Z');
    this.p = cell('Anytime p');
    this.node = el('tr', {}, el('th', { scope: 'row' }, this.button, ' ', this.role), this.events.node, this.selected.node,
      this.observed.node, this.background.node, this.limit.node, this.z.node, this.p.node);
    this.button.addEventListener('click', () => choose(this.name));
  }

  update(selection) {
    const { state } = selection;
    this.name = selection.name;
    const put = ({ data }, value, text) => {
      setText(data, text);
      setAttribute(data, 'value', isThere(value) ? value : '');
      setAttribute(data.parentNode, 'data-empty', text === '–');
    };
    setText(this.button, selection.name);
    setText(this.role, selection.role);
    put(this.events, selection.events, count(selection.events));
    put(this.selected, selection.selected, count(selection.selected));
    put(this.observed, state?.observed, state ? count(state.observed) : '–');
    put(this.background, state?.background, state ? number(state.background, 4) : '–');
    put(this.limit, state?.upperLimit, state ? `< ${number(state.upperLimit, 3)}` : '–');
    setText(this.level, state && isThere(selection.confidenceLevel) ? `${number(100 * selection.confidenceLevel, 2)} % CL` : '');
    put(this.z, state?.zOneSided, state ? significance(state) : '–');
    put(this.p, state?.anytimePValue, state && isThere(state.anytimePValue) ? number(state.anytimePValue, 2) : '–');
  }
}

/** A sealed selection: its name, and no number, whatever the document has. */
class Box {
  constructor() {
    this.title = el('h3');
    const lock = svg('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false', class: 'lock' },
      svg('rect', { x: 4, y: 10, width: 16, height: 11, rx: 2 }),
      svg('path', { d: 'M8 10V7a4 4 0 0 1 8 0v3', fill: 'none', stroke: 'currentColor', 'stroke-width': 2.2 }));
    this.node = el('article', { class: 'sealed' }, lock, el('div', {}, this.title,
      el('p', {}, el('strong', {}, 'Sealed.'), ' What is in its signal region is not shown: no count, no limit, no significance. ',
        el('code', {}, 'spillway unblind'), ' opens it, on record.')));
  }

  update(selection) {
    setText(this.title, selection.name);
  }
}

export class Counts {
  constructor() {
    this.document = null;
    this.chosen = null;
    const choose = (name) => {
      this.chosen = name;
      this.render();
    };
    const body = el('tbody');
    this.table = el('table', { class: 'grid counts' },
      el('caption', { class: 'hidden' }, 'Open selections and their counting experiments'),
      el('thead', {}, el('tr', {}, ...['Selection', 'Events', 'Selected', 'Observed', 'Background', 'Limit / events', 'Z', 'Anytime p']
        .map((text) => el('th', { scope: 'col' }, text)))), body);
    byId('counts-open').append(this.table);
    this.rows = new KeyedList(body, () => new Row(choose));
    this.boxes = new KeyedList(byId('blind'), () => new Box());
    const chart = (name) => new Chart(byId(`experiment-${name}`), byId(`experiment-${name}-read`));
    this.charts = { counts: chart('counts'), limit: chart('limit'), z: chart('z') };
    byId('experiment-values').addEventListener('toggle', () => this.renderTable());
  }

  update(counts) {
    this.document = counts;
    this.render();
  }

  recolour() {
    for (const chart of Object.values(this.charts)) chart.recolour();
  }

  get experiment() {
    const open = this.document.selections.filter((s) => !s.isBlind && s.history?.length);
    return open.find((s) => s.name === this.chosen) ?? open.find((s) => s.role === 'signal') ?? open[0];
  }

  render() {
    if (!this.document) return;
    const { selections } = this.document;
    const open = selections.filter((s) => !s.isBlind);
    show(byId('counts-empty'), selections.length === 0);
    show(this.table, open.length > 0);
    this.rows.update(open, (s) => s.name);
    this.boxes.update(selections.filter((s) => s.isBlind), (s) => s.name);
    const chosen = this.experiment;
    for (const [name, row] of this.rows.rows) {
      const hasHistory = Boolean(open.find((s) => s.name === name)?.history?.length);
      setAttribute(row.button, 'aria-pressed', hasHistory ? name === chosen?.name : null);
      if (row.button.disabled === hasHistory) row.button.disabled = !hasHistory;
    }
    show(byId('experiment'), Boolean(chosen));
    if (chosen) this.renderCharts(chosen);
  }

  renderCharts(selection) {
    const points = selection.history.slice(-SHOWN_BURSTS);
    setText(byId('experiment-title'), selection.name);
    setText(byId('experiment-note'), isThere(selection.method) ? selection.method : '');
    const rises = points.every((p, i) => i === 0 || (p.run === points[0].run && p.burst > points[i - 1].burst));
    const axis = {
      id: selection.name,
      x: points.map((p, i) => (rises ? p.burst : i)),
      xText: (at) => (Number.isInteger(at) ? (rises ? String(at) : String(points[at]?.burst ?? '')) : ''),
      yText: tick,
      steps: true,
    };
    const read = (text) => (i) => (points[i] ? `After run ${points[i].run} burst ${points[i].burst}: ${text(points[i])}` : '');
    this.charts.counts.update({
      ...axis, series: [{ values: points.map((p) => p.observed) }, { values: points.map((p) => p.background) }],
      read: read((p) => `${count(p.observed)} observed, background ${number(p.background, 4)}`),
    });
    this.charts.limit.update({
      ...axis, series: [{ values: points.map((p) => p.upperLimit) }], read: read((p) => `< ${number(p.upperLimit, 4)} signal events`),
    });
    this.charts.z.update({
      ...axis, series: [{ values: points.map((p) => (isThere(p.zOneSided) ? p.zOneSided : NaN)) }],
      read: read((p) => `Z ${significance(p)}${isThere(p.anytimePValue) ? `, anytime p ${number(p.anytimePValue, 2)}` : ''}`),
    });
    this.renderTable();
  }

  renderTable() {
    if (!byId('experiment-values').open || !this.document) return;
    const points = (this.experiment?.history ?? []).slice(-SHOWN_BURSTS).reverse();
    fillTable(byId('experiment-table'), points.map((p) => [`${p.run}/${p.burst}`, count(p.observed), number(p.background, 4),
      number(p.upperLimit, 4), significance(p), isThere(p.anytimePValue) ? number(p.anytimePValue, 2) : '–']));
  }
}

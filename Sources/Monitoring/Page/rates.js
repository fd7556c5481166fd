// The rates: a table for each level, and the chosen line burst by burst and along the burst.

import { BandBar, Chart, Spark } from './charts.js';
import { byId, el, fillTable, KeyedList, setAttribute, setText, show } from './dom.js';
import { band as bandText, count, isThere, number, rate as rateText, rateParts, rateTick, seconds, share, tick, utc } from './format.js';

const LEVELS = [
  ['detector', 'Detectors', 'Primitives of the L0 detectors'],
  ['l0', 'L0', 'Triggers of the L0 masks'],
  ['l1', 'L1', 'Events that the L1 masks accept'],
  ['algorithm', 'Algorithms', 'Events that the L1 algorithms pass, by mask'],
  ['selection', 'Selections', 'Events that the selections take; of a sealed one only what is open'],
  ['stream', 'Stream', 'Packets, fragments and what is lost of them'],
];
const CONDITIONS = { normal: ['✓', 'in band'], high: ['▲', 'high'], low: ['▼', 'low'], dead: ['✕', 'dead'] };
const SHOWN_BURSTS = 400; // more points than this are not drawn, whatever comes
const SPARK_BURSTS = 96; // a point for each unit of a row's small line

const keyOf = (line) => `${line.level} ${line.name}`;
const rateOf = (point) => (point && point.seconds > 0 ? point.count / point.seconds : NaN);
const newest = (line) => line.bursts.at(-1);
const isOut = (line) => line.condition !== 'normal';

/** The bins along the burst that have begun: of a burst under way those that are still to come are no zeros. */
function begun(line, rates) {
  if (!rates.isBurstOpen) return line.along;
  const last = line.along.findLastIndex((n) => n > 0) + 1;
  const due = Math.floor((newest(line)?.seconds ?? 0) / rates.binSeconds);
  return line.along.slice(0, Math.max(last, due));
}

/** One line's row. */
class Row {
  constructor(line, choose) {
    this.button = el('button', { type: 'button', class: 'name' });
    this.value = el('data');
    this.unit = el('span', { class: 'unit' });
    this.error = el('td', { class: 'dim wide-only' });
    this.bandText = el('td', { class: 'dim' });
    this.bar = new BandBar();
    this.bursts = new Spark();
    this.along = new Spark();
    this.sign = el('span', { 'aria-hidden': 'true' });
    this.word = el('span');
    this.condition = el('td', { class: 'condition' }, this.sign, ' ', this.word);
    this.node = el('tr', {},
      el('th', { scope: 'row' }, this.button), el('td', { class: 'value' }, this.value, ' ', this.unit), this.error,
      this.bandText, el('td', { class: 'picture bar-cell' }, this.bar.node),
      el('td', { class: 'picture spark-cell' }, this.bursts.node), el('td', { class: 'picture spark-cell' }, this.along.node),
      this.condition);
    this.button.addEventListener('click', () => choose(keyOf(this.line)));
    this.line = line;
  }

  update(line, rates) {
    this.line = line;
    const point = newest(line);
    const rate = rateOf(point);
    const [value, unit] = rateParts(rate);
    setText(this.button, line.name);
    setText(this.value, value);
    setAttribute(this.value, 'value', Number.isFinite(rate) ? rate : '');
    setText(this.unit, unit);
    setText(this.error, point?.count > 0 ? `± ${share(Math.sqrt(point.count), point.count)}` : '');
    setText(this.bandText, line.band ? bandText(line.band.low, line.band.high) : 'no band');
    this.bar.update(rate, line.band);
    this.bursts.update(line.bursts.slice(-SPARK_BURSTS).map(rateOf), { band: line.band ?? null });
    const bins = begun(line, rates).map(Number);
    this.along.update([...bins, ...Array(line.along.length - bins.length).fill(NaN)], { steps: true, fromZero: true });
    const [sign, word] = line.band || isOut(line) ? (CONDITIONS[line.condition] ?? ['?', String(line.condition)]) : ['', ''];
    setText(this.sign, sign);
    setText(this.word, word);
    setAttribute(this.node, 'data-condition', line.condition);
  }
}

/** One level's table. */
class Group {
  constructor(level, title, caption, choose) {
    this.count = el('span', { class: 'dim' });
    this.body = el('tbody');
    this.node = el('details', { class: 'group', open: '' },
      el('summary', {}, el('h3', {}, title), ' ', this.count),
      el('table', { class: 'grid rates' },
        el('caption', {}, caption),
        el('thead', {}, el('tr', {},
          el('th', { scope: 'col' }, 'Line'), el('th', { scope: 'col' }, 'Rate'),
          el('th', { scope: 'col', class: 'wide-only' }, '± stat.'), el('th', { scope: 'col' }, 'Band'),
          el('th', { scope: 'col', class: 'bar-cell' }, 'In band'),
          el('th', { scope: 'col', class: 'spark-cell' }, 'Bursts'), el('th', { scope: 'col', class: 'spark-cell' }, 'Along'),
          el('th', { scope: 'col' }, 'Condition'))),
        this.body));
    this.list = new KeyedList(this.body, (line) => {
      const row = new Row(line, choose);
      return { node: row.node, button: row.button, update: (item) => row.update(item, this.rates) };
    });
  }

  update(lines, all, rates) {
    this.rates = rates;
    const out = all.filter(isOut).length;
    setText(this.count, `${all.length} ${all.length === 1 ? 'line' : 'lines'}${out ? `, ${out} outside` : ''}`);
    show(this.node, lines.length > 0);
    this.list.update(lines, (line) => line.name);
  }
}

export class Rates {
  constructor() {
    this.document = null;
    this.chosen = null;
    this.filter = '';
    this.onlyOut = false;
    this.burstChart = new Chart(byId('line-bursts'), byId('line-bursts-read'));
    this.alongChart = new Chart(byId('line-along'), byId('line-along-read'));
    const choose = (key) => {
      this.chosen = key;
      this.render();
      byId('line').scrollIntoView({ block: 'nearest' });
    };
    this.groups = LEVELS.map(([level, title, caption]) => ({ level, group: new Group(level, title, caption, choose) }));
    byId('rates-groups').append(...this.groups.map(({ group }) => group.node));
    byId('rates-filter').addEventListener('input', (event) => {
      this.filter = event.target.value.trim().toLowerCase();
      this.render();
    });
    byId('rates-problems').addEventListener('change', (event) => {
      this.onlyOut = event.target.checked;
      this.render();
    });
    byId('line-values').addEventListener('toggle', () => this.renderTables());
  }

  update(rates) {
    this.document = rates;
    if (!rates.lines.some((line) => keyOf(line) === this.chosen)) {
      const first = rates.lines.find(isOut) ?? rates.lines.find((line) => line.level === 'l0') ?? rates.lines[0];
      this.chosen = first ? keyOf(first) : null;
    }
    this.render();
  }

  recolour() {
    this.burstChart.recolour();
    this.alongChart.recolour();
  }

  render() {
    const { document: rates } = this;
    if (!rates) return;
    const isShown = (line) =>
      (!this.onlyOut || isOut(line)) && (!this.filter || `${line.name} ${line.level}`.toLowerCase().includes(this.filter));
    let shown = 0;
    for (const { level, group } of this.groups) {
      const all = rates.lines.filter((line) => line.level === level);
      const lines = all.filter(isShown);
      shown += lines.length;
      group.update(lines, all, rates);
      for (const [name, row] of group.list.rows) {
        setAttribute(row.button, 'aria-pressed', `${level} ${name}` === this.chosen);
      }
    }
    show(byId('rates-empty'), shown === 0);
    setText(byId('rates-empty'), rates.lines.length ? 'No line is like that.' : 'No line yet: nothing has come.');
    const last = rates.lines.map(newest).find(isThere);
    const open = rates.isBurstOpen ? 'under way, rates so far' : 'the last one';
    const origins = [...new Set(rates.lines.map((line) => line.band?.origin).filter(isThere))];
    setText(byId('rates-note'), last
      ? `Burst ${last.burst}: ${open}. ${origins.length ? `Bands: ${origins.slice(0, 3).join('; ')}.` : 'No line has a band.'}`
      : '');
    this.renderLine();
  }

  renderLine() {
    const rates = this.document;
    const line = rates.lines.find((l) => keyOf(l) === this.chosen);
    show(byId('line'), Boolean(line));
    if (!line) return;
    const level = LEVELS.find(([name]) => name === line.level);
    setText(byId('line-title'), `${line.name} (${level ? level[1] : line.level})`);
    const condition = CONDITIONS[line.condition]?.[1] ?? line.condition;
    const total = isThere(line.total) ? ` ${count(line.total)} since the start of the run.` : '';
    setText(byId('line-note'), line.band
      ? `${condition}; expected ${rateText(line.band.expected)}, band ${bandText(line.band.low, line.band.high)} (${line.band.origin}).${total}`
      : `There is no reference for it.${total}`);

    const points = line.bursts.slice(-SHOWN_BURSTS);
    // Burst numbers are the axis where they rise; else, as over several runs, places in the list.
    const rises = points.every((point, i) => i === 0 || (point.run === points[0].run && point.burst > points[i - 1].burst));
    const x = points.map((point, i) => (rises ? point.burst : i));
    this.burstChart.update({
      id: this.chosen,
      x,
      series: [{ values: points.map(rateOf), errors: points.map((p) => (p.seconds > 0 ? Math.sqrt(p.count) / p.seconds : 0)) }],
      band: line.band ?? null,
      xText: (at) => (Number.isInteger(at) ? (rises ? String(at) : String(points[at]?.burst ?? '')) : ''),
      yText: rateTick,
      read: (i) => {
        const p = points[i];
        const isOpen = rates.isBurstOpen && i === points.length - 1;
        return p ? `Run ${p.run} burst ${p.burst}${isOpen ? ' (under way)' : ''}: ${rateText(rateOf(p))}, ${count(p.count)} in ${seconds(p.seconds)}${isThere(p.dataTime) ? `, ${utc(p.dataTime)}` : ''}` : '';
      },
    });

    const width = rates.binSeconds;
    const along = begun(line, rates).map((n) => n / width);
    setText(byId('line-along-title'), `Rate along the burst, bins of ${seconds(width)}`);
    this.alongChart.update({
      id: this.chosen,
      // The last bin ends where the next one would start.
      x: [...along.map((_, i) => i * width), ...(along.length ? [along.length * width] : [])],
      series: [{ values: [...along, ...along.slice(-1)] }],
      band: line.band ?? null,
      steps: true,
      fromZero: true,
      xText: (at) => `${tick(at)} s`,
      yText: rateTick,
      read: (i) => {
        const bin = Math.min(i, along.length - 1);
        return `${number(bin * width, 3)} s to ${number((bin + 1) * width, 3)} s: ${rateText(along[bin])}, ${count(line.along[bin])}`;
      },
    });
    this.renderTables();
  }

  renderTables() {
    if (!byId('line-values').open || !this.document) return;
    const line = this.document.lines.find((l) => keyOf(l) === this.chosen);
    if (!line) return;
    fillTable(byId('line-bursts-table'), line.bursts.slice(-SHOWN_BURSTS).reverse().map((p) =>
      [`${p.run}/${p.burst}`, count(p.count), number(p.seconds, 4), rateText(rateOf(p))]));
    const width = this.document.binSeconds;
    const decimals = tick(width).split('.')[1]?.length ?? 0;
    fillTable(byId('line-along-table'), begun(line, this.document).map((n, i) =>
      [(i * width).toFixed(decimals), count(n), rateText(n / width)]));
  }
}

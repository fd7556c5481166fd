// The books and the stages of the pipeline.

import { byId, el, KeyedList, setAttribute, setText, show } from './dom.js';
import { bytes, count, isThere, number, seconds, share } from './format.js';

const LOAD_WINDOW = 10_000;

/** How full a queue is, as a bar; the numbers stand beside it. */
class Queue {
  constructor() {
    this.node = el('meter', { min: 0, 'aria-hidden': 'true' });
  }

  update(waiting, capacity) {
    setAttribute(this.node, 'max', Math.max(1, capacity));
    setAttribute(this.node, 'high', Math.max(1, capacity) * 0.75);
    setAttribute(this.node, 'value', waiting);
  }
}

class StageRow {
  constructor() {
    this.queue = new Queue();
    this.cells = ['name', 'waiting', 'batches', 'mean', 'load'].map((name) => (name === 'name' ? el('th', { scope: 'row' }) : el('td')));
    const [name, waiting, batches, mean, load] = this.cells;
    this.node = el('tr', {}, name, el('td', { class: 'meter-cell' }, this.queue.node), waiting, batches, mean, load);
    this.samples = []; // [moment, busy seconds] of the last ten seconds
  }

  update(stage) {
    const [name, waiting, batches, mean, load] = this.cells;
    setText(name, stage.name);
    this.queue.update(stage.waiting, stage.capacity);
    setText(waiting, `${stage.waiting} of ${stage.capacity}`);
    setAttribute(this.node, 'data-full', stage.capacity > 0 && stage.waiting >= stage.capacity);
    setText(batches, count(stage.batches));
    setText(mean, stage.batches > 0 ? seconds(stage.busySeconds / stage.batches) : '–');
    setText(load, this.load(stage.busySeconds));
  }

  load(busy) {
    const now = Date.now();
    if (this.samples.length && busy < this.samples[0][1]) this.samples = []; // another run
    if (!this.samples.length || now - this.samples.at(-1)[0] > 900) this.samples.push([now, busy]);
    while (this.samples.length > 2 && now - this.samples[1][0] > LOAD_WINDOW) this.samples.shift();
    const [from, before] = this.samples[0];
    return now - from > 2_000 ? `${number((1000 * (busy - before)) / (now - from), 2)} s/s` : '–';
  }
}

/** One account: its total, then where it went. */
class Account {
  constructor() {
    this.item = el('th', { scope: 'rowgroup' });
    this.total = el('data');
    this.closes = el('td');
    this.headRow = el('tr', { class: 'total' }, this.item, el('td', {}, this.total), el('td'), this.closes);
    this.node = el('tbody', {}, this.headRow);
    this.columns = [];
  }

  update(account) {
    setText(this.item, account.item);
    setText(this.total, count(account.entered));
    setAttribute(this.total, 'value', account.entered);
    setText(this.closes, account.closes ? '✓ closes' : '✕ does not close');
    setAttribute(this.headRow, 'data-open', !account.closes);
    while (this.columns.length > account.columns.length) this.columns.pop().node.remove();
    account.columns.forEach((column, index) => {
      let row = this.columns[index];
      if (!row) {
        const [name, data, part, sign] = [el('th', { scope: 'row' }), el('data'), el('td'), el('td')];
        row = { name, data, part, sign, node: el('tr', {}, name, el('td', {}, data), part, sign) };
        this.columns.push(row);
        this.node.append(row.node);
      }
      setText(row.name, column.name);
      setText(row.data, count(column.count));
      setAttribute(row.data, 'value', column.count);
      setText(row.part, share(column.count, account.entered));
      setText(row.sign, column.isLoss ? (column.count > 0 ? '▼ lost' : 'loss') : '');
      setAttribute(row.node, 'data-lost', column.isLoss && column.count > 0);
    });
  }
}

export class Health {
  constructor() {
    this.stages = new KeyedList(byId('stages').tBodies[0], () => new StageRow());
    this.accounts = new KeyedList(byId('accounts'), () => new Account(), byId('accounts').tHead);
    this.facts = new KeyedList(byId('pipeline-facts'), () => {
      const [term, value] = [el('dt'), el('dd')];
      return {
        node: el('div', {}, term, value),
        update: ([name, text, isBad]) => {
          setText(term, name);
          setText(value, text);
          setAttribute(value, 'data-bad', isBad === true);
        },
      };
    });
  }

  update(health) {
    show(byId('stages'), health.stages.length > 0);
    show(byId('stages-empty'), health.stages.length === 0);
    this.stages.update(health.stages, (stage) => stage.name);
    show(byId('accounts'), health.books.length > 0);
    show(byId('books-empty'), health.books.length === 0);
    this.accounts.update(health.books, (account) => account.item);
    const drops = (value) => (isThere(value) ? `${count(value)} packets` : 'not for this source');
    this.facts.update([
      ['Dropped by kernel', drops(health.kernelDrops), health.kernelDrops > 0],
      ['Dropped by interface', drops(health.interfaceDrops), health.interfaceDrops > 0],
      ['Lateness, 99 %', isThere(health.lateness) ? seconds(health.lateness * 1e-6) : 'no set speed', false],
      ['Alerts to deliver', count(health.alertsPending), health.alertsPending > 0],
      ...(isThere(health.bytes) ? [['Packets read', bytes(health.bytes), false]] : []),
      ['Memory', bytes(health.memory), false],
    ], ([name]) => name);
  }
}

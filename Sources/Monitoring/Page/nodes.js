// The nodes of a farm: how each is, what it has counted, and who was turned away. Hidden where there is no farm.

import { byId, el, KeyedList, setAttribute, setText, show } from './dom.js';
import { age, count, isThere, seconds } from './format.js';

const WORDS = {
  waiting: '… waiting', running: '● running', back: '↻ back', late: '▲ late', lost: '✕ lost', ended: '■ ended',
  refused: '✕ refused',
};
const BAD = new Set(['late', 'lost', 'refused']);

class NodeRow {
  constructor() {
    this.cells = [el('th', { scope: 'row' }), ...Array.from({ length: 7 }, () => el('td'))];
    this.node = el('tr', {}, ...this.cells);
  }

  update(item) {
    const [name, state, heard, lag, bursts, events, dropped, restarts] = this.cells;
    setText(name, item.node);
    setText(state, WORDS[item.state] ?? item.state);
    setAttribute(this.node, 'data-state', item.state);
    setAttribute(state, 'data-bad', BAD.has(item.state));
    setText(heard, isThere(item.age) ? `${age(1000 * item.age)} ago` : 'never');
    setText(lag, isThere(item.lag) ? seconds(item.lag) : '–');
    setText(bursts, isThere(item.burst) ? `${count(item.bursts)}, in burst ${item.burst}` : count(item.bursts));
    setText(events, item.openEvents > 0 ? `${count(item.events)} + ${count(item.openEvents)}` : count(item.events));
    setText(dropped, count(item.droppedEvents));
    setAttribute(dropped, 'data-bad', item.droppedEvents > 0);
    setText(restarts, count(item.restarts));
  }
}

export class Nodes {
  constructor() {
    this.rows = new KeyedList(byId('nodes-table').tBodies[0], () => new NodeRow());
    this.notes = new KeyedList(byId('nodes-notes'), () => {
      const node = el('li');
      return { node, update: (text) => setText(node, text) };
    });
  }

  update(farm) {
    show(byId('nodes'), true);
    this.rows.update(farm.nodes, (item) => String(item.node));
    const refused = farm.nodes.filter((item) => isThere(item.reason));
    this.notes.update(
      [...refused.map((item) => `Node ${item.node} is refused: ${item.reason}`), ...farm.strangers], (text) => text);
    setText(byId('nodes-note'), `${farm.nodes.length} nodes tell ${farm.endpoint} what they count.`);
  }
}

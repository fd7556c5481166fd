// Changes to the page: only what differs is touched, and texts are only ever texts (no innerHTML anywhere).

export const byId = (id) => document.getElementById(id);

const SVG = 'http://www.w3.org/2000/svg';

/** A new element with attributes and children; a child that is no node becomes a text. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A new SVG element. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

/** Sets the text of a node that holds nothing else. Marks that turn the direction of what follows are shown as such. */
export function setText(node, text) {
  const value = String(text).replace(TURNS, '\ufffd');
  const first = node.firstChild;
  if (first && !first.nextSibling && first.nodeType === Node.TEXT_NODE) {
    if (first.data !== value) first.data = value;
  } else if (first || value) {
    node.textContent = value;
  }
}

/** Sets an attribute, or takes it away where the value is null. */
export function setAttribute(node, name, value) {
  if (value === null) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) {
    node.setAttribute(name, value);
  }
}

/** Shows or hides a node. */
export function show(node, isShown) {
  if (node.hidden === isShown) node.hidden = !isShown;
}

/**
 * A list of nodes that follows a list of items: nodes stay with the key of their item, are moved only where the order
 * changed, and go with their item. A row is what `make` gives: an object with its `node` and an `update(item)`.
 * The list stands after the node `after` of its parent, or fills it.
 */
export class KeyedList {
  constructor(parent, make, after = null) {
    this.parent = parent;
    this.make = make;
    this.after = after;
    this.rows = new Map();
  }

  update(items, keyOf) {
    const kept = new Map();
    items.forEach((item, index) => {
      let key = keyOf(item, index);
      while (kept.has(key)) key += '\u0000'; // two items of one key are two rows
      const row = this.rows.get(key) ?? this.make(item, key);
      this.rows.delete(key);
      kept.set(key, row);
      row.update(item);
    });
    for (const row of this.rows.values()) row.node.remove();
    this.rows = kept;
    let next = this.after ? this.after.nextSibling : this.parent.firstChild;
    for (const row of kept.values()) {
      if (row.node === next) next = next.nextSibling;
      else this.parent.insertBefore(row.node, next);
    }
  }
}

/** Rows of plain texts in a table body; row heads where `heads` says so. */
export function fillTable(body, rows) {
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((cells, index) => {
    const row = body.rows[index] ?? body.insertRow();
    cells.forEach((text, column) => {
      let cell = row.cells[column];
      if (!cell) {
        cell = column === 0 ? el('th', { scope: 'row' }) : el('td');
        row.append(cell);
      }
      setText(cell, text);
    });
  });
}

// Charts: dygraphs where the library is there, otherwise a plain SVG. Either is beside a table with the same values.
//
// What a chart shows is a model:
//   id        whose values these are; a zoom ends where another is chosen
//   x         numbers that rise
//   series    [{values, errors?}]: values in the order of x; an error is one standard deviation
//   band      {low, high, expected} or null
//   steps     whether a value holds from its x to the next
//   fromZero  whether the value axis starts at zero
//   xText(x)  text of a place on the x axis
//   yText(y)  text of a value on the axis
//   read(i)   one line for what is under the pointer
// Only numbers and texts made of numbers go to dygraphs, which writes its labels as HTML.

import { setText, svg } from './dom.js';

/** Whether the chart library came. */
export const hasLibrary = () => typeof globalThis.Dygraph === 'function';

if (hasLibrary()) {
  // The legend writes a style attribute, which the Content-Security-Policy refuses; the page has its own beside the chart.
  const { PLUGINS } = globalThis.Dygraph;
  globalThis.Dygraph.PLUGINS = PLUGINS.filter((plugin) => !String(plugin.prototype).startsWith('Legend'));
}

const palette = new Map(); // colours of the sheet, read once for a theme

function colour(name) {
  if (!palette.has(name)) palette.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  return palette.get(name);
}

/** Colours have changed: charts take the new ones when they are drawn again. */
export const forgetColours = () => palette.clear();

/** A range with a margin that holds all that is shown. */
function valueRange(model) {
  let low = Infinity;
  let high = -Infinity;
  const take = (value) => {
    if (!Number.isFinite(value)) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  };
  for (const { values, errors } of model.series) {
    values.forEach((value, i) => {
      take(value);
      if (errors && Number.isFinite(value)) {
        take(value - errors[i]);
        take(value + errors[i]);
      }
    });
  }
  if (model.band) {
    take(model.band.low);
    take(model.band.high);
  }
  if (!(low <= high)) return [0, 1];
  if (model.fromZero || (low >= 0 && low < 0.4 * high)) low = Math.min(low, 0);
  const margin = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return [low === 0 ? 0 : low - margin, high + margin];
}

/** About so many round values inside a range. */
export function roundValues(low, high, about) {
  const raw = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw);
  const values = [];
  for (let k = Math.ceil(low / step); k * step <= high * (1 + 1e-12) && values.length < 20; k += 1) values.push(k * step);
  return values;
}

/** One chart in a box of the page. It draws only while it can be seen. */
export class Chart {
  constructor(host, readout) {
    this.host = host;
    this.readout = readout;
    this.model = null;
    this.shown = '';
    this.id = '';
    this.graph = null;
    this.plain = null;
    this.isVisible = false;
    this.isPointed = false;
    host.setAttribute('aria-hidden', 'true'); // the table has the same values
    new IntersectionObserver((entries) => {
      this.isVisible = entries.at(-1).isIntersecting;
      if (this.isVisible) this.draw();
    }).observe(host);
    // The size is told, never asked for: asking would lay out the page anew for each chart.
    this.width = 0;
    this.height = 0;
    new ResizeObserver((entries) => {
      const { width, height } = entries.at(-1).contentRect;
      [this.width, this.height] = [width, height];
      if (this.graph && width) this.graph.resize();
      else if (this.isVisible) this.recolour();
    }).observe(host);
    host.addEventListener('mouseleave', () => {
      this.isPointed = false;
      this.tell();
    });
  }

  /** Shows a model; costs nothing where it is the one shown. */
  update(model) {
    this.model = model;
    if (this.isVisible) this.draw();
    if (!this.isPointed) this.tell();
  }

  /** Draws again with other colours. */
  recolour() {
    this.shown = '';
    if (this.isVisible && this.model) this.draw();
  }

  /** The newest value, while nothing is pointed at. */
  tell(index = this.model ? this.model.x.length - 1 : -1) {
    setText(this.readout, this.model && index >= 0 ? this.model.read(index) : '');
  }

  draw() {
    const { model } = this;
    if (!model || !this.width) return;
    const key = JSON.stringify([model.x, model.series, model.band]);
    if (key === this.shown) return;
    this.shown = key;
    this.host.classList.toggle('nothing', model.x.length === 0);
    if (model.x.length === 0) return;
    if (hasLibrary()) this.drawWithLibrary(model);
    else this.drawPlain(model);
  }

  drawWithLibrary(model) {
    const hasErrors = model.series.some((s) => s.errors);
    const rows = model.x.map((x, i) => [
      x, ...model.series.map(({ values, errors }) => {
        const value = Number.isFinite(values[i]) ? values[i] : null;
        return hasErrors ? [value, errors ? errors[i] : 0] : value;
      }),
    ]);
    const colours = [colour('--series-a'), colour('--series-b')].slice(0, model.series.length);
    const options = {
      file: rows, colors: colours, errorBars: hasErrors, sigma: 1, fillAlpha: 0.22, stepPlot: model.steps === true,
      valueRange: valueRange(model), gridLineColor: colour('--line'), axisLineColor: colour('--axis'),
      drawPoints: !model.steps && rows.length < 150, pointSize: 2, strokeWidth: 1.5,
      labels: ['x', ...model.series.map((_, i) => `s${i}`)],
      axes: {
        x: { axisLabelFormatter: (x) => model.xText(x), pixelsPerLabel: 60 },
        y: { axisLabelFormatter: (y) => model.yText(y), pixelsPerLabel: 24, axisLabelWidth: 68 },
      },
    };
    if (this.graph) {
      if (model.id !== this.id) options.dateWindow = null;
      this.id = model.id;
      this.graph.updateOptions(options);
      return;
    }
    this.id = model.id;
    const { file, ...first } = options;
    const { mousedown, dblclick } = globalThis.Dygraph.defaultInteractionModel;
    this.graph = new globalThis.Dygraph(this.host, file, {
      ...first, legend: 'never', animatedZooms: false, xRangePad: 4, axisLabelFontSize: 12,
      highlightCircleSize: 4, labelsKMB: false, digitsAfterDecimal: 6,
      interactionModel: { mousedown, dblclick, willDestroyContextMyself: true }, // no touch: a finger scrolls the page
      highlightCallback: (_event, _x, _points, row) => {
        this.isPointed = true;
        this.tell(row);
      },
      unhighlightCallback: () => {
        this.isPointed = false;
        this.tell();
      },
      underlayCallback: (canvas, area, graph) => this.drawBand(canvas, area, graph),
    });
  }

  drawBand(canvas, area, graph) {
    const band = this.model?.band;
    if (!band) return;
    const [top, bottom, middle] = [band.high, band.low, band.expected].map((y) => graph.toDomYCoord(y));
    canvas.save();
    canvas.fillStyle = colour('--band');
    canvas.fillRect(area.x, top, area.w, Math.max(1, bottom - top));
    canvas.strokeStyle = colour('--axis');
    canvas.setLineDash([4, 4]);
    canvas.beginPath();
    canvas.moveTo(area.x, middle);
    canvas.lineTo(area.x + area.w, middle);
    canvas.stroke();
    canvas.restore();
  }

  /** Without the library: axes, band and lines, nothing to point at. */
  drawPlain(model) {
    const [width, height, left, bottom] = [this.width, this.height, 72, 20];
    const [low, high] = valueRange(model);
    const first = model.x[0] ?? 0;
    const last = Math.max(model.x.at(-1) ?? 1, first + 1e-9);
    const px = (x) => left + ((x - first) / (last - first)) * (width - left - 8);
    const py = (y) => height - bottom - ((y - low) / (high - low)) * (height - bottom - 6);
    const nodes = [];
    if (model.band) {
      nodes.push(svg('rect', {
        class: 'band', x: left, width: Math.max(0, width - left - 8), y: py(model.band.high),
        height: Math.max(1, py(model.band.low) - py(model.band.high)),
      }), svg('path', { class: 'expected', d: `M${left} ${py(model.band.expected)}H${width - 8}` }));
    }
    for (const y of roundValues(low, high, 4)) {
      nodes.push(svg('path', { class: 'gridline', d: `M${left} ${py(y)}H${width - 8}` }));
      nodes.push(svg('text', { x: left - 6, y: py(y) + 4, 'text-anchor': 'end' }, model.yText(y)));
    }
    for (const x of [first, last]) {
      nodes.push(svg('text', { x: px(x), y: height - 4, 'text-anchor': x === first ? 'start' : 'end' }, model.xText(x)));
    }
    model.series.forEach(({ values }, k) => {
      nodes.push(svg('path', { class: `curve ${'ab'[k]}`, d: path(model.x.map(px), values.map(py), model.steps) }));
    });
    this.plain ??= this.host.appendChild(svg('svg', { class: 'plain' }));
    this.plain.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.plain.replaceChildren(...nodes);
  }
}

/** The path of a line through points, interrupted where a value is missing. */
function path(xs, ys, steps = false) {
  let d = '';
  let pen = false;
  for (let i = 0; i < xs.length; i += 1) {
    if (!Number.isFinite(ys[i])) {
      pen = false;
      continue;
    }
    const at = `${xs[i].toFixed(1)} ${ys[i].toFixed(1)}`;
    d += pen ? (steps ? `H${xs[i].toFixed(1)}V${ys[i].toFixed(1)}` : `L${at}`) : `M${at}`;
    pen = true;
  }
  return d;
}

const SPARK_WIDTH = 96;
const SPARK_HEIGHT = 20;

/** A small line without axes; its numbers stand elsewhere. */
export class Spark {
  constructor(className = '') {
    this.band = svg('rect', { class: 'band', x: 0, width: SPARK_WIDTH, y: 0, height: 0 });
    this.curve = svg('path', { class: 'curve a' });
    this.node = svg('svg', {
      class: `spark ${className}`, viewBox: `0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`, preserveAspectRatio: 'none',
      'aria-hidden': 'true', focusable: 'false',
    }, this.band, this.curve);
    this.key = '';
  }

  update(values, { band = null, steps = false, fromZero = false } = {}) {
    const [low, high] = valueRange({ series: [{ values }], band, fromZero });
    const py = (y) => SPARK_HEIGHT - 1 - ((y - low) / (high - low)) * (SPARK_HEIGHT - 2);
    const dx = SPARK_WIDTH / Math.max(1, steps ? values.length : values.length - 1);
    const d = path(values.map((_, i) => i * dx), values.map(py), steps);
    const [top, size] = band ? [py(band.high).toFixed(1), Math.max(1, py(band.low) - py(band.high)).toFixed(1)] : ['0', '0'];
    const key = `${d}|${top}|${size}`;
    if (key === this.key) return;
    this.key = key;
    this.curve.setAttribute('d', d);
    this.band.setAttribute('y', top);
    this.band.setAttribute('height', size);
  }
}

/** Where a rate stands against its band: the band is the middle third of every bar, so that rows compare at a look. */
export class BandBar {
  constructor() {
    this.mark = svg('rect', { class: 'mark', y: 1, width: 3, height: 14, rx: 1 });
    this.zone = svg('rect', { class: 'band', x: 40, y: 3, width: 40, height: 10 });
    this.node = svg('svg', { class: 'bandbar', viewBox: '0 0 120 16', 'aria-hidden': 'true', focusable: 'false' },
      svg('rect', { class: 'track', x: 0, y: 7, width: 120, height: 2 }), this.zone, this.mark);
  }

  update(rate, band) {
    const isKnown = band && Number.isFinite(rate) && band.high > band.low;
    const place = isKnown ? 40 + (40 * (rate - band.low)) / (band.high - band.low) : 0;
    const x = Math.min(117, Math.max(0, place - 1.5)).toFixed(1);
    if (this.mark.getAttribute('x') !== x) this.mark.setAttribute('x', x);
    if (this.node.getAttribute('visibility') !== (isKnown ? 'visible' : 'hidden')) {
      this.node.setAttribute('visibility', isKnown ? 'visible' : 'hidden');
    }
  }
}

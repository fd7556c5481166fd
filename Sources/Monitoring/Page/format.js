// Numbers, units and times as text. Nothing here touches the page.

const THIN = '\u202f'; // narrow space between groups of three digits
const PREFIXES = [[1e9, 'GHz'], [1e6, 'MHz'], [1e3, 'kHz'], [1, 'Hz'], [1e-3, 'mHz']];

/** Whether a value is there: what Swift leaves out, or writes as null, is not. */
export const isThere = (value) => value !== undefined && value !== null;

/** Digits in groups of three; the sign of a negative number is a true minus. */
export function grouped(digits) {
  const [whole, fraction] = digits.replace('-', '\u2212').split('.');
  const parts = whole.replace(/(\d)(?=(\d{3})+$)/g, `$1${THIN}`);
  return fraction === undefined ? parts : `${parts}.${fraction}`;
}

/** A count. */
export const count = (value) => (Number.isFinite(value) ? grouped(String(Math.round(value))) : '–');

/** A number with so many significant digits, without an exponent between 0.0001 and 10 million. */
export function number(value, digits = 3) {
  // The server writes what JSON has no number for as a text.
  if (value === 'Infinity') return '∞';
  if (value === '-Infinity') return '\u2212∞';
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7) {
    const [mantissa, power] = value.toExponential(digits - 1).split('e');
    return `${mantissa.replace('-', '\u2212')}·10${superscript(Number(power))}`;
  }
  // Digits before the point are never rounded away: 1234 stays 1234 with three.
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return grouped(value.toFixed(decimals));
}

function superscript(power) {
  return String(power).replace(/./g, (c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)]));
}

/** A rate in the unit in which it has one to three digits before the point: value and unit. */
export function rateParts(hertz) {
  if (!Number.isFinite(hertz)) return ['–', ''];
  if (hertz === 0) return ['0', 'Hz'];
  const [factor, unit] = PREFIXES.find(([f]) => Math.abs(hertz) >= f) ?? PREFIXES.at(-1);
  return [number(hertz / factor, 4), unit];
}

/** A rate with its unit. */
export const rate = (hertz) => rateParts(hertz).join(' ').trim();

/** A number on an axis: as short as it can be. */
export const tick = (value) => number(value, 4).replace(/(\.\d*?)0+(?=$|·)/, '$1').replace(/\.(?=$|·)/, '');

/** A rate on an axis. */
export function rateTick(hertz) {
  if (hertz === 0) return '0';
  const [factor, unit] = PREFIXES.find(([f]) => Math.abs(hertz) >= f * (1 - 1e-9)) ?? PREFIXES.at(-1);
  return `${tick(hertz / factor)} ${unit}`;
}

/** Two edges of a band in one unit, that of the upper one. */
export function band(low, high) {
  const [factor, unit] = PREFIXES.find(([f]) => Math.abs(high) >= f) ?? PREFIXES.at(-1);
  return `${number(low / factor, 3)} to ${number(high / factor, 3)} ${unit}`;
}

/** A part of a whole in percent; what is not nothing never reads 0. */
export function share(part, whole) {
  if (!(whole > 0)) return '–';
  if (part === 0) return '0 %';
  const percent = (100 * part) / whole;
  if (percent < 0.001) return '< 0.001 %';
  if (part < whole && percent > 99.99) return '> 99.99 %';
  return `${number(percent, percent >= 10 ? 4 : 2)} %`;
}

/** Bytes in powers of ten. */
export function bytes(value) {
  const [factor, unit] = [[1e9, 'GB'], [1e6, 'MB'], [1e3, 'kB'], [1, 'B']].find(([f]) => value >= f) ?? [1, 'B'];
  return `${number(value / factor, 3)} ${unit}`;
}

/** A time in seconds in a fitting unit. */
export function seconds(value) {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0 s';
  const [factor, unit] = [[1, 's'], [1e-3, 'ms'], [1e-6, 'µs']].find(([f]) => value >= f) ?? [1e-6, 'µs'];
  return `${number(value / factor, 3)} ${unit}`;
}

/** How long ago, in words that change slowly. */
export function age(milliseconds) {
  const s = Math.max(0, Math.round(milliseconds / 1000));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} days`;
}

/** Day and time of day of an RFC 3339 time in UTC; the text itself where it is no time. */
export function timeParts(text) {
  if (!isThere(text)) return ['', '–'];
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return ['', String(text).slice(0, 40)];
  const [day, time] = moment.toISOString().split('T');
  return [day, time.slice(0, 8)];
}

/** Day, time of day and UTC. */
export function utc(text) {
  const [day, time] = timeParts(text);
  return day ? `${day} ${time} UTC` : time;
}

// The way of the documents to the page: one snapshot, then server-sent events; again, with back-off, when that ends.

const TYPES = ['status', 'rates', 'counts', 'alerts', 'health', 'nodes'];
const LONGEST_WAIT = 30_000;
const STARTING_WAIT = 2_000;
const SILENCE = 7_000;
const PAINT = 500;
const PAINT_HIDDEN = 5_000;

/**
 * Calls `onDocuments(Map of type to document)` with what came, twice a second at most (every 5 s while nobody
 * looks), so that a fast server costs no more than a slow one; of each type only the newest is parsed. Calls
 * `onState()` when `state` changes: connecting, connected, waiting, starting (the server has nothing to show yet), refused.
 */
export class Connection {
  constructor({ onDocuments, onState }) {
    this.onDocuments = onDocuments;
    this.onState = onState;
    this.state = 'connecting';
    this.failures = 0;
    this.retryAt = 0;
    this.heardAt = 0; // 0: never
    this.openedAt = 0;
    this.unreadable = 0;
    this.newest = new Map();
    this.source = null;
    this.attempt = 0;
    this.timer = 0;
    this.paintTimer = 0;
    this.paintedAt = 0;
    this.isAsking = false;
  }

  /** Connects at once, whatever was planned. */
  async connect() {
    const attempt = ++this.attempt;
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.setState('connecting');
    try {
      const answer = await this.ask('snapshot');
      if (attempt !== this.attempt) return;
      if (answer === null) return this.setState('refused');
      for (const type of TYPES) if (answer[type]) this.take(type, answer[type]);
    } catch (error) {
      if (attempt === this.attempt) this.retry(error.cause === 503);
      return;
    }
    const source = new EventSource('/api/v1/events');
    this.source = source;
    for (const type of TYPES) {
      source.addEventListener(type, (event) => {
        if (source === this.source) this.take(type, event.data);
      });
    }
    source.addEventListener('open', () => {
      if (source !== this.source) return;
      this.openedAt = Date.now();
      this.setState('connected');
    });
    source.addEventListener('error', () => {
      if (source === this.source) this.retry();
    });
  }

  /** Ends the connection without another try; for a page that is left. */
  close() {
    this.attempt += 1;
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.setState('waiting');
  }

  /** To be called each second: asks a server from which nothing comes whether it is there. */
  async watch() {
    if (this.state !== 'connected' || this.isAsking || Date.now() - this.heardAt < SILENCE) return;
    this.isAsking = true;
    const attempt = this.attempt;
    try {
      const status = await this.ask('status');
      if (attempt === this.attempt && status) this.take('status', status);
    } catch {
      if (attempt === this.attempt) this.retry();
    } finally {
      this.isAsking = false;
    }
  }

  /** A document; null where the server wants a token. */
  async ask(name) {
    const answer = await fetch(`/api/v1/${name}`, {
      cache: 'no-store', credentials: 'same-origin', redirect: 'manual', signal: AbortSignal.timeout(8_000),
    });
    if (answer.status === 401 || answer.status === 403 || answer.type === 'opaqueredirect') return null;
    if (!answer.ok) throw new Error('no document', { cause: answer.status });
    return answer.json();
  }

  retry(isStarting = false) {
    this.source?.close();
    this.source = null;
    this.failures = this.openedAt && Date.now() - this.openedAt > 10_000 ? 1 : this.failures + 1;
    this.openedAt = 0;
    // A spread, so that the pages of a whole control room do not come back in one moment.
    const wait = isStarting ? STARTING_WAIT
      : Math.min(LONGEST_WAIT, 1_000 * 2 ** Math.min(this.failures - 1, 5)) * (0.8 + 0.4 * Math.random());
    this.retryAt = Date.now() + wait;
    this.timer = setTimeout(() => this.connect(), wait);
    this.setState(isStarting ? 'starting' : 'waiting');
  }

  setState(state) {
    this.state = state;
    this.onState();
  }

  take(type, document_) {
    this.heardAt = Date.now();
    this.newest.set(type, document_);
    if (this.paintTimer) return;
    const pause = document.hidden ? PAINT_HIDDEN : PAINT;
    this.paintTimer = setTimeout(() => this.paint(), Math.max(0, this.paintedAt + pause - Date.now()));
  }

  /** Hands over what has come. */
  paint() {
    clearTimeout(this.paintTimer);
    this.paintTimer = 0;
    this.paintedAt = Date.now();
    const documents = new Map();
    for (const [type, value] of this.newest) {
      try {
        documents.set(type, typeof value === 'string' ? JSON.parse(value) : value);
      } catch {
        this.unreadable += 1;
      }
    }
    this.newest.clear();
    if (documents.size) this.onDocuments(documents);
  }
}

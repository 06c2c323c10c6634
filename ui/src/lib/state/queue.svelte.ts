// The queue on screen: a small window of rows, and a cursor that stays with its customer
// while the queue reorders itself around it.
import { backend, type QueuePage, type QueueRow } from "../backend";
import { oneAtATime } from "./oneAtATime";
import { toFetch, WINDOW, type Span } from "./queueWindow";
import type { QueueSource } from "./view.svelte";

/** A customer that moves further than this in the queue is not followed by the cursor. */
const FOLLOWED = 4;

class Queue {
  source = $state.raw<QueueSource>({ kind: "due_next" });
  rows = $state.raw<QueueRow[]>([]);
  offset = $state(0);
  total = $state(0);
  /** There are more than were counted. */
  capped = $state(false);
  loaded = $state(false);
  cursor = $state(0);
  /** The customer the cursor is on; may have left the queue while still being read. */
  customer = $state<string | null>(null);

  /** What is drawn just now, told by the list. */
  #drawn: Span = { from: 0, to: 0 };
  #wanted = { offset: 0, limit: WINDOW };
  #load = oneAtATime(() => this.#fetch());

  row(index: number): QueueRow | undefined {
    return this.rows[index - this.offset];
  }

  get selected(): QueueRow | undefined {
    const row = this.row(this.cursor);
    return row && (this.customer === null || row.customer === this.customer) ? row : undefined;
  }

  async show(source: QueueSource): Promise<void> {
    this.source = source;
    this.rows = [];
    this.loaded = false;
    this.offset = this.total = this.cursor = 0;
    this.capped = false;
    this.customer = null;
    this.#wanted = { offset: 0, limit: WINDOW };
    await this.#load();
  }

  refresh(): Promise<void> {
    return this.#load();
  }

  draw(drawn: Span): void {
    this.#drawn = drawn;
    const fetch = toFetch(drawn, { from: this.offset, to: this.offset + this.rows.length }, this.total);
    if (!fetch || fetch.offset === this.#wanted.offset) return;
    this.#wanted = fetch;
    void this.#load();
  }

  /** Moves the cursor by `step`; a row that went away under the cursor counts as one step already. */
  move(step: number): QueueRow | undefined {
    if (this.total === 0) return undefined;
    const under = this.row(this.cursor);
    const gone = under !== undefined && under.customer !== this.customer;
    const by = gone && step > 0 ? step - 1 : step;
    return this.put(this.customer === null ? 0 : this.cursor + by);
  }

  put(index: number): QueueRow | undefined {
    this.cursor = Math.max(0, Math.min(index, this.total - 1));
    const row = this.row(this.cursor);
    if (row) this.customer = row.customer;
    this.draw({ from: Math.min(this.#drawn.from, this.cursor), to: Math.max(this.#drawn.to, this.cursor + 1) });
    return row;
  }

  async #fetch(): Promise<void> {
    const source = this.source;
    const page = await ask(source, this.#wanted.offset, this.#wanted.limit);
    if (source !== this.source) return;
    this.offset = source.kind === "board_list" ? 0 : this.#wanted.offset;
    this.rows = page.rows;
    this.total = page.total;
    this.capped = page.capped;
    if (!this.loaded) this.customer = page.rows[0]?.customer ?? null;
    this.loaded = true;
    this.#follow();
  }

  #follow(): void {
    const found = this.customer === null ? -1 : this.rows.findIndex((row) => row.customer === this.customer);
    const at = this.offset + found;
    // Answered, a customer sinks far down or out of the queue: the next one is then where this one was.
    if (found >= 0 && Math.abs(at - this.cursor) <= FOLLOWED) this.cursor = at;
    else this.cursor = Math.max(0, Math.min(this.cursor, this.total - 1));
  }
}

function ask(source: QueueSource, offset: number, limit: number): Promise<QueuePage> {
  if (source.kind === "board_list") return backend.boardList(source.channel, source.state);
  return backend.queue(source, offset, limit);
}

export const queue = new Queue();

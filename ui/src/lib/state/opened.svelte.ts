// The customer on screen: page, the matter being worked on, the entry under the cursor.
import { backend, type CustomerPage, type Explanation, type Matter, type TimelineEntry } from "../backend";
import { nextDue } from "../clock/timer";
import { FIRST_ENTRIES, Pages } from "./pages";

const MOST_ENTRIES = 500;

class Opened {
  customer = $state<string | null>(null);
  page = $state.raw<CustomerPage | null>(null);
  /** The matter chosen by hand, or hinted by the row; the most urgent one otherwise. */
  #chosen = $state<string | null>(null);
  /** seq of the entry that message-focused keys act on. */
  entry = $state<number | null>(null);
  loadingEarlier = $state(false);
  why = $state.raw<{ of: string; says: Explanation } | null>(null);
  #pages = new Pages();
  #awaited: (() => void)[] = [];

  matters = $derived(this.page?.matters ?? []);
  openMatters = $derived(this.matters.filter((matter) => matter.status !== "resolved"));
  matter: Matter | null = $derived(
    goesOn(this.matters, this.#chosen) ?? mostUrgent(this.matters),
  );
  entries: TimelineEntry[] = $derived(this.page?.entries ?? []);

  show(customer: string, conversation: string | null): void {
    this.#chosen = conversation;
    if (customer === this.customer) return;
    this.customer = customer;
    this.entry = null;
    this.why = null;
    this.page = this.#pages.peek(customer) ?? null;
    if (!this.#pages.isFresh(customer)) void this.#refetch(customer);
  }

  close(): void {
    this.customer = this.page = this.#chosen = this.entry = this.why = null;
  }

  choose(conversation: string): void {
    this.#chosen = conversation;
  }

  prefetch(customers: string[]): void {
    this.#pages.prefetch(customers.filter((customer) => customer !== this.customer));
  }

  /** Tells which customers changed; null means any may have. */
  changed(customers: string[] | null): void {
    this.#pages.forget(customers);
    const shown = this.customer;
    if (shown !== null && (customers === null || customers.includes(shown))) void this.#refetch(shown);
  }

  forgetAll(): void {
    this.#pages.clear();
    this.close();
  }

  async #refetch(customer: string): Promise<void> {
    const limit = Math.min(MOST_ENTRIES, Math.max(FIRST_ENTRIES, this.entries.length));
    const page = await this.#pages.fetch(customer, this.page ? limit : FIRST_ENTRIES);
    if (this.customer !== customer) return;
    this.page = page;
    for (const tell of this.#awaited.splice(0)) tell();
  }

  /** Calls back at once if the page is there, else when it has come: for measuring what the agent sees. */
  onceShown(tell: () => void): void {
    if (this.customer === null || this.page !== null) tell();
    else this.#awaited.push(tell);
  }

  async loadEarlier(): Promise<void> {
    const { customer, page } = this;
    const first = page?.entries[0];
    if (!customer || !page?.earlier || !first || this.loadingEarlier) return;
    this.loadingEarlier = true;
    try {
      const older = await backend.customer(customer, first.seq, FIRST_ENTRIES);
      if (this.customer !== customer || this.page?.entries[0] !== first) return;
      this.page = { ...this.page, entries: [...older.entries, ...this.page.entries], earlier: older.earlier };
    } finally {
      this.loadingEarlier = false;
    }
  }

  /** Loads back to `seq` and puts the cursor there. */
  async reach(seq: number): Promise<void> {
    for (let tries = 0; tries < 20; tries += 1) {
      const first = this.entries[0];
      if (!first || first.seq <= seq || !this.page?.earlier) break;
      await this.loadEarlier();
    }
    this.entry = seq;
  }

  async explain(): Promise<void> {
    const matter = this.matter;
    const timer = matter && nextDue(matter.timers);
    if (!matter || !timer) {
      this.why = null;
      return;
    }
    const says = await backend.why(matter.conversation, timer.target).catch(() => null);
    if (this.matter?.conversation === matter.conversation) this.why = says && { of: clockOf(matter), says };
  }

  /** Why the clock on screen is due when it is; null until that very clock has been explained. */
  get explained(): Explanation | null {
    return this.why && this.matter && this.why.of === clockOf(this.matter) ? this.why.says : null;
  }
}

const clockOf = (matter: Matter): string => `${matter.conversation} ${nextDue(matter.timers)?.target}`;

/** The matter of that id, or the one that it was merged into. */
function goesOn(matters: Matter[], conversation: string | null): Matter | undefined {
  let found = matters.find((matter) => matter.conversation === conversation);
  for (let steps = 0; found?.merged_into && steps < matters.length; steps += 1) {
    const into: string = found.merged_into;
    found = matters.find((matter) => matter.conversation === into) ?? found;
  }
  return found;
}

/** The open matter whose clock runs out first; else the newest. */
export function mostUrgent(matters: Matter[]): Matter | null {
  const due = (matter: Matter): number => nextDue(matter.timers)?.due_at ?? Number.MAX_SAFE_INTEGER;
  const open = matters.filter((matter) => matter.status !== "resolved");
  const [first] = open.sort((a, b) => due(a) - due(b));
  return first ?? [...matters].sort((a, b) => b.opened_at - a.opened_at)[0] ?? null;
}

export const opened = new Opened();

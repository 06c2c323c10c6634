// Customer pages kept at hand, so that j and k paint at once: some twenty, the neighbours
// fetched ahead, each dropped or fetched again when its customer changes.
import { backend, type CustomerPage } from "../backend";

export const FIRST_ENTRIES = 30;
const KEPT = 24;

export class Pages {
  #kept = new Map<string, CustomerPage>();
  #stale = new Set<string>();
  #asked = new Map<string, Promise<CustomerPage>>();
  #ahead: string[] = [];
  #fetchingAhead = false;

  /** The page as last known, even if it has changed since: better than nothing while it is fetched. */
  peek(customer: string): CustomerPage | undefined {
    return this.#kept.get(customer);
  }

  isFresh(customer: string): boolean {
    return this.#kept.has(customer) && !this.#stale.has(customer);
  }

  /** Fetches a page; asked twice at once, it is fetched once. */
  fetch(customer: string, limit: number = FIRST_ENTRIES): Promise<CustomerPage> {
    const key = `${customer} ${limit}`;
    const already = this.#asked.get(key);
    if (already) return already;
    this.#stale.delete(customer);
    const asked = backend
      .customer(customer, null, limit)
      .then((page) => this.#keep(customer, page))
      .finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    return asked;
  }

  /** Fetches what the agent will look at next, one after another, behind anything asked for. */
  prefetch(customers: string[]): void {
    this.#ahead = customers.filter((customer) => !this.isFresh(customer));
    if (!this.#fetchingAhead) void this.#fetchAhead();
  }

  forget(customers: string[] | null): void {
    for (const customer of customers ?? this.#kept.keys()) this.#stale.add(customer);
    // A fetch under way may have read what was there before the change.
    this.#asked.clear();
  }

  clear(): void {
    this.#kept.clear();
    this.#stale.clear();
    this.#asked.clear();
    this.#ahead = [];
  }

  async #fetchAhead(): Promise<void> {
    this.#fetchingAhead = true;
    for (let next = this.#ahead.shift(); next !== undefined; next = this.#ahead.shift()) {
      if (!this.isFresh(next)) await this.fetch(next).catch(() => undefined);
    }
    this.#fetchingAhead = false;
  }

  #keep(customer: string, page: CustomerPage): CustomerPage {
    this.#kept.delete(customer);
    this.#kept.set(customer, page);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(oldest);
      this.#stale.delete(oldest);
    }
    return page;
  }
}

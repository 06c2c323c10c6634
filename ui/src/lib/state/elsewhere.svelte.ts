// How much of a customer other teams have: no desk holds that, so the server is asked while it can be.
import { backend, type Elsewhere } from "../backend";
import { desk } from "./desk.svelte";

/** Who only passes by is not asked about. */
const STAYS_MS = 400;

class ElsewhereCounts {
  #known = $state.raw<{ customer: string; counts: Elsewhere } | null>(null);

  of(customer: string): Elsewhere | null {
    return this.#known?.customer === customer ? this.#known.counts : null;
  }

  /** Asks once this customer has been on screen for a moment; returns how to leave it. */
  ask(customer: string): () => void {
    // Who sees all teams has all there is; without the server nobody knows, and nothing is said.
    if (desk.oversees || desk.connection.state !== "in_sync") return () => undefined;
    let left = false;
    const load = async () => {
      const counts = await backend.elsewhere(customer).catch(() => null);
      if (!left && counts) this.#known = { customer, counts };
    };
    const timer = setTimeout(() => void load(), STAYS_MS);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }
}

export const elsewhere = new ElsewhereCounts();

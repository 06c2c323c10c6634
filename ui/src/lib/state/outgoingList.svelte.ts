// What we sent off and the server has not settled: pending, refused, come back for a second look.
import { backend, type OutgoingItem } from "../backend";
import { oneAtATime } from "./oneAtATime";

const NEEDS_A_LOOK = new Set(["refused", "look_again", "set_aside"]);

class OutgoingList {
  items = $state.raw<OutgoingItem[]>([]);
  needLook = $derived(this.items.filter((item) => NEEDS_A_LOOK.has(item.state)));
  /** Customers of whom something came back. */
  customers = $derived(new Set(this.needLook.map((item) => item.customer)));
  /** Those the agent was told of, so that each is told of once. */
  #told: Set<string> | null = null;

  /** `tell` is given what came back since the last time; what was there at the start is counted in the bar. */
  constructor(public tell: (item: OutgoingItem) => void = () => undefined) {}

  load = oneAtATime(async () => {
    this.items = await backend.outgoing();
    const news = this.#told === null ? [] : this.needLook.filter((item) => !this.#told?.has(item.command));
    this.#told = new Set(this.needLook.map((item) => item.command));
    for (const item of news) this.tell(item);
  });

  /** Dealt with here: not offered again while the desk is asked what is left. */
  settled(command: string): void {
    this.items = this.items.filter((item) => item.command !== command);
    void this.load();
  }

  /** What needs a look of what was done in this matter. */
  inMatter(conversation: string | null): OutgoingItem[] {
    return conversation === null ? [] : this.needLook.filter((item) => item.conversation === conversation);
  }
}

export const outgoingList = new OutgoingList();

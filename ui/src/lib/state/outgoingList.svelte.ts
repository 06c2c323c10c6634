// What we sent off and the server has not settled: pending, refused, come back for a second look.
import { backend, type OutgoingItem } from "../backend";
import { oneAtATime } from "./oneAtATime";

const NEEDS_A_LOOK = new Set(["refused", "look_again", "set_aside"]);

class OutgoingList {
  items = $state.raw<OutgoingItem[]>([]);
  needLook = $derived(this.items.filter((item) => NEEDS_A_LOOK.has(item.state)));
  load = oneAtATime(async () => {
    this.items = await backend.outgoing();
  });

  /** What needs a look among the things written to this customer. */
  of(customer: string | null): OutgoingItem[] {
    return this.needLook.filter((item) => item.customer === customer);
  }
}

export const outgoingList = new OutgoingList();

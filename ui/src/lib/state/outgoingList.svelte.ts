// What we sent off and the server has not settled: pending, refused, come back for a second look.
import { backend, type OutgoingItem } from "../backend";
import { t } from "../i18n/index.svelte";
import { oneAtATime } from "./oneAtATime";
import { overlay } from "./overlay.svelte";
import { toasts } from "./toasts.svelte";

const NEEDS_A_LOOK = new Set(["refused", "look_again", "set_aside"]);

class OutgoingList {
  items = $state.raw<OutgoingItem[]>([]);
  needLook = $derived(this.items.filter((item) => NEEDS_A_LOOK.has(item.state)));
  /** Those the agent was told of, so that each is told of once. */
  #told: Set<string> | null = null;

  load = oneAtATime(async () => {
    this.items = await backend.outgoing();
    this.#tell();
  });

  /** The agent is being shown this one anyway. */
  known(command: string): void {
    this.#told?.add(command);
  }

  /** What came back while the agent was elsewhere says so; what was there at the start is counted in the header. */
  #tell(): void {
    const needing = this.needLook;
    const news = this.#told === null ? [] : needing.filter((item) => !this.#told?.has(item.command));
    this.#told = new Set(needing.map((item) => item.command));
    for (const item of news) {
      const isLook = item.state === "look_again";
      const text = t(isLook ? "outgoing.strip.lookAgain" : "outgoing.strip.refused");
      const run = () => overlay.open(isLook ? { kind: "second_look", item } : { kind: "outgoing" });
      toasts.warn(isLook ? text : `${text} ${item.reason ?? ""}`.trim(), [{ label: t("outgoing.look"), run }]);
    }
  }

  /** What needs a look among the things written to this customer. */
  of(customer: string | null): OutgoingItem[] {
    return this.needLook.filter((item) => item.customer === customer);
  }
}

export const outgoingList = new OutgoingList();

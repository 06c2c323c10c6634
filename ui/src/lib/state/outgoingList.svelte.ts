// What we sent off and the server has not settled: pending, refused, come back for a second look.
import { backend, type OutgoingItem } from "../backend";
import { t } from "../i18n/index.svelte";
import { look } from "./navigate";
import { oneAtATime } from "./oneAtATime";
import { opened } from "./opened.svelte";
import { toasts } from "./toasts.svelte";

const NEEDS_A_LOOK = new Set(["refused", "look_again", "set_aside"]);

class OutgoingList {
  items = $state.raw<OutgoingItem[]>([]);
  needLook = $derived(this.items.filter((item) => NEEDS_A_LOOK.has(item.state)));
  /** Customers of whom something came back. */
  customers = $derived(new Set(this.needLook.map((item) => item.customer)));
  /** Those the agent was told of, so that each is told of once. */
  #told: Set<string> | null = null;

  load = oneAtATime(async () => {
    this.items = await backend.outgoing();
    this.#tell();
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

  /** What came back while the agent was elsewhere says so; what was there at the start is counted in the bar. */
  #tell(): void {
    const needing = this.needLook;
    const news = this.#told === null ? [] : needing.filter((item) => !this.#told?.has(item.command));
    this.#told = new Set(needing.map((item) => item.command));
    for (const item of news) {
      if (item.conversation === opened.matter?.conversation) continue;
      const text = t(item.state === "look_again" ? "outgoing.toast.lookAgain" : "outgoing.toast.refused", { name: item.name });
      const run = () => void (item.customer && look(item.customer, item.conversation));
      const actions = item.customer ? [{ label: t("outgoing.look"), run }] : [];
      toasts.warn(item.reason === null ? text : `${text} ${item.reason}`, actions);
    }
  }
}

export const outgoingList = new OutgoingList();

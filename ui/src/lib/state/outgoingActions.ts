// What can be done with a command that came back, or has not left: let it go, or take it back.
import { backend, sentenceOf, type OutgoingItem } from "../backend";
import { t } from "../i18n/index.svelte";
import { tellWithUndo } from "./actions";
import { soon } from "./changes";
import { composer } from "./composer.svelte";
import { look } from "./navigate";
import { outgoingList } from "./outgoingList.svelte";
import { toasts } from "./toasts.svelte";

/** Does `work` with the item's command; a refusal is told, and changes nothing. */
async function settle(item: OutgoingItem, work: (command: string) => Promise<void>): Promise<boolean> {
  try {
    await work(item.command);
  } catch (error) {
    toasts.warn(sentenceOf(error));
    return false;
  }
  soon(item.customer);
  outgoingList.settled(item.command);
  return true;
}

/** Drops it, with a way back. */
export async function dropOutgoing(item: OutgoingItem): Promise<void> {
  if (!(await settle(item, backend.outgoingDrop))) return;
  tellWithUndo(t("outgoing.dropped"), () => void settle(item, backend.outgoingUndrop));
}

/** What has not left goes back into its matter's draft, and the agent with it. */
export async function editOutgoing(item: OutgoingItem): Promise<void> {
  if (!item.customer || !item.conversation || !(await settle(item, backend.outgoingEdit))) return;
  look(item.customer, item.conversation);
  composer.reload(item.conversation);
  composer.write("reply");
}

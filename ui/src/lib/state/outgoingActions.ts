// What can be done with a command that came back: send it anyway, edit it, let it go.
import { backend, sentenceOf, type OutgoingItem } from "../backend";
import { t } from "../i18n/index.svelte";
import { soon } from "./changes";
import { composer } from "./composer.svelte";
import { look } from "./navigate";
import { outgoingList } from "./outgoingList.svelte";
import { overlay } from "./overlay.svelte";
import { toasts } from "./toasts.svelte";

async function settle(item: OutgoingItem, work: () => Promise<void>, told: string): Promise<boolean> {
  try {
    await work();
  } catch (error) {
    toasts.warn(sentenceOf(error));
    return false;
  }
  toasts.tell(told);
  soon(item.customer);
  await outgoingList.load();
  return true;
}

export async function sendAnyway(item: OutgoingItem): Promise<void> {
  const sent = await settle(item, () => backend.outgoingConfirm(item.command), t("outgoing.sentAnyway"));
  if (sent) overlay.close();
}

export async function dropOutgoing(item: OutgoingItem): Promise<void> {
  const dropped = await settle(item, () => backend.outgoingDrop(item.command), t("outgoing.dropped"));
  if (dropped && overlay.shown?.kind === "second_look") overlay.close();
}

/** The text goes back into its matter's draft, and the agent with it. */
export async function editOutgoing(item: OutgoingItem): Promise<void> {
  const back = await settle(item, () => backend.outgoingEdit(item.command), t("outgoing.backInDraft"));
  if (!back || !item.customer || !item.conversation) return;
  overlay.close();
  look(item.customer, item.conversation);
  composer.reload(item.conversation);
  composer.write("reply");
}

// What can be done about what is not settled: look at it, send it again, copy it, drop it and have it back.
import { backend, sentenceOf, type OutgoingItem } from "../backend";
import { t } from "../i18n/index.svelte";
import { tellWithUndo } from "./actions";
import { soon } from "./changes";
import { composer } from "./composer.svelte";
import { drafts } from "./drafts";
import { look } from "./navigate";
import { opened } from "./opened.svelte";
import { outgoingList } from "./outgoingList.svelte";
import { outgoingPage, type Entry } from "./outgoingPage.svelte";
import { toasts } from "./toasts.svelte";
import { current } from "./view.svelte";

const isWords = (item: OutgoingItem): boolean => item.what === "reply" || item.what === "note";
const needsLook = (item: OutgoingItem): boolean => outgoingList.needLook.includes(item);

type About = { customer: string | null; conversation: string | null; name: string; subject: string };

/** Whom and which matter it is about; none where it is about nobody. */
export function aboutOf(entry: Entry): About | null {
  if (entry.kind === "command") return entry.item;
  if (entry.kind === "answer") return entry.answer;
  return entry.kind === "draft" ? entry.draft : null;
}

export function textOf(entry: Entry): string {
  if (entry.kind === "command") return entry.item.text;
  if (entry.kind === "answer") return entry.answer.text;
  return entry.kind === "draft" ? entry.draft.text : entry.feedback.text;
}


export const canOpen = (entry: Entry): boolean => (aboutOf(entry)?.customer ?? null) !== null;
/** An answer goes out again from its matter, where what came in meanwhile is shown with it. */
export const canSendAgain = (entry: Entry): boolean =>
  entry.kind === "command" && needsLook(entry.item) && entry.item.what !== "reply" && entry.item.what !== "unreadable";
/** What has not left can go back to where it was typed. */
export const canEdit = (entry: Entry): boolean =>
  entry.kind === "command" && entry.item.state === "waiting" && isWords(entry.item) && canOpen(entry);
export const canDrop = (entry: Entry): boolean =>
  entry.kind === "command" ? entry.item.state !== "sent" : entry.kind !== "answer";

/** Does `work`, tells why where it cannot be done, and shows what is left. */
async function settle(work: Promise<void>, customer: string | null): Promise<boolean> {
  try {
    await work;
  } catch (error) {
    toasts.warn(sentenceOf(error));
    return false;
  }
  soon(customer);
  await (current.view.kind === "outgoing" ? outgoingPage.load() : outgoingList.load());
  return true;
}

/** Goes to the matter; what came back is in its text box. */
export function openOutgoing(entry: Entry): void {
  const { customer, conversation } = aboutOf(entry) ?? { customer: null, conversation: null };
  if (customer === null) return;
  if (entry.kind === "command" && isWords(entry.item) && needsLook(entry.item)) composer.prefer(entry.item);
  look(customer, conversation);
}

export async function sendAgain({ command, customer }: OutgoingItem): Promise<void> {
  if (await settle(backend.outgoingConfirm(command, null), customer)) toasts.tell(t("outgoing.sentAgain"));
}

/** What has not left goes back into its matter's draft, and the agent with it. */
export async function editOutgoing({ command, customer, conversation }: OutgoingItem): Promise<void> {
  if (customer === null || conversation === null) return;
  if (!(await settle(backend.outgoingEdit(command), customer))) return;
  drafts.forget(conversation);
  look(customer, conversation);
  composer.reload(conversation);
  composer.write("reply");
}

export async function copyOutgoing(entry: Entry): Promise<void> {
  try {
    await navigator.clipboard.writeText(textOf(entry));
    toasts.tell(t("outgoing.copied"));
  } catch {
    toasts.warn(t("outgoing.notCopied"));
  }
}

/** Drops a command, with a way back. */
export async function dropOutgoing({ command, customer }: OutgoingItem): Promise<void> {
  if (!(await settle(backend.outgoingDrop(command), customer))) return;
  tellWithUndo(t("outgoing.dropped"), () => void settle(backend.outgoingUndrop(command), customer));
}

/** The same of anything in Outgoing. */
export async function dropEntry(entry: Entry): Promise<void> {
  if (entry.kind === "command") return dropOutgoing(entry.item);
  if (entry.kind === "draft") return dropDraft(entry.draft.conversation, entry.draft.text);
  if (entry.kind === "answer") return;
  if (await settle(backend.undoFeedback(entry.feedback.id), null)) toasts.tell(t("toast.undone"));
}

async function dropDraft(conversation: string, text: string): Promise<void> {
  const put = (words: string) => {
    drafts.forget(conversation);
    return settle(backend.draftPut(conversation, words), opened.customer);
  };
  if (await put("")) tellWithUndo(t("outgoing.draftDropped"), () => void put(text));
}

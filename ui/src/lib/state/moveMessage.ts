// Moving one message to a matter of its own: the guess of where it belongs, undone by a key.
import type { TimelineEntry } from "../backend";
import { t } from "../i18n/index.svelte";
import { newId } from "../newId";
import { act } from "./actions";
import { opened } from "./opened.svelte";

/** The message under the timeline's cursor, or else the customer's latest in this matter. */
export function messageInHand(): { conversation: string; message: string } | null {
  const under = opened.entries.find((entry) => entry.seq === opened.entry);
  return idOf(under) ?? idOf(opened.entries.findLast(isTheirs)) ?? null;
}

export function moveMessage(seq?: number): void {
  const picked = seq === undefined ? null : opened.entries.find((entry) => entry.seq === seq);
  const inHand = idOf(picked ?? undefined) ?? messageInHand();
  if (!inHand) return;
  const { conversation, message } = inHand;
  const to = newId();
  const back = { do: "move_message", conversation: to, message, to: conversation } as const;
  void act({ do: "move_message", conversation, message, to }, t("told.moved"), back);
}

const isTheirs = (entry: TimelineEntry): boolean =>
  entry.kind.kind === "message" && entry.conversation === opened.matter?.conversation;

function idOf(entry: TimelineEntry | undefined): { conversation: string; message: string } | null {
  if (!entry || entry.kind.kind === "change") return null;
  return { conversation: entry.conversation, message: entry.kind.message };
}

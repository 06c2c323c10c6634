// Moving one message to a matter of its own: the guess of where it belongs, put right by a key.
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
  const picked = opened.entries.find((entry) => entry.seq === seq);
  const inHand = seq === undefined ? messageInHand() : idOf(picked);
  if (!inHand) return;
  const { conversation, message } = inHand;
  const to = newId();
  void act({ do: "move_message", conversation, message, to }, t("told.moved"));
}

const isTheirs = (entry: TimelineEntry): boolean =>
  entry.kind.kind === "message" && entry.conversation === opened.matter?.conversation;

function idOf(entry: TimelineEntry | undefined): { conversation: string; message: string } | null {
  // An answer stays where it was sent from.
  if (!entry || entry.kind.kind === "change" || entry.kind.kind === "reply") return null;
  return { conversation: entry.conversation, message: entry.kind.message };
}

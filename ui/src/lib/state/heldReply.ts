// An answer that was sent before the server was restored: a supervisor says whether it goes out again.
import type { TimelineEntry } from "../backend";
import { t } from "../i18n/index.svelte";
import { act } from "./actions";
import { desk } from "./desk.svelte";
import { opened } from "./opened.svelte";

export type Fate = "release_reply" | "mark_sent";

export const isHeld = ({ kind, pending }: TimelineEntry): boolean =>
  kind.kind === "reply" && kind.delivery === "held" && !pending;

/** The one under the timeline's cursor, or else the latest there is; none for those who may not decide. */
export function heldInHand(): TimelineEntry | null {
  if (!desk.oversees) return null;
  const under = opened.entries.find((entry) => entry.seq === opened.entry && isHeld(entry));
  return under ?? opened.entries.findLast(isHeld) ?? null;
}

export function decideHeld(fate: Fate, entry: TimelineEntry | null = heldInHand()): void {
  if (entry?.kind.kind !== "reply") return;
  const { conversation, kind } = entry;
  void act({ do: fate, conversation, message: kind.message }, t(`told.${fate}`));
}

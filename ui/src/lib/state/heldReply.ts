// An answer that was sent before the server was restored: a supervisor says whether it goes out again.
import { backend, sentenceOf, type HeldAnswer, type TimelineEntry } from "../backend";
import { t } from "../i18n/index.svelte";
import { act } from "./actions";
import { soon } from "./changes";
import { desk } from "./desk.svelte";
import { heldAnswers } from "./heldAnswers.svelte";
import { opened } from "./opened.svelte";
import { outgoingPage } from "./outgoingPage.svelte";
import { overlay } from "./overlay.svelte";
import { toasts } from "./toasts.svelte";
import { current } from "./view.svelte";

export type Fate = "release_reply" | "mark_sent";
/** Which answer it is. */
type Held = Pick<HeldAnswer, "conversation" | "message">;

export const isHeld = ({ kind, pending }: TimelineEntry): boolean =>
  kind.kind === "reply" && kind.delivery === "held" && !pending;

export function heldIn({ conversation, kind }: TimelineEntry): Held | null {
  return kind.kind === "reply" ? { conversation, message: kind.message } : null;
}

/** The one under the timeline's cursor, or else the latest there; in Outgoing, the one chosen there. None for
    those who may not decide. */
export function heldInHand(): Held | null {
  if (!desk.oversees) return null;
  if (current.view.kind === "outgoing") return outgoingPage.entry?.kind === "answer" ? outgoingPage.entry.answer : null;
  const under = opened.entries.find((entry) => entry.seq === opened.entry && isHeld(entry));
  const entry = under ?? opened.entries.findLast(isHeld);
  return entry ? heldIn(entry) : null;
}

export function decideHeld(fate: Fate, held: Held | null = heldInHand()): void {
  if (held) void act({ do: fate, conversation: held.conversation, message: held.message }, t(`told.${fate}`));
}

export const canDecideAll = (): boolean => desk.oversees && heldAnswers.answers.length > 1;

/** The same of all that wait, once the supervisor has said it twice. */
export function decideAllHeld(fate: Fate): void {
  const all = heldAnswers.answers;
  const title = t(`held.all.${fate}`, { n: all.length });
  overlay.open({ kind: "confirm", title, text: t(`held.allTold.${fate}`), action: t(`held.do.${fate}`), run: () => void decideEach(fate, all) });
}

async function decideEach(fate: Fate, all: HeldAnswer[]): Promise<void> {
  try {
    for (const { conversation, message } of all) await backend.submit({ do: fate, conversation, message });
    toasts.tell(t(`held.allDone.${fate}`, { n: all.length }));
  } catch (error) {
    toasts.warn(sentenceOf(error));
  }
  soon(null);
}

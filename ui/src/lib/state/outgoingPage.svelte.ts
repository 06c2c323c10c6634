// Everything that was done here and is not settled, in one list: what came back, what waits behind it,
// what is on its way, what was typed and not sent.
import { backend, type HeldAnswer, type LeavingFeedback, type OutgoingItem, type OutgoingState, type Unsent, type UnsentDraft } from "../backend";
import { drafts } from "./drafts";
import { heldAnswers } from "./heldAnswers.svelte";
import { oneAtATime } from "./oneAtATime";
import { outgoingList } from "./outgoingList.svelte";

export type Group = "needs_you" | "release" | "held" | "leaving" | "drafts" | "feedback";
export type Entry =
  | { kind: "command"; id: string; group: Group; item: OutgoingItem }
  | { kind: "answer"; id: string; group: "release"; answer: HeldAnswer }
  | { kind: "draft"; id: string; group: "drafts"; draft: UnsentDraft }
  | { kind: "feedback"; id: string; group: "feedback"; feedback: LeavingFeedback };

const GROUPS: Group[] = ["needs_you", "release", "held", "leaving", "drafts", "feedback"];

const groupOf: Record<OutgoingState, Group> = {
  refused: "needs_you",
  look_again: "needs_you",
  set_aside: "needs_you",
  held: "held",
  waiting: "leaving",
  sent: "leaving",
};

class OutgoingPage {
  #unsent = $state.raw<Unsent>({ drafts: [], feedback: [] });
  /** Of the feedback that waits here, what was logged in this window since it was opened: the rest may be
      anyone's who sat at this desk, and is counted, not shown. */
  #logged = $state.raw<ReadonlySet<string>>(new Set());
  chosen = $state<string | null>(null);

  entries: Entry[] = $derived([
    ...outgoingList.items.map((item): Entry => ({ kind: "command", id: item.command, group: groupOf[item.state], item })),
    ...heldAnswers.answers.map((answer): Entry => ({ kind: "answer", id: answer.message, group: "release", answer })),
    ...this.#unsent.drafts.map((draft): Entry => ({ kind: "draft", id: draft.conversation, group: "drafts", draft })),
    ...this.#unsent.feedback
      .filter(({ id }) => this.#logged.has(id))
      .map((feedback): Entry => ({ kind: "feedback", id: feedback.id, group: "feedback", feedback })),
  ].sort((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group)));
  groups = $derived(
    GROUPS.map((group) => ({ group, entries: this.entries.filter((entry) => entry.group === group) })).filter(
      ({ group, entries }) => entries.length > 0 || (group === "feedback" && this.otherFeedback > 0),
    ),
  );
  otherFeedback = $derived(this.#unsent.feedback.filter(({ id }) => !this.#logged.has(id)).length);
  entry: Entry | null = $derived(this.entries.find(({ id }) => id === this.chosen) ?? this.entries[0] ?? null);

  load = oneAtATime(async () => {
    // What was typed a moment ago is there too.
    await drafts.flushAll();
    const [unsent] = await Promise.all([backend.unsent(), outgoingList.load(), heldAnswers.load()]);
    this.#unsent = unsent;
  });

  move(step: number): void {
    const at = this.entries.findIndex(({ id }) => id === this.entry?.id);
    this.chosen = this.entries[Math.max(0, Math.min(at + step, this.entries.length - 1))]?.id ?? null;
  }

  logged(feedback: string): void {
    this.#logged = new Set([...this.#logged, feedback]);
  }

  /** Another may sit down now. */
  forget(): void {
    this.#logged = new Set();
    this.#unsent = { drafts: [], feedback: [] };
  }
}

export const outgoingPage = new OutgoingPage();

// Starts the window's state: loads what is shown, then listens to the desk.
import { backend } from "../backend";
import { clock } from "../clock/now.svelte";
import { boardFigures } from "./boardFigures.svelte";
import { gather, onGathered } from "./changes";
import { desk } from "./desk.svelte";
import { drafts, rewordings } from "./drafts";
import { feedbackList } from "./feedbackList.svelte";
import { go, look, showRow } from "./navigate";
import { opened } from "./opened.svelte";
import { outgoingList } from "./outgoingList.svelte";
import { presence } from "./presence.svelte";
import { queue } from "./queue.svelte";
import { current, isQueue } from "./view.svelte";
import { hearShortcut } from "./feedbackClick";

/** Everything that a signed-in agent's window shows. */
export async function enter(): Promise<void> {
  await Promise.all([desk.loadSettings(), desk.loadCounts(), desk.loadConnection(), go({ kind: "due_next" })]);
  void outgoingList.load();
}

export async function begin(): Promise<void> {
  await desk.loadSession();
  if (desk.session?.state === "signed_in") await enter();
}

/** A first sync fills an empty queue: its first customer is shown as if it had been there. */
function openFirst(): void {
  if (opened.customer === null && current.pane === "list" && queue.selected) showRow(queue.selected, 1);
}

/** Listens until the window goes. */
export function listen(): () => void {
  const stops = [
    clock.start(),
    backend.onChanged(gather),
    backend.onConnection((connection) => {
      const was = desk.connection;
      desk.hear(connection);
      if (was.pending !== connection.pending || was.attention !== connection.attention) void outgoingList.load();
    }),
    backend.onOpenCustomer(({ customer, conversation }) => look(customer, conversation)),
    backend.onPresence((told) => presence.hear(told)),
    backend.onFeedbackShortcut(({ text }) => void hearShortcut(text)),
    onGathered(({ customers, feedback, settings }) => {
      if (desk.session?.state !== "signed_in") return;
      if (settings) void desk.loadSettings();
      void desk.loadCounts();
      if (isQueue(current.view)) void queue.refresh().then(openFirst);
      opened.changed(customers);
      if (feedback && current.view.kind === "feedback") void feedbackList.load();
      void outgoingList.load();
    }),
    every(BOARD_MS, () => {
      if (current.view.kind === "board" && !document.hidden) void boardFigures.load();
    }),
  ];
  const leaving = () => [drafts, rewordings].forEach((typed) => typed.flushAll());
  window.addEventListener("pagehide", leaving);
  // Dues pass without anything changing: who is overdue is counted anew now and then.
  const recount = every(RECOUNT_MS, () => {
    if (desk.session?.state !== "signed_in" || document.hidden) return;
    void desk.loadCounts();
    if (isQueue(current.view)) void queue.refresh();
  });
  return () => {
    window.removeEventListener("pagehide", leaving);
    recount();
    for (const stop of stops) stop();
  };
}

const BOARD_MS = 1000;
const RECOUNT_MS = 20_000;

function every(milliseconds: number, work: () => unknown): () => void {
  const timer = setInterval(work, milliseconds);
  return () => clearInterval(timer);
}

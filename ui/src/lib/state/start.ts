// Starts the window's state: loads what is shown, then listens to the desk.
import { backend, type OutgoingItem } from "../backend";
import { clock } from "../clock/now.svelte";
import { t } from "../i18n/index.svelte";
import { inWords } from "../i18n/problems";
import { boardFigures } from "./boardFigures.svelte";
import { gather, onGathered } from "./changes";
import { desk } from "./desk.svelte";
import { drafts, rewordings } from "./drafts";
import { feedbackList } from "./feedbackList.svelte";
import { heldAnswers } from "./heldAnswers.svelte";
import { go, look, showRow } from "./navigate";
import { letters } from "./letters.svelte";
import { mailboxes } from "./mailboxes.svelte";
import { opened } from "./opened.svelte";
import { outgoingList } from "./outgoingList.svelte";
import { outgoingPage } from "./outgoingPage.svelte";
import { presence, whereabouts } from "./presence.svelte";
import { openOutgoing } from "./outgoingActions";
import { toasts } from "./toasts.svelte";
import { overlay } from "./overlay.svelte";
import { queue } from "./queue.svelte";
import { current, isQueue } from "./view.svelte";
import { hearShortcut } from "./feedbackClick";

/** Everything that a signed-in agent's window shows. */
export async function enter(): Promise<void> {
  await Promise.all([desk.loadSettings(), desk.loadCounts(), desk.loadConnection(), go({ kind: "due_next" })]);
  void outgoingList.load();
  void heldAnswers.load();
  void letters.begin();
  void mailboxes.look();
}

export async function begin(): Promise<void> {
  await desk.loadSession();
  if (isSignedIn()) await enter();
}

const isSignedIn = (): boolean => desk.session?.state === "signed_in";

/**
 * Signed out from elsewhere: where the desk has forgotten what it held, so does the window; not what was typed.
 * The connection ends before the desk knows why, so this is asked until it does.
 */
async function signedOut(): Promise<void> {
  if (desk.connection.state !== "sign_in_again" || !isSignedIn()) return;
  await desk.loadSession();
  if (isSignedIn()) return;
  overlay.close();
  rewordings.forgetAll();
  drafts.forgetAll();
  opened.forgetAll();
  letters.forgetAll();
}

/** A first sync fills an empty queue: its first customer is shown as if it had been there. */
function openFirst(): void {
  if (opened.customer === null && current.pane === "list" && queue.selected) showRow(queue.selected, 1);
}

/** What came back while the agent was elsewhere. */
function tellCameBack(item: OutgoingItem): void {
  if (item.conversation !== null && item.conversation === opened.matter?.conversation) return;
  const isLook = item.state === "look_again";
  const text = t(isLook ? "outgoing.toast.lookAgain" : "outgoing.toast.refused", { name: item.name });
  const entry = { kind: "command", id: item.command, group: "needs_you", item } as const;
  const run = () => (isLook ? openOutgoing(entry) : void go({ kind: "outgoing" }));
  toasts.warn(item.reason === null ? text : `${text} ${inWords(item.code, item.reason)}`, [{ label: t("outgoing.look"), run }]);
}

/** Listens until the window goes. */
export function listen(): () => void {
  outgoingList.tell = tellCameBack;
  const stops = [
    clock.start(),
    backend.onChanged(gather),
    backend.onConnection((connection) => {
      const was = desk.connection;
      desk.hear(connection);
      if (connection.state !== "in_sync" && connection.state !== "syncing") presence.forget();
      void signedOut();
      if (was.pending !== connection.pending || was.attention !== connection.attention) void outgoingList.load();
    }),
    backend.onOpenCustomer(({ customer, conversation }) => look(customer, conversation)),
    backend.onPresence((told) => presence.hear(told)),
    backend.onFeedbackShortcut(({ text }) => void hearShortcut(text)),
    onGathered(({ customers, feedback, settings }) => {
      void signedOut();
      if (!isSignedIn()) return;
      if (settings) void desk.loadSettings();
      void desk.loadCounts();
      if (isQueue(current.view)) void queue.refresh().then(openFirst);
      opened.changed(customers);
      if (feedback && current.view.kind === "feedback") void feedbackList.load();
      void heldAnswers.load();
      void (current.view.kind === "outgoing" ? outgoingPage.load() : outgoingList.load());
    }),
    every(MAILBOXES_MS, () => void (document.hidden || !isSignedIn() || mailboxes.look())),
    every(BOARD_MS, () => {
      if (current.view.kind === "board" && !document.hidden) void boardFigures.load();
    }),
  ];
  const leaving = () => [drafts, rewordings].forEach((typed) => void typed.flushAll());
  window.addEventListener("pagehide", leaving);
  const moves = () => whereabouts.moves();
  for (const sign of SIGNS_OF_LIFE) window.addEventListener(sign, moves, { passive: true });
  // Dues pass without anything changing: who is overdue is counted anew now and then.
  const recount = every(RECOUNT_MS, () => {
    if (!isSignedIn() || document.hidden) return;
    void desk.loadCounts();
    if (isQueue(current.view)) void queue.refresh();
  });
  return () => {
    window.removeEventListener("pagehide", leaving);
    for (const sign of SIGNS_OF_LIFE) window.removeEventListener(sign, moves);
    recount();
    for (const stop of stops) stop();
  };
}

const SIGNS_OF_LIFE = ["keydown", "pointerdown", "wheel"];
const BOARD_MS = 1000;
const MAILBOXES_MS = 5000;
const RECOUNT_MS = 20_000;

function every(milliseconds: number, work: () => unknown): () => void {
  const timer = setInterval(work, milliseconds);
  return () => clearInterval(timer);
}

// Answering: write, note, call, send.
import { desk } from "../state/desk.svelte";
import { composer } from "../state/composer.svelte";
import { focusTimeline } from "../state/focus";
import { opened } from "../state/opened.svelte";
import { overlay } from "../state/overlay.svelte";
import { clickFeedback } from "../state/feedbackClick";
import { dropOutgoing } from "../state/outgoingActions";
import { current, isQueue } from "../state/view.svelte";
import type { Then } from "../backend";
import type { Command } from "./command";

/** On the board or among feedback, the customer last looked at is out of sight, and so out of reach. */
const hasMatter = (): boolean => opened.matter !== null && isQueue(current.view);
const hasText = (): boolean => hasMatter() && composer.text.trim() !== "" && !composer.sending;

function write(mode: "reply" | "note"): void {
  current.pane = "customer";
  composer.write(mode);
}

async function send(then: Then): Promise<void> {
  if (await composer.send(then)) focusTimeline();
}

export const answerCommands: Command[] = [
  { id: "reply", label: "cmd.reply", group: "answer", keys: ["r"], when: hasMatter, run: () => write("reply") },
  { id: "note", label: "cmd.note", group: "answer", keys: ["n"], when: hasMatter, run: () => write("note") },
  {
    id: "call",
    label: "cmd.call",
    group: "answer",
    keys: ["p"],
    when: () => desk.session?.state === "signed_in",
    run: () => overlay.open({ kind: "call" }),
  },
  {
    id: "send",
    label: "cmd.send",
    group: "answer",
    keys: ["Ctrl+Enter"],
    when: hasText,
    inText: true,
    run: () => void send("nothing"),
  },
  {
    id: "send_wait",
    label: "cmd.sendWait",
    group: "answer",
    keys: ["Alt+Enter"],
    when: () => hasText() && composer.mode === "reply" && !composer.back,
    inText: true,
    run: () => void send("wait"),
  },
  {
    id: "send_resolve",
    label: "cmd.sendResolve",
    group: "answer",
    keys: ["Ctrl+Shift+Enter"],
    when: () => hasText() && composer.mode === "reply" && !composer.back,
    inText: true,
    run: () => void send("resolve"),
  },
  {
    id: "drop_back",
    label: "cmd.dropBack",
    group: "answer",
    keys: ["Alt+Backspace"],
    when: () => composer.back !== null,
    inText: true,
    run: () => void (composer.back && dropOutgoing(composer.back)),
  },
  { id: "feedback", label: "cmd.feedback", group: "answer", keys: ["f"], run: () => void clickFeedback() },
];

// Moving about: in the queue, into a customer, along a timeline, back out.
import { focusList, focusTimeline, leaveText } from "../state/focus";
import { choose, go, move } from "../state/navigate";
import { opened } from "../state/opened.svelte";
import { openOutgoing } from "../state/outgoingActions";
import { outgoingPage, type Entry } from "../state/outgoingPage.svelte";
import { queue } from "../state/queue.svelte";
import { current, isQueue } from "../state/view.svelte";
import type { Command } from "./command";

const inQueue = (): boolean => isQueue(current.view);
const isOpen = (): boolean => opened.customer !== null;

const outgoing = (): Entry | null => (current.view.kind === "outgoing" ? outgoingPage.entry : null);

function enter(): void {
  const entry = outgoing();
  if (entry) return openOutgoing(entry);
  if (queue.selected && opened.customer !== queue.selected.customer) choose(queue.cursor);
  if (!isOpen()) return;
  current.pane = "customer";
  focusTimeline();
}

function back(): void {
  if (leaveText()) return;
  if (current.cardOpen || current.placesOpen) current.cardOpen = current.placesOpen = false;
  else if (current.view.kind === "board_list") void go({ kind: "board" });
  else {
    current.pane = "list";
    focusList();
  }
}

export const moveCommands: Command[] = [
  { id: "next", label: "cmd.next", group: "move", keys: ["j", "ArrowDown"], yields: true, run: () => move(1) },
  { id: "previous", label: "cmd.previous", group: "move", keys: ["k", "ArrowUp"], yields: true, run: () => move(-1) },
  { id: "first", label: "cmd.first", group: "move", keys: ["Home"], when: inQueue, keysOnly: true, run: () => choose(0) },
  {
    id: "last",
    label: "cmd.last",
    group: "move",
    keys: ["End"],
    when: inQueue,
    keysOnly: true,
    run: () => choose(queue.total - 1),
  },
  { id: "page_down", label: "cmd.pageDown", group: "move", keys: ["PageDown"], when: inQueue, keysOnly: true, run: () => move(10) },
  { id: "page_up", label: "cmd.pageUp", group: "move", keys: ["PageUp"], when: inQueue, keysOnly: true, run: () => move(-10) },
  { id: "open", label: "cmd.open", group: "move", keys: ["Enter"], when: () => inQueue() || outgoing() !== null, yields: true, run: enter },
  { id: "back", label: "cmd.back", group: "move", keys: ["Escape"], inText: true, keysOnly: true, run: back },
  {
    id: "earlier",
    label: "cmd.earlier",
    group: "move",
    keys: ["b"],
    when: () => opened.page?.earlier === true,
    run: () => void opened.loadEarlier(),
  },
  {
    id: "card",
    label: "cmd.card",
    group: "move",
    keys: ["c"],
    when: isOpen,
    run: () => (current.cardOpen = !current.cardOpen),
  },
];

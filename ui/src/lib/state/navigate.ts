// Going places: a queue, a customer, the neighbours fetched ahead.
import type { QueueRow } from "../backend";
import { boardFigures } from "./boardFigures.svelte";
import { feedbackList } from "./feedbackList.svelte";
import { mailboxes } from "./mailboxes.svelte";
import { opened } from "./opened.svelte";
import { outgoingPage } from "./outgoingPage.svelte";
import { people } from "./people.svelte";
import { queue } from "./queue.svelte";
import { current, isQueue, type View } from "./view.svelte";

/** How many customers ahead of the cursor are fetched, and how many behind it. */
const AHEAD = 6;
const BEHIND = 2;

export async function go(view: View): Promise<void> {
  current.view = view;
  current.pane = "list";
  current.placesOpen = false;
  // What is out of sight is out of the keys' reach.
  opened.close();
  if (view.kind === "feedback") return feedbackList.load();
  if (view.kind === "board") return boardFigures.load();
  if (view.kind === "outgoing") return outgoingPage.load();
  if (view.kind === "people") return people.loadInvitations();
  if (view.kind === "mailboxes") return mailboxes.load();
  if (view.kind === "devices") return people.loadDevices();
  if (!isQueue(view)) return;
  await queue.show(view);
  if (current.view !== view) return;
  if (queue.selected) showRow(queue.selected, 1);
}

export function move(step: number): void {
  if (current.view.kind === "feedback") return feedbackList.move(step);
  if (current.view.kind === "outgoing") return outgoingPage.move(step);
  const row = queue.move(step);
  if (row) showRow(row, step);
  else void landLater(step);
}

export function choose(index: number): void {
  const row = queue.put(index);
  if (row) showRow(row, 1);
  else void landLater(1);
}

/** The cursor went further than is known: its row is shown once it has come. */
async function landLater(step: number): Promise<void> {
  const { cursor } = queue;
  await queue.refresh();
  const row = queue.cursor === cursor ? queue.put(cursor) : undefined;
  if (row) showRow(row, step);
}

export function showRow(row: QueueRow, direction: number): void {
  opened.show(row.customer, row.conversation);
  const way = direction < 0 ? -1 : 1;
  const neighbours: string[] = [];
  for (let step = 1; step <= AHEAD; step += 1) push(neighbours, queue.cursor + way * step);
  for (let step = 1; step <= BEHIND; step += 1) push(neighbours, queue.cursor - way * step);
  // Behind this key's own paint, which matters more than the next one's.
  requestAnimationFrame(() => setTimeout(() => opened.prefetch(neighbours)));
}

function push(customers: string[], index: number): void {
  const row = queue.row(index);
  if (row) customers.push(row.customer);
}

/** Opens a customer from anywhere: a search hit, a notification, a figure. */
export function look(customer: string, conversation: string | null, seq: number | null = null): void {
  if (!isQueue(current.view)) void go({ kind: "due_next" }).then(() => open(customer, conversation, seq));
  else open(customer, conversation, seq);
}

function open(customer: string, conversation: string | null, seq: number | null): void {
  queue.customer = customer;
  const at = queue.rows.findIndex((row) => row.customer === customer);
  if (at >= 0) queue.cursor = queue.offset + at;
  opened.show(customer, conversation);
  current.pane = "customer";
  if (seq !== null) void opened.reach(seq);
}

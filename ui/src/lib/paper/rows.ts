// Queue rows, counts and pages of the world of paper.
import type { Counts, CustomerPage, Matter, Place, QueueRow, ReplyRoute, TimerView } from "../backend";
import type { World } from "./commands";
import { channelsOf, lastWord, openTurn, previewOf } from "./world";
import type { Conversation, Customer } from "./world";

export function timersOf(on: Conversation): TimerView[] {
  return [...on.turns, on.resolution].sort((a, b) => Number(a.closed_at !== null) - Number(b.closed_at !== null));
}

const next = (on: Conversation): TimerView | null => {
  if (on.status === "resolved") return null;
  return openTurn(on) ?? on.resolution;
};

const dueOf = (on: Conversation): number => next(on)?.due_at ?? Number.MAX_SAFE_INTEGER;
const lastAt = (on: Conversation): number => on.entries.at(-1)?.at ?? on.openedAt;

function inPlace(on: Conversation, place: Place, world: World, now: number): boolean {
  const snoozed = (on.snoozedUntil ?? 0) > now;
  const running = on.status === "open" && !snoozed;
  switch (place.kind) {
    case "due_next":
      return running;
    case "mine":
      return running && on.assignee === world.people.me.id;
    case "unassigned":
      return running && on.assignee === null;
    case "waiting":
      return on.status === "waiting" || on.status === "hold";
    case "snoozed":
      return snoozed;
    case "resolved":
      return on.status === "resolved";
    case "team":
      return running && on.team === place.team;
    case "mentions":
      return running && channelsOf(on).includes("social");
  }
}

export function rowsOf(world: World, place: Place, now: number): QueueRow[] {
  const rows: { row: QueueRow; due: number }[] = [];
  for (const customer of world.customers) {
    const [first] = customer.conversations.filter((on) => inPlace(on, place, world, now)).sort((a, b) => dueOf(a) - dueOf(b));
    if (first) rows.push({ row: rowOf(customer, first), due: dueOf(first) });
  }
  if (place.kind === "resolved") rows.sort((a, b) => b.row.last_at - a.row.last_at);
  else rows.sort((a, b) => a.due - b.due || a.row.last_at - b.row.last_at);
  return rows.map(({ row }) => row);
}

function rowOf(customer: Customer, on: Conversation): QueueRow {
  return {
    customer: customer.id,
    name: customer.name,
    erased: false,
    conversation: on.id,
    preview: previewOf(on),
    subject: on.subject,
    channels: channelsOf(on),
    assignee: on.assignee,
    priority: on.priority,
    status: on.status,
    timer: next(on),
    matters: customer.conversations.filter((other) => other.status !== "resolved").length,
    last_at: lastAt(on),
    snoozed_until: on.snoozedUntil,
    pending: on.entries.some((entry) => entry.pending),
  };
}

export function countsOf(world: World, now: number): Counts {
  const count = (place: Place): number => rowsOf(world, place, now).length;
  const overdue = (rows: QueueRow[]): number => rows.filter((row) => (row.timer?.due_at ?? now) < now).length;
  const due = rowsOf(world, { kind: "due_next" }, now);
  return {
    due_next: due.length,
    overdue: overdue(due),
    mine: count({ kind: "mine" }),
    unassigned: count({ kind: "unassigned" }),
    waiting: count({ kind: "waiting" }),
    snoozed: count({ kind: "snoozed" }),
    teams: world.people.directory.teams.map(({ id }) => {
      const rows = rowsOf(world, { kind: "team", team: id }, now);
      return { team: id, count: rows.length, overdue: overdue(rows) };
    }),
    feedback_new: world.feedback.filter((row) => row.status === "new").length,
    mentions: count({ kind: "mentions" }),
  };
}

export function pageOf(world: World, id: string, before: number | null, limit: number): CustomerPage {
  const customer = world.customers.find((known) => known.id === id);
  if (!customer) throw new Error("no such customer on this desk");
  const all = customer.conversations.flatMap((on) => on.entries).sort((a, b) => a.at - b.at || a.seq - b.seq);
  const earlier = before === null ? all : all.filter((entry) => entry.seq < before);
  const entries = earlier.slice(-limit);
  const resolved = customer.conversations.filter((on) => on.status === "resolved").length;
  return structuredClone({
    customer: {
      id: customer.id,
      name: customer.name,
      identities: customer.identities,
      waits: [
        { channel: "email" as const, median_s: 2640, turns: 7 },
        { channel: "phone" as const, median_s: 2460, turns: 3 },
      ],
      resolved: resolved + 4,
      opened_at: customer.openedAt,
      erased_at: null,
    },
    matters: customer.conversations.map((on) => matterOf(on, world)),
    entries,
    earlier: entries.length < earlier.length,
  });
}

function matterOf(on: Conversation, world: World): Matter {
  return {
    conversation: on.id,
    subject: on.subject,
    status: on.status,
    priority: on.priority,
    team: on.team,
    assignee: on.assignee,
    timers: timersOf(on),
    snoozed_until: on.snoozedUntil,
    opened_at: on.openedAt,
    channels: channelsOf(on),
    reply: routesOf(on, world),
    last_seen: lastWord(on),
    read_only: false,
    merged_into: on.mergedInto,
    guessed: false,
  };
}

/** The way the customer last came first, then the others we have an address for. */
function routesOf(on: Conversation, world: World): ReplyRoute[] {
  const account = (channel: string): string => world.people.directory.accounts.find((known) => known.channel === channel)?.id ?? "";
  const routes = on.customer.identities.flatMap(({ kind, value }): ReplyRoute[] => {
    if (kind === "email") return [{ channel: "email", account: account("email"), to: value, confirm: false }];
    return kind === "social" ? [{ channel: "social", account: account("social"), to: value, confirm: false }] : [];
  });
  const last = channelsOf(on).at(-1);
  return routes.sort((a, b) => Number(b.channel === last) - Number(a.channel === last));
}

// The world of paper: conversations as lists of entries, with clocks that run on the wall.
import type { Channel, EntryKind, IdentityView, Priority, Status, TimelineEntry, TimerView } from "../backend";
import { newId } from "../newId";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export type Conversation = {
  id: string;
  customer: Customer;
  subject: string;
  team: string;
  assignee: string | null;
  priority: Priority;
  status: Status;
  mergedInto: string | null;
  openedAt: number;
  snoozedUntil: number | null;
  entries: TimelineEntry[];
  turns: TimerView[];
  resolution: TimerView;
};

export type Customer = {
  id: string;
  name: string;
  identities: IdentityView[];
  openedAt: number;
  conversations: Conversation[];
};

const TURN_MINUTES: Record<Priority, number> = { urgent: 30, high: 60, normal: 120, low: 240 };
const RESOLVE_HOURS: Record<Priority, number> = { urgent: 4, high: 8, normal: 24, low: 72 };

let seq = 0;
export const lastSeq = (): number => seq;

export function say(on: Conversation, at: number, kind: EntryKind, pending = false): TimelineEntry {
  seq += 1;
  const entry: TimelineEntry = { seq, conversation: on.id, at, kind, pending };
  on.entries.push(entry);
  return entry;
}

export function timer(target: TimerView["target"], channel: Channel, start: number, due: number | null): TimerView {
  return {
    target,
    channel,
    started_at: start,
    due_at: due,
    at_risk_at: due === null ? null : start + (due - start) * 0.75,
    closed_at: null,
    breached_at: null,
    waived: false,
    paused: false,
    consumed_before_s: 0,
    target_s: due === null ? null : Math.round((due - start) / 1000),
    running_since: start,
  };
}

export function openConversation(customer: Customer, subject: string, team: string, at: number, id = newId()): Conversation {
  const conversation: Conversation = {
    id,
    customer,
    subject,
    team,
    assignee: null,
    priority: "normal",
    status: "open",
    mergedInto: null,
    openedAt: at,
    snoozedUntil: null,
    entries: [],
    turns: [],
    resolution: timer("resolution", "email", at, at + RESOLVE_HOURS.normal * HOUR),
  };
  customer.conversations.push(conversation);
  return conversation;
}

export const openTurn = (on: Conversation): TimerView | undefined => on.turns.find((turn) => turn.closed_at === null && !turn.waived);

/** The customer spoke: the oldest unanswered word counts. */
export function customerSpoke(on: Conversation, channel: Channel, at: number): void {
  if (on.status === "waiting" || on.status === "resolved") setStatus(on, "open", at);
  on.snoozedUntil = null;
  if (openTurn(on)) return;
  const target = on.turns.length === 0 ? "first_response" : "next_response";
  on.turns.push(timer(target, channel, at, at + TURN_MINUTES[on.priority] * MINUTE));
}

/** A person answered; seconds they had waited, if they did. */
export function answered(on: Conversation, at: number): number | null {
  const turn = openTurn(on);
  if (!turn) return null;
  turn.closed_at = at;
  return Math.round((at - turn.started_at) / 1000);
}

export function setStatus(on: Conversation, status: Status, at: number): void {
  on.status = status;
  on.resolution.paused = status === "waiting" || status === "hold";
  on.resolution.closed_at = status === "resolved" ? at : null;
  const turn = openTurn(on);
  if (status === "resolved" && turn) turn.waived = true;
}

export const channelsOf = (on: Conversation): Channel[] => {
  const met = new Set<Channel>();
  for (const { kind } of on.entries) {
    if (kind.kind === "message") met.add(kind.channel);
    if (kind.kind === "call") met.add("phone");
  }
  return [...met];
};

export function lastWord(on: Conversation): string | null {
  const word = on.entries.findLast(({ kind }) => kind.kind === "message" || kind.kind === "reply");
  return word && word.kind.kind !== "change" ? word.kind.message : null;
}

export function previewOf(on: Conversation): string {
  const { kind } = on.entries.findLast((entry) => entry.kind.kind !== "change") ?? { kind: null };
  if (!kind || kind.kind === "change") return on.subject;
  if (kind.kind === "message") return kind.fresh_text;
  if (kind.kind === "call") return kind.note || "Missed call, no voicemail";
  return kind.text;
}

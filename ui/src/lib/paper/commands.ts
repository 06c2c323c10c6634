// What each command does to the world of paper. Refuses where a real desk would.
import type { CommandBody, FeedbackRow } from "../backend";

import { answered, customerSpoke, HOUR, lastWord, openConversation, openTurn, say, setStatus, timer } from "./world";
import type { Conversation, Customer } from "./world";
import type { People } from "./people";

export type World = { customers: Customer[]; feedback: FeedbackRow[]; people: People };

export class PaperRefusal extends Error {
  constructor(
    readonly code: string,
    readonly sentence: string,
  ) {
    super(sentence);
  }
}

export function findConversation(world: World, id: string): Conversation {
  for (const customer of world.customers) {
    const found = customer.conversations.find((conversation) => conversation.id === id);
    if (found) return found;
  }
  throw new PaperRefusal("unknown_conversation", "This matter is not on this desk any more.");
}

/** Applies `body` at `now`; the customer it concerned, if any. */
export function apply(world: World, body: CommandBody, now: number, pending: boolean): Customer | null {
  if (body.do === "log_call") return logCall(world, body, now, pending);
  if (body.do === "name_customer") return rename(world, body.customer, body.name);
  if ("feedback" in body) {
    applyFeedback(world, body, now);
    return null;
  }
  if (!("conversation" in body)) return null;
  const on = findConversation(world, body.conversation);
  const by = world.people.me.id;
  const author = world.people.me.name;
  const change = (what: string, detail = "") =>
    say(on, now, { kind: "change", what, by, detail }, pending);
  switch (body.do) {
    case "reply":
      reply(world, on, body, now, pending);
      break;
    case "note":
      say(on, now, { kind: "note", message: body.message, author, user: by, text: body.text }, pending);
      break;
    case "assign":
      on.assignee = body.assignee;
      change("assigned", body.assignee ?? "");
      break;
    case "set_priority":
      on.priority = body.priority;
      change("priority", body.priority);
      break;
    case "set_team":
      on.team = body.team;
      change("team", body.team);
      break;
    case "snooze":
      on.snoozedUntil = body.until;
      change("snoozed", String(body.until));
      break;
    case "unsnooze":
      on.snoozedUntil = null;
      change("unsnoozed");
      break;
    case "set_waiting":
      if (openTurn(on)) throw new PaperRefusal("turn_open", "They are waiting for us: answer first, then wait for them.");
      setStatus(on, "waiting", now);
      change("waiting");
      break;
    case "set_hold":
      setStatus(on, "hold", now);
      change("hold");
      break;
    case "resume":
      setStatus(on, "open", now);
      change("resumed");
      break;
    case "resolve":
      setStatus(on, "resolved", now);
      change("resolved");
      break;
    case "reopen":
      setStatus(on, "open", now);
      for (const turn of on.turns) turn.waived = false;
      change("reopened");
      break;
    case "no_reply_needed": {
      const turn = openTurn(on);
      if (turn) turn.waived = true;
      change("no_reply_needed");
      break;
    }
    case "release_reply":
    case "mark_sent": {
      const { message } = body;
      for (const { kind } of on.entries) {
        if (kind.kind === "reply" && kind.message === message) kind.delivery = body.do === "release_reply" ? "pending" : "delivered";
      }
      change(body.do === "release_reply" ? "reply_released" : "reply_had_gone");
      break;
    }
    case "move_message":
      moveMessage(on, body.message, body.to, now, world);
      break;
    case "merge_conversation":
      merge(on, findConversation(world, body.into), now, by);
      break;
  }
  return on.customer;
}

function reply(world: World, on: Conversation, body: Extract<CommandBody, { do: "reply" }>, now: number, pending: boolean): void {
  if (body.seen !== lastWord(on)) throw new PaperRefusal("look_again", "Someone spoke after you had read it.");
  const waited = answered(on, now);
  say(
    on,
    now,
    {
      kind: "reply",
      message: body.message,
      channel: body.channel,
      author: world.people.me.name,
      user: world.people.me.id,
      text: body.text,
      subject: on.subject,
      to: body.to,
      delivery: "pending",
      answered_in_s: waited,
      follow_up: body.follow_up,
    },
    pending,
  );
  if (body.follow_up) on.turns.push(timer("next_response", body.channel, now, now + 2 * HOUR));
  if (body.then === "wait" && !body.follow_up) setStatus(on, "waiting", now);
  if (body.then === "resolve") setStatus(on, "resolved", now);
}

function logCall(world: World, body: Extract<CommandBody, { do: "log_call" }>, now: number, pending: boolean): Customer {
  let customer = world.customers.find((known) => known.id === body.customer);
  if (!customer) {
    const number = body.call.number;
    const identities = number ? [{ ...number, verified: true }] : [];
    customer = { id: body.customer, name: body.name, identities, openedAt: now, conversations: [] };
    world.customers.push(customer);
  }
  const known = customer.conversations.find((conversation) => conversation.id === body.conversation);
  const team = body.team ?? world.people.directory.teams[0]?.id ?? "";
  const on = known ?? openConversation(customer, body.call.note.split("\n")[0]?.slice(0, 60) || "Call", team, now, body.conversation);
  const { call } = body;
  if (call.direction === "inbound") customerSpoke(on, "phone", call.started_at);
  if (call.outcome === "answered" || call.outcome === "reached") answered(on, call.answered_at);
  if (call.follow_up) on.turns.push(timer("next_response", "phone", call.ended_at, call.ended_at + 2 * HOUR));
  const { author, user } = { author: world.people.me.name, user: world.people.me.id };
  say(on, now, { kind: "call", message: body.message, author, user, ...call, number: call.number?.value ?? null }, pending);
  return customer;
}

function rename(world: World, id: string, name: string): Customer | null {
  const customer = world.customers.find((known) => known.id === id);
  if (customer) customer.name = name;
  return customer ?? null;
}

function moveMessage(on: Conversation, message: string, to: string, now: number, world: World): void {
  const at = on.entries.findIndex(({ kind }) => kind.kind !== "change" && kind.message === message);
  const [entry] = at >= 0 ? on.entries.splice(at, 1) : [];
  if (!entry) return;
  const known = on.customer.conversations.find((conversation) => conversation.id === to);
  const target = known ?? openConversation(on.customer, `From: ${on.subject}`, on.team, entry.at, to);
  target.entries.push({ ...entry, conversation: target.id });
  target.entries.sort((a, b) => a.seq - b.seq);
  if (entry.kind.kind === "message") customerSpoke(target, entry.kind.channel, entry.at);
  say(on, now, { kind: "change", what: "moved_out", by: world.people.me.id, detail: to });
}

/** The other goes on, with the older of the two unanswered words. */
function merge(on: Conversation, into: Conversation, now: number, by: string): void {
  const turn = openTurn(on);
  if (turn) customerSpoke(into, turn.channel, turn.started_at);
  const open = openTurn(into);
  if (turn && open && turn.started_at < open.started_at) Object.assign(open, { started_at: turn.started_at, due_at: turn.due_at });
  setStatus(on, "resolved", now);
  on.mergedInto = into.id;
  say(on, now, { kind: "change", what: "merged", by, detail: into.id });
  say(into, now, { kind: "change", what: "merged_in", by, detail: on.id });
}

function applyFeedback(world: World, body: Extract<CommandBody, { feedback: string }>, now: number): void {
  const row = world.feedback.find((known) => known.id === body.feedback);
  if (!row) throw new PaperRefusal("unknown_feedback", "This case is not on this desk any more.");
  if (body.do === "acknowledge_feedback") Object.assign(row, { status: "acknowledged", acknowledged_at: now });
  if (body.do === "assign_feedback") row.owner = body.owner;
  if (body.do === "close_feedback") Object.assign(row, { status: "closed", closed_at: now, outcome: body.outcome });
  if (body.do === "reopen_feedback") Object.assign(row, { status: "acknowledged", closed_at: null, outcome: null });
}


// Puts the sample stories into the world of paper.
import type { Channel, EntryKind } from "../backend";
import { newId } from "../newId";
import { feedbackSamples, stories, type Line, type Story } from "./stories";
import { answered, customerSpoke, HOUR, MINUTE, openConversation, openTurn, say, setStatus, timer } from "./world";
import type { Conversation, Customer } from "./world";
import type { FeedbackRow } from "../backend";
import type { People } from "./people";

export function tellStories(now: number, people: People): Customer[] {
  const customers = new Map<string, Customer>();
  for (const story of stories) {
    const first = now - (story.lines[0]?.ago ?? 0) * MINUTE;
    const known = customers.get(story.name) ?? newCustomer(story, first);
    customers.set(story.name, known);
    tell(story, known, first, now, people);
  }
  return [...customers.values()];
}

function newCustomer(story: Story, at: number): Customer {
  const identities = story.ids.map(([kind, value]) => ({ kind, value, verified: kind !== "social" }));
  return { id: newId(at), name: story.name, identities, openedAt: at - 200 * 24 * HOUR, conversations: [] };
}

function tell(story: Story, customer: Customer, first: number, now: number, people: People): void {
  const on = openConversation(customer, story.subject, people.team(story.team), first);
  on.priority = story.priority ?? "normal";
  on.assignee = story.who ? people.user(story.who) : null;
  say(on, first, { kind: "change", what: "opened", by: null, detail: "" });
  for (const line of story.lines) tellLine(line, on, now, people);
  if (story.who) say(on, first + 5 * MINUTE, { kind: "change", what: "assigned", by: people.user("Jon Tveit"), detail: people.user(story.who) });
  on.entries.sort((a, b) => a.at - b.at);
  if (story.status) setStatus(on, story.status, now - HOUR);
  if (story.snoozed) on.snoozedUntil = now + story.snoozed * MINUTE;
  const turn = openTurn(on);
  if (turn && story.due !== undefined) {
    Object.assign(turn, timer(turn.target, turn.channel, turn.started_at, now + story.due * MINUTE));
  }
  const { resolution } = on;
  if (story.resolve !== undefined) {
    resolution.due_at = now + story.resolve * MINUTE;
    resolution.at_risk_at = first + (resolution.due_at - first) * 0.75;
  }
}

function tellLine(line: Line, on: Conversation, now: number, people: People): void {
  const at = now - line.ago * MINUTE;
  if ("by" in line) {
    say(on, at, heard(line, on, at));
    customerSpoke(on, line.by, at);
  } else if ("answer" in line) {
    const to = on.customer.identities[0]?.value ?? "";
    const failed = line.delivery === "failed";
    const waited = failed ? null : answered(on, at);
    const reply: EntryKind = {
      kind: "reply",
      message: newId(),
      channel: line.answer,
      author: line.who,
      user: people.user(line.who),
      text: line.text,
      subject: on.subject,
      to,
      delivery: line.delivery ?? "delivered",
      answered_in_s: waited,
      follow_up: line.followUp ?? false,
    };
    say(on, at, reply);
    if (failed) say(on, at + MINUTE, { kind: "change", what: "delivery_failed", by: null, detail: "mailbox full (552 5.2.2)" });
  } else if ("note" in line) {
    say(on, at, { kind: "note", message: newId(), author: line.who, user: people.user(line.who), text: line.note });
  } else tellCall(line, on, at, people);
}

function heard(line: Extract<Line, { by: Channel }>, on: Conversation, at: number): EntryKind {
  const blob = newId();
  return {
    kind: "message",
    message: newId(),
    channel: line.by,
    from_name: on.customer.name,
    from: on.customer.identities[0]?.value ?? "",
    text: line.text,
    fresh_text: line.text,
    quoted_text: line.quoted ?? "",
    subject: on.subject,
    spoke_at: at,
    learnt_at: at + (line.letterDays ? 3 * HOUR : 2000),
    attachments: line.file
      ? [{ name: line.file[0], media_type: "application/pdf", bytes: line.file[1], blob, inline: false }]
      : [],
    author: "person",
    guessed: line.guessed ?? false,
    account: null,
    also_to: [],
    doubts: [],
  };
}

function tellCall(line: Extract<Line, { call: string }>, on: Conversation, at: number, people: People): void {
  const inbound = line.call !== "reached" && line.call !== "not_reached";
  if (inbound) customerSpoke(on, "phone", at);
  if (line.call === "answered") {
    answered(on, at);
    on.turns.push(timer("next_response", "phone", at, at + 2 * HOUR));
  }
  say(on, at, {
    kind: "call",
    message: newId(),
    author: line.who,
    user: people.user(line.who),
    direction: inbound ? "inbound" : "outbound",
    outcome: line.call,
    number: on.customer.identities.find((identity) => identity.kind === "phone")?.value ?? null,
    started_at: at,
    answered_at: at,
    ended_at: at + line.minutes * MINUTE,
    note: line.text,
    follow_up: line.call === "answered",
    entered_by_hand: false,
  });
}

export function tellFeedback(now: number, people: People): FeedbackRow[] {
  return feedbackSamples.map((sample) => {
    const logged_at = now - sample.ago * MINUTE;
    const done = sample.status === "closed";
    return {
      id: newId(logged_at),
      text: sample.text,
      kind: sample.kind,
      source_title: sample.title,
      source_address: sample.title.includes(".") ? `https://${sample.title}/` : "",
      department: people.team("Orders"),
      status: sample.status,
      owner: sample.status === "new" ? null : people.user("Maya Klein"),
      signed_by: null,
      logged_at,
      acknowledge_due_at: logged_at + 4 * HOUR,
      resolve_due_at: logged_at + 5 * 24 * HOUR,
      acknowledged_at: sample.status === "new" ? null : logged_at + HOUR,
      closed_at: done ? logged_at + 30 * HOUR : null,
      outcome: done ? "explained" : null,
      because: "",
      pending: false,
    };
  });
}

// An entry in words: who, by which way, when, what to know of it.
import type { EntryKind, TimelineEntry } from "../../backend";
import { businessSpan, moment, span } from "../../clock/format";
import { clock } from "../../clock/now.svelte";
import { t } from "../../i18n/index.svelte";
import { desk } from "../../state/desk.svelte";
import { opened } from "../../state/opened.svelte";

export type Mark = { text: string; tone: "quiet" | "good" | "risk" | "late"; title?: string };
export type Described = { who: string; what: string; at: number; facts: string[]; marks: Mark[] };

/** Spoken and learnt this far apart is worth saying: a letter, a late poll. */
const LATE_LEARNT_MS = 10 * 60_000;

export function toneOf(kind: EntryKind): string {
  if (kind.kind === "note") return "note";
  if (kind.kind === "reply") return kind.delivery === "failed" ? "ours failed" : "ours";
  return kind.kind === "call" && kind.direction === "outbound" ? "ours" : "theirs";
}

export function describe(entry: TimelineEntry): Described {
  const { kind } = entry;
  const described = byKind(entry, kind);
  if (entry.pending) described.marks.push({ text: t("entry.pending"), tone: "risk", title: t("entry.pendingTitle") });
  return described;
}

function byKind(entry: TimelineEntry, kind: EntryKind): Described {
  switch (kind.kind) {
    case "message":
      return theirs(kind);
    case "reply":
      return ours(entry, kind);
    case "note":
      return { who: kind.author, what: t("entry.note"), at: entry.at, facts: [], marks: [] };
    case "call":
      return call(kind);
    case "change":
      return { who: "", what: kind.what, at: entry.at, facts: [], marks: [] };
  }
}

function theirs(kind: Extract<EntryKind, { kind: "message" }>): Described {
  const facts: string[] = [];
  const marks: Mark[] = [];
  // A name is whatever its writer likes; the address is where it came from.
  if (kind.channel === "email" && kind.from_name && kind.from) facts.push(kind.from);
  if (kind.learnt_at - kind.spoke_at > LATE_LEARNT_MS) {
    facts.push(t("entry.learnt", { when: moment(kind.learnt_at, clock.today) }));
  }
  if (kind.also_to.length > 0) facts.push(t("entry.alsoTo", { accounts: kind.also_to.map((id) => desk.account(id)).join(", ") }));
  if (kind.author !== "person") marks.push({ text: t(`author.${kind.author}`), tone: "quiet" });
  if (kind.guessed) marks.push({ text: t("entry.guessed"), tone: "risk", title: t("entry.guessedTitle") });
  const who = kind.from_name || kind.from || t(opened.page?.customer.erased_at ? "customer.erased" : "customer.unnamed");
  return { who, what: t(`by.${kind.channel}`), at: kind.spoke_at, facts, marks };
}

function ours(entry: TimelineEntry, kind: Extract<EntryKind, { kind: "reply" }>): Described {
  const facts: string[] = [];
  const marks: Mark[] = [];
  if (kind.answered_in_s !== null) facts.push(t("entry.answeredIn", { span: businessSpan(kind.answered_in_s) }));
  if (kind.follow_up) marks.push({ text: t("entry.followUp"), tone: "quiet" });
  if (kind.delivery === "failed") {
    marks.push({ text: t("entry.failed"), tone: "late" });
  } else if (kind.delivery === "held") {
    marks.push({ text: t("entry.held"), tone: "risk", title: t("entry.heldTitle") });
  } else if (kind.delivery === "pending" && !entry.pending) {
    marks.push({ text: t("entry.sending"), tone: "quiet" });
  }
  return { who: kind.author, what: t(`by.${kind.channel}`), at: entry.at, facts, marks };
}

function call(kind: Extract<EntryKind, { kind: "call" }>): Described {
  const facts: string[] = [];
  const marks: Mark[] = [];
  const customer = opened.page?.customer.name || kind.number || t("customer.unnamed");
  const lasted = span((kind.ended_at - kind.answered_at) / 1000);
  const params = { span: lasted, agent: kind.author };
  if (kind.entered_by_hand) marks.push({ text: t("entry.byHand"), tone: "quiet" });
  if (kind.follow_up) marks.push({ text: t("entry.followUp"), tone: "quiet" });
  const who = kind.direction === "inbound" ? customer : kind.author;
  return { who, what: t(`call.told.${kind.outcome}`, params), at: kind.started_at, facts, marks };
}

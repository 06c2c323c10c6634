// From what the call dialog was told to the one command that logs it.
import type { Call, CallDirection, CallOutcome, CommandBody, Identity, PersonHit } from "../backend";

export type CallForm = {
  direction: CallDirection;
  outcome: CallOutcome;
  /** What was typed for who it was: a number or a name. */
  who: string;
  person: PersonHit | null;
  /** The matter it belongs to; null opens a new one. */
  conversation: string | null;
  startedAt: number;
  endedAt: number;
  byHand: boolean;
  note: string;
  followUp: boolean;
};

/** Digits enough to be a number, and nothing that a number has not. */
const NUMBER = /^\+?[\d\s()./-]{4,}$/;

export const isNumber = (text: string): boolean => NUMBER.test(text.trim());

export const outcomesOf = (direction: CallDirection): CallOutcome[] =>
  direction === "inbound" ? ["answered", "missed", "voicemail"] : ["reached", "not_reached"];

/** Only who was spoken to can be promised anything. */
export const spokeTo = (outcome: CallOutcome): boolean => outcome === "answered" || outcome === "reached";

export function logCallCommand(form: CallForm, newId: () => string, team: string | null): CommandBody {
  const opens = form.conversation === null;
  return {
    do: "log_call",
    message: newId(),
    call: callOf(form),
    conversation: form.conversation ?? newId(),
    opens,
    customer: form.person?.customer ?? newId(),
    opens_customer: form.person === null,
    name: form.person?.name ?? (isNumber(form.who) ? "" : form.who.trim()),
    team: opens ? team : null,
  };
}

function callOf(form: CallForm): Call {
  return {
    direction: form.direction,
    outcome: form.outcome,
    number: numberOf(form),
    started_at: form.startedAt,
    answered_at: form.startedAt,
    ended_at: Math.max(form.startedAt, form.endedAt),
    note: form.note.trim(),
    follow_up: form.followUp && spokeTo(form.outcome),
    entered_by_hand: form.byHand,
  };
}

function numberOf({ who, person }: CallForm): Identity | null {
  if (isNumber(who)) return { kind: "phone", value: who.trim() };
  const known = person?.identity;
  return known?.kind === "phone" ? { kind: "phone", value: known.value } : null;
}

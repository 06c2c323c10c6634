// What the window may ask the desk to do, and what became of it.
import type { CallDirection, CallOutcome, IdentityKind } from "./customer";
import type { FeedbackOutcome } from "./feedback";
import type { Channel, Priority, Timestamp } from "./session";

export type Identity = { kind: IdentityKind; value: string };

export type Call = {
  direction: CallDirection;
  outcome: CallOutcome;
  number: Identity | null;
  started_at: Timestamp;
  answered_at: Timestamp;
  ended_at: Timestamp;
  note: string;
  follow_up: boolean;
  entered_by_hand: boolean;
};

export type Then = "nothing" | "wait" | "resolve";

export type CommandBody =
  | {
      do: "reply";
      conversation: string;
      message: string;
      channel: Channel;
      account: string;
      to: string;
      text: string;
      follow_up: boolean;
      seen: string | null;
      then: Then;
    }
  | { do: "note"; conversation: string; message: string; text: string }
  | {
      do: "log_call";
      message: string;
      call: Call;
      conversation: string;
      opens: boolean;
      customer: string;
      opens_customer: boolean;
      name: string;
      team: string | null;
    }
  | { do: "assign"; conversation: string; assignee: string | null }
  | { do: "set_priority"; conversation: string; priority: Priority }
  | { do: "set_team"; conversation: string; team: string }
  | { do: "snooze"; conversation: string; until: Timestamp }
  | { do: "unsnooze"; conversation: string }
  | { do: "set_waiting"; conversation: string }
  | { do: "set_hold"; conversation: string }
  | { do: "resume"; conversation: string }
  | { do: "resolve"; conversation: string }
  | { do: "reopen"; conversation: string }
  | { do: "no_reply_needed"; conversation: string }
  | { do: "move_message"; conversation: string; message: string; to: string }
  | { do: "name_customer"; customer: string; name: string }
  | { do: "acknowledge_feedback"; feedback: string }
  | { do: "assign_feedback"; feedback: string; owner: string | null }
  | { do: "note_feedback"; feedback: string; text: string }
  | { do: "close_feedback"; feedback: string; outcome: FeedbackOutcome; because: string }
  | { do: "reopen_feedback"; feedback: string };

export type Submitted = { command: string; state: "pending"; message?: string };
export type ApiError = { code: string; sentence: string };

export type OutgoingState = "waiting" | "sent" | "refused" | "look_again" | "held" | "set_aside";
export type OutgoingItem = {
  command: string;
  made_at: Timestamp;
  state: OutgoingState;
  what: string;
  customer: string | null;
  conversation: string | null;
  text: string;
  reason: string | null;
  since: string | null;
};

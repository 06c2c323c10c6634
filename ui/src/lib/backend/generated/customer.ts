// One customer: everything ever said, on every channel.
import type { TimerView } from "./clock";
import type { Channel, Priority, Status, Timestamp } from "./session";

export type IdentityKind = "email" | "phone" | "social" | "postal";
export type IdentityView = { kind: IdentityKind; value: string; verified: boolean };
export type ChannelWait = { channel: Channel; median_s: number; turns: number };

export type CustomerCard = {
  id: string;
  name: string;
  identities: IdentityView[];
  waits: ChannelWait[];
  resolved: number;
  feedback: number;
  opened_at: Timestamp;
};

export type ReplyRoute = { channel: Channel; account: string; to: string };

export type Matter = {
  conversation: string;
  subject: string;
  status: Status;
  priority: Priority;
  team: string;
  assignee: string | null;
  timers: TimerView[];
  snoozed_until: Timestamp | null;
  opened_at: Timestamp;
  channels: Channel[];
  reply: ReplyRoute[];
  last_seen: string | null;
  read_only: boolean;
  guessed: boolean;
};

export type Attachment = { name: string; media_type: string; bytes: number; blob: string; inline: boolean };
export type MessageAuthor = "person" | "auto_reply" | "bounce" | "list" | "complaint";
export type Delivery = "pending" | "delivered" | "failed";
export type CallDirection = "inbound" | "outbound";
export type CallOutcome = "answered" | "missed" | "voicemail" | "reached" | "not_reached";
export type Change =
  | "opened"
  | "assigned"
  | "team"
  | "priority"
  | "snoozed"
  | "unsnoozed"
  | "waiting"
  | "hold"
  | "resumed"
  | "resolved"
  | "reopened"
  | "no_reply_needed"
  | "at_risk"
  | "breached"
  | "moved_out"
  | "moved_in"
  | "terms";

export type EntryKind =
  | {
      kind: "message";
      message: string;
      channel: Channel;
      from_name: string;
      from: string;
      text: string;
      fresh_text: string;
      quoted_text: string;
      subject: string;
      spoke_at: Timestamp;
      learnt_at: Timestamp;
      attachments: Attachment[];
      author: MessageAuthor;
      guessed: boolean;
    }
  | {
      kind: "reply";
      message: string;
      channel: Channel;
      author: string;
      user: string | null;
      text: string;
      subject: string;
      to: string;
      delivery: Delivery;
      failure: string | null;
      answered_in_s: number | null;
      follow_up: boolean;
    }
  | { kind: "note"; message: string; author: string; user: string | null; text: string }
  | {
      kind: "call";
      message: string;
      author: string;
      user: string | null;
      direction: CallDirection;
      outcome: CallOutcome;
      number: string | null;
      started_at: Timestamp;
      answered_at: Timestamp;
      ended_at: Timestamp;
      note: string;
      follow_up: boolean;
      entered_by_hand: boolean;
    }
  | { kind: "change"; what: Change; by: string | null; detail: string };

export type TimelineEntry = {
  seq: number;
  conversation: string;
  at: Timestamp;
  kind: EntryKind;
  pending: boolean;
};

export type CustomerPage = {
  customer: CustomerCard;
  matters: Matter[];
  entries: TimelineEntry[];
  earlier: boolean;
};

export type PersonHit = { customer: string; name: string; identity: IdentityView | null };

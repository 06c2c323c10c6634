// What the desk and the window say to each other. Customers, queues, figures and commands are
// written from the Rust types into generated/; what is below follows crates/desk/src/view.rs by hand.
import type { ConversationId } from "./generated/ConversationId";
import type { CustomerId } from "./generated/CustomerId";
import type { FeedbackId } from "./generated/FeedbackId";
import type { MessageId } from "./generated/MessageId";
import type { Timestamp } from "./generated/Timestamp";
import type { UserView } from "./generated/UserView";

export type { AccountView } from "./generated/AccountView";
export type { Attachment } from "./generated/Attachment";
export type { Board } from "./generated/Board";
export type { BoardRow } from "./generated/BoardRow";
export type { BoardState } from "./generated/BoardState";
export type { Call } from "./generated/Call";
export type { CallDirection } from "./generated/CallDirection";
export type { CallOutcome } from "./generated/CallOutcome";
export type { Channel } from "./generated/Channel";
export type { CommandBody } from "./generated/CommandBody";
export type { Counts } from "./generated/Counts";
export type { CustomerPage } from "./generated/CustomerPage";
export type { Directory } from "./generated/Directory";
export type { EntryKind } from "./generated/EntryKind";
export type { Explanation } from "./generated/Explanation";
export type { FeedbackKind } from "./generated/FeedbackKind";
export type { FeedbackOutcome } from "./generated/FeedbackOutcome";
export type { FeedbackPage } from "./generated/FeedbackPage";
export type { FeedbackRow } from "./generated/FeedbackRow";
export type { Identity } from "./generated/Identity";
export type { IdentityKind } from "./generated/IdentityKind";
export type { IdentityView } from "./generated/IdentityView";
export type { Line } from "./generated/Line";
export type { Matter } from "./generated/Matter";
export type { PersonHit } from "./generated/PersonHit";
export type { Place } from "./generated/Place";
export type { Priority } from "./generated/Priority";
export type { QueuePage } from "./generated/QueuePage";
export type { QueueRow } from "./generated/QueueRow";
export type { ReplyRoute } from "./generated/ReplyRoute";
export type { Role } from "./generated/Role";
export type { SearchHit } from "./generated/SearchHit";
export type { SearchPage } from "./generated/SearchPage";
export type { State as TimerState } from "./generated/State";
export type { Status } from "./generated/Status";
export type { Target } from "./generated/Target";
export type { Then } from "./generated/Then";
export type { TimelineEntry } from "./generated/TimelineEntry";
export type { TimerView } from "./generated/TimerView";
export type { Timestamp } from "./generated/Timestamp";
export type { UserView } from "./generated/UserView";

export type Session = {
  state: "first_run" | "signed_out" | "signed_in";
  user: UserView | null;
  workspace: string;
  server: string;
  demo: boolean;
  /** Where the sign-in is kept. */
  keychain: string | null;
  /** Keys of the agent's own, by command id. */
  key_bindings?: Record<string, string[]>;
};

export type ConnectionState = "in_sync" | "syncing" | "offline" | "sign_in_again" | "upgrade";
export type Connection = {
  state: ConnectionState;
  pending: number;
  attention: number;
  /** Server time minus this computer's. */
  offset_ms: number;
  progress: { done: number; total: number } | null;
  message: string | null;
};

/** `customers` is null when any may have changed. */
export type Changed = { customers: CustomerId[] | null; feedback: boolean; settings: boolean };
export type OpenCustomer = { customer: CustomerId; conversation: ConversationId | null };
export type FeedbackShortcut = { text: string };

export type Submitted = { command: string; state: "pending" | "look_again"; message: string | null };
export type ApiError = { code: string; sentence: string };

export type OutgoingState = "waiting" | "sent" | "refused" | "look_again" | "held" | "set_aside";
export type OutgoingItem = {
  command: string;
  made_at: Timestamp;
  state: OutgoingState;
  what: string;
  customer: CustomerId | null;
  conversation: ConversationId | null;
  text: string;
  reason: string | null;
  /** For a second look: the last message its author had seen. */
  since: MessageId | null;
};

export type FeedbackTicket = { id: FeedbackId };

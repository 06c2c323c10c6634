import type { Timestamp } from "./session";

export type FeedbackKind =
  | "unsorted"
  | "complaint"
  | "praise"
  | "idea"
  | "question"
  | "market_signal"
  | "implicit_signal";
export type FeedbackStatus = "new" | "acknowledged" | "closed" | "withdrawn";
export type FeedbackOutcome = "changed_something" | "explained" | "no_action";

export type FeedbackRow = {
  id: string;
  text: string;
  kind: FeedbackKind;
  source_title: string;
  source_address: string;
  department: string;
  status: FeedbackStatus;
  owner: string | null;
  signed_by: string | null;
  logged_at: Timestamp;
  acknowledge_due_at: Timestamp | null;
  resolve_due_at: Timestamp | null;
  acknowledged_at: Timestamp | null;
  closed_at: Timestamp | null;
  outcome: FeedbackOutcome | null;
};
export type FeedbackPage = { rows: FeedbackRow[]; total: number };
export type FeedbackTicket = { id: string };

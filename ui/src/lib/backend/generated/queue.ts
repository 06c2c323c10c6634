// The queues: one row is one customer.
import type { TimerView } from "./clock";
import type { Channel, Priority, Status, Timestamp } from "./session";

export type Place =
  | { kind: "due_next" }
  | { kind: "mine" }
  | { kind: "unassigned" }
  | { kind: "waiting" }
  | { kind: "snoozed" }
  | { kind: "resolved" }
  | { kind: "team"; team: string }
  | { kind: "mentions" };

export type QueueRow = {
  customer: string;
  name: string;
  conversation: string;
  preview: string;
  subject: string;
  channels: Channel[];
  assignee: string | null;
  priority: Priority;
  status: Status;
  timer: TimerView | null;
  matters: number;
  last_at: Timestamp;
  snoozed_until: Timestamp | null;
  pending: boolean;
};

export type QueuePage = { rows: QueueRow[]; total: number; hidden: number; as_of: Timestamp };

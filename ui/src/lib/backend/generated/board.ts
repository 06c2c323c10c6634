// The channel board: waits by channel, now and over a window.
import type { Channel, Timestamp } from "./session";

export type BoardRow = {
  channel: Channel;
  waiting: number;
  oldest_since: Timestamp | null;
  oldest_wait_s: number | null;
  at_risk: number;
  breached: number;
  answered: number;
  first_p50_s: number | null;
  first_p90_s: number | null;
  first_p99_s: number | null;
  next_p50_s: number | null;
  next_p90_s: number | null;
  within_target: number | null;
  resolved_unanswered: number;
};
export type BoardTeam = { team: string; waiting: number; at_risk: number; breached: number };
export type Parity = { gap: number | null; slowest: Channel | null; fastest: Channel | null; thin: Channel[] };
export type QueueJump = { favoured: Channel; passed: Channel; count: number };
export type AccountHealth = {
  account: string;
  name: string;
  last_contact: Timestamp | null;
  problem: string | null;
};
export type Board = {
  as_of: Timestamp;
  days: number;
  rows: BoardRow[];
  teams: BoardTeam[];
  parity: Parity;
  queue_jumps: QueueJump[];
  accounts: AccountHealth[];
};
export type BoardListState = "waiting" | "at_risk" | "breached";

// The clocks as the window sees them: instants, from which it computes states against now.
import type { Channel, Timestamp } from "./session";

export type Target = "first_response" | "next_response" | "resolution";
export type TimerState = "running" | "at_risk" | "breached" | "paused" | "met" | "missed" | "waived";

export type TimerView = {
  target: Target;
  channel: Channel;
  started_at: Timestamp;
  due_at: Timestamp | null;
  at_risk_at: Timestamp | null;
  closed_at: Timestamp | null;
  breached_at: Timestamp | null;
  waived: boolean;
  paused: boolean;
  consumed_before_s: number;
  target_s: number | null;
  running_since: Timestamp | null;
};

export type ExplanationValue =
  | { kind: "time"; at: Timestamp }
  | { kind: "duration"; seconds: number }
  | { kind: "text"; text: string };
export type ExplanationLine = { code: string; value: ExplanationValue };
export type Explanation = { lines: ExplanationLine[]; due_at: Timestamp | null };

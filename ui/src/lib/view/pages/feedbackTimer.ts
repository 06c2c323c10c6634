import type { FeedbackRow, TimerView } from "../../backend";

/** A case's clock in the form every ring takes: acknowledge first, then resolve. */
export function feedbackTimer(row: FeedbackRow): TimerView | null {
  const due_at = row.acknowledged_at === null && row.status === "new" ? row.acknowledge_due_at : row.resolve_due_at;
  if (due_at === null || row.closed_at !== null || row.status === "withdrawn") return null;
  return {
    target: "resolution",
    channel: "social",
    started_at: row.logged_at,
    due_at,
    at_risk_at: row.logged_at + (due_at - row.logged_at) * 0.75,
    closed_at: null,
    breached_at: null,
    waived: false,
    paused: false,
    consumed_before_s: 0,
    target_s: null,
    running_since: row.logged_at,
  };
}

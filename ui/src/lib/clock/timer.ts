// What a timer says at an instant: its state, how full its ring is, what is left of it.
// Rows hold instants; states are computed here, against the server's now.
import type { TimerState, TimerView } from "../backend";

export function stateOf(timer: TimerView, now: number): TimerState {
  if (timer.waived) return "waived";
  if (timer.closed_at !== null) return wasLate(timer, timer.closed_at) ? "missed" : "met";
  if (wasLate(timer, now)) return "breached";
  if (timer.paused) return "paused";
  return timer.at_risk_at !== null && now >= timer.at_risk_at ? "at_risk" : "running";
}

/** Answered at the very instant it falls due is in time. */
function wasLate(timer: TimerView, at: number): boolean {
  if (timer.breached_at !== null) return true;
  return timer.due_at !== null && !timer.paused && at > timer.due_at;
}

/** 0 to 1: how much of the way to due has gone by, on the wall. */
export function fullness(timer: TimerView, now: number): number {
  const due = timer.breached_at ?? timer.due_at;
  if (due === null) return 0;
  const until = timer.closed_at ?? now;
  const whole = due - timer.started_at;
  if (whole <= 0) return 1;
  return Math.min(1, Math.max(0, (until - timer.started_at) / whole));
}

export type Left =
  | { kind: "overdue"; seconds: number }
  | { kind: "left"; seconds: number }
  | { kind: "at"; at: number }
  | { kind: "paused" }
  | { kind: "none" };

/** Beyond this, a day and hour say more than a count. */
const COUNT_DOWN_S = 12 * 3600;

export function leftOf(timer: TimerView, now: number): Left {
  const state = stateOf(timer, now);
  if (state === "paused") return { kind: "paused" };
  const due = timer.breached_at ?? timer.due_at;
  if (due === null || timer.closed_at !== null || timer.waived) return { kind: "none" };
  const seconds = Math.round((due - now) / 1000);
  if (state === "breached") return { kind: "overdue", seconds: Math.max(0, -seconds) };
  return seconds > COUNT_DOWN_S ? { kind: "at", at: due } : { kind: "left", seconds };
}

/** The open timer that is due first: what a header shows, and what a row goes by. */
export function nextDue(timers: TimerView[]): TimerView | null {
  const open = timers.filter((timer) => timer.closed_at === null && !timer.waived);
  const turn = open.find((timer) => timer.target !== "resolution");
  return turn ?? open[0] ?? null;
}

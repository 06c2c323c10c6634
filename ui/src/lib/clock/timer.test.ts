import { expect, test } from "vitest";
import type { TimerView } from "../backend";
import { countdown } from "./format";
import { fullness, leftOf, nextDue, stateOf } from "./timer";

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 15, 9);

function timer(more: Partial<TimerView> = {}): TimerView {
  return {
    target: "first_response",
    channel: "email",
    started_at: START,
    due_at: START + 120 * MINUTE,
    at_risk_at: START + 90 * MINUTE,
    closed_at: null,
    breached_at: null,
    waived: false,
    paused: false,
    consumed_before_s: 0,
    target_s: 7200,
    running_since: START,
    ...more,
  };
}

test.each([
  ["running", timer(), 0],
  ["at_risk", timer(), 90],
  ["at_risk", timer(), 120],
  ["breached", timer(), 121],
  ["met", timer({ closed_at: START + 120 * MINUTE }), 500],
  ["missed", timer({ closed_at: START + 121 * MINUTE }), 500],
  ["breached", timer({ breached_at: START + 60 * MINUTE, paused: true }), 61],
  ["paused", timer({ target: "resolution", paused: true }), 500],
  ["waived", timer({ waived: true }), 500],
  ["running", timer({ due_at: null, at_risk_at: null }), 5000],
] as const)("a timer is %s", (state, of, minutes) => {
  expect(stateOf(of, START + minutes * MINUTE)).toBe(state);
});

const shown = (of: TimerView, minutes: number): string => {
  const now = START + minutes * MINUTE;
  return countdown(leftOf(of, now), now);
};

test("a countdown says what is left in the unit that matters, and overdue with a minus", () => {
  expect(shown(timer(), 0)).toBe("2h");
  expect(shown(timer(), 52)).toBe("1h 08m");
  expect(shown(timer(), 111)).toBe("9m");
  expect(shown(timer(), 119.5)).toBe("30s");
  expect(shown(timer(), 124)).toBe("\u22124m");
  expect(shown(timer(), 120 + 3 * 1440)).toBe("\u22123d");
  expect(shown(timer({ due_at: null }), 0)).toBe("\u2013");
  expect(shown(timer({ due_at: START + 1440 * MINUTE }), 0)).toMatch(/^Fri \d?\d:\d\d/);
});

test("a ring fills up from start to due and never beyond", () => {
  expect(fullness(timer(), START)).toBe(0);
  expect(fullness(timer(), START + 60 * MINUTE)).toBe(0.5);
  expect(fullness(timer(), START + 900 * MINUTE)).toBe(1);
});

test("an open turn leads; the resolution follows; what is closed is nobody's clock", () => {
  const resolution = timer({ target: "resolution" });
  const turn = timer({ target: "next_response", due_at: START + 999 * MINUTE });
  expect(nextDue([resolution, turn])).toBe(turn);
  expect(nextDue([timer({ closed_at: START }), resolution])).toBe(resolution);
  expect(nextDue([timer({ waived: true })])).toBeNull();
});

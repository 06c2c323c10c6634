// The times a snooze is offered for, in the agent's own day.
import type { Key } from "../i18n/index.svelte";

export type SnoozeTime = { key: Key; at: number };

const HOUR = 3_600_000;
const MORNING = 9;
const EVENING = 17;

export function snoozeTimes(now: number): SnoozeTime[] {
  const times: SnoozeTime[] = [
    { key: "snooze.hour", at: wholeMinute(now + HOUR) },
    { key: "snooze.hours", at: wholeMinute(now + 3 * HOUR) },
  ];
  const evening = dayAt(now, 0, EVENING);
  if (evening - now > HOUR) times.push({ key: "snooze.evening", at: evening });
  times.push({ key: "snooze.tomorrow", at: dayAt(now, 1, MORNING) });
  const monday = daysToMonday(now);
  if (monday > 1) times.push({ key: "snooze.monday", at: dayAt(now, monday, MORNING) });
  return times;
}

const wholeMinute = (at: number): number => Math.ceil(at / 60_000) * 60_000;

/** By calendar days, not by 24 hours: the clocks may change tonight. */
function dayAt(now: number, days: number, hour: number): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days, hour).getTime();
}

/** To the next Monday, never today. */
function daysToMonday(now: number): number {
  return (8 - new Date(now).getDay()) % 7 || 7;
}

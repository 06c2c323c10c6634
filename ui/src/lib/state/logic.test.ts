import { expect, test } from "vitest";
import type { Matter } from "../backend";
import { newId } from "../newId";
import { pieces } from "../view/overlays/excerpt";
import { logCallCommand, type CallForm } from "./logCall";
import { oneAtATime } from "./oneAtATime";
import { mostUrgent } from "./opened.svelte";
import { snoozeTimes } from "./snoozeTimes";

test("ids are UUIDv7 and sort by when they were made", () => {
  const [early, late] = [newId(1_000_000), newId(1_000_001)];
  expect(early).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(early < late).toBe(true);
});

test("work asked for while it runs is done once more, not once for each asking", async () => {
  let runs = 0;
  const load = oneAtATime(async () => {
    runs += 1;
    await Promise.resolve();
  });
  await Promise.all([load(), load(), load(), load()]);
  expect(runs).toBe(2);
});

test("an excerpt's marks become pieces", () => {
  expect(pieces("no \u0001tracking\u0002 number")).toEqual([
    { text: "no ", matched: false },
    { text: "tracking", matched: true },
    { text: " number", matched: false },
  ]);
});

test("snoozes are offered for later today, tomorrow and Monday, never for the past", () => {
  const saturdayEvening = new Date(2026, 10, 21, 19, 30).getTime();
  const times = snoozeTimes(saturdayEvening);
  expect(times.map((time) => time.key)).toEqual(["snooze.hour", "snooze.hours", "snooze.tomorrow", "snooze.monday"]);
  expect(times.every((time) => time.at > saturdayEvening)).toBe(true);
  expect(new Date(times.at(-1)?.at ?? 0).getDay()).toBe(1);
});

test("on a Sunday, tomorrow is Monday, and is offered once", () => {
  const sunday = new Date(2026, 10, 22, 12).getTime();
  const keys = snoozeTimes(sunday).map((time) => time.key);
  expect(keys).toEqual(["snooze.hour", "snooze.hours", "snooze.evening", "snooze.tomorrow"]);
});

const form: CallForm = {
  direction: "inbound",
  outcome: "missed",
  who: "+44 20 7946 0018",
  person: null,
  conversation: null,
  startedAt: 1000,
  endedAt: 900,
  byHand: false,
  note: " no voicemail ",
  followUp: true,
};

test("a call from an unknown number opens a customer and a matter, and a missed one promises nothing", () => {
  const command = logCallCommand(form, () => "new", "orders");
  expect(command).toMatchObject({ opens: true, opens_customer: true, customer: "new", name: "", team: "orders" });
  if (command.do !== "log_call") throw new Error("not a call");
  expect(command.call).toMatchObject({ number: { kind: "phone", value: "+44 20 7946 0018" }, follow_up: false, ended_at: 1000 });
});

test("a call about an open matter stays in it", () => {
  const person = { customer: "ada", name: "Ada Byron", identity: null };
  const command = logCallCommand({ ...form, who: "Ada", person, conversation: "order" }, () => "new", "orders");
  expect(command).toMatchObject({ opens: false, opens_customer: false, customer: "ada", conversation: "order", team: null });
});

test("the matter in hand is the open one due first, whatever the order they came in", () => {
  const matter = (conversation: string, status: Matter["status"], due: number | null): Matter =>
    ({ conversation, status, opened_at: 0, timers: [{ target: "resolution", closed_at: null, waived: false, due_at: due }] }) as Matter;
  const late = matter("late", "open", 50);
  expect(mostUrgent([matter("done", "resolved", 1), matter("later", "open", 90), late])).toBe(late);
});

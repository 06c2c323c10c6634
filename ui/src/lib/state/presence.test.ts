import { beforeEach, expect, test, vi } from "vitest";
import { useBackend, type Backend } from "../backend";
import { presence, whereabouts } from "./presence.svelte";

const said = vi.fn(async () => undefined);
const jon = { user: "jon", writing: false, left: false };

beforeEach(() => {
  vi.useFakeTimers();
  useBackend({ setConversationView: said } as unknown as Backend);
  presence.forget();
  whereabouts.at(null);
  vi.advanceTimersByTime(60_000);
  said.mockClear();
});

test("a colleague is shown where they are, until they leave, go elsewhere or are not heard of any more", () => {
  presence.hear({ ...jon, conversation: "order", writing: true });
  expect(presence.in("order")).toMatchObject([{ user: "jon", writing: true }]);
  presence.hear({ ...jon, conversation: "invoice" });
  expect(presence.in("order")).toEqual([]);
  presence.hear({ ...jon, conversation: "order", left: true });
  expect(presence.in("invoice")).toHaveLength(1);
  presence.hear({ ...jon, conversation: "invoice", left: true });
  expect(presence.in("invoice")).toEqual([]);
  presence.hear({ ...jon, conversation: "order" });
  vi.advanceTimersByTime(80_000);
  expect(presence.in("order")).toEqual([]);
});

test("colleagues are told where one rests, that one writes, and when one has stopped", () => {
  whereabouts.at("passed through");
  whereabouts.at("order");
  vi.advanceTimersByTime(1000);
  whereabouts.types(true);
  vi.advanceTimersByTime(5000);
  whereabouts.types(true);
  vi.advanceTimersByTime(5000);
  expect(said.mock.calls).toEqual([["order", false], ["order", true]]);
  vi.advanceTimersByTime(20_000);
  expect(said).toHaveBeenLastCalledWith("order", false);
});

test("who does nothing says nothing, and who goes on working says so now and then", () => {
  whereabouts.at("order");
  vi.advanceTimersByTime(3_600_000);
  expect(said).toHaveBeenCalledTimes(1);
  whereabouts.moves();
  whereabouts.moves();
  expect(said).toHaveBeenCalledTimes(2);
});

test("a newcomer is told who was there before, once", () => {
  whereabouts.at("order");
  vi.advanceTimersByTime(5000);
  presence.hear({ ...jon, conversation: "order" });
  presence.hear({ ...jon, conversation: "order", writing: true });
  vi.advanceTimersByTime(5000);
  expect(said).toHaveBeenCalledTimes(2);
});

import { beforeEach, expect, test, vi } from "vitest";
import { useBackend, type Backend } from "../backend";
import { drafts } from "./drafts";

const stored = new Map<string, string>();
const put = vi.fn(async (conversation: string, text: string) => void stored.set(conversation, text));

beforeEach(() => {
  vi.useFakeTimers();
  stored.clear();
  put.mockClear();
  useBackend({ draftGet: async (id: string) => stored.get(id) ?? null, draftPut: put } as unknown as Backend);
});

test("a draft is stored shortly after the last key, once, and at once on leaving", () => {
  drafts.put("order", "H");
  drafts.put("order", "Hello");
  expect(put).not.toHaveBeenCalled();
  vi.advanceTimersByTime(400);
  expect(put.mock.calls).toEqual([["order", "Hello"]]);
  drafts.put("order", "Hello Ada");
  void drafts.flush("order");
  expect(stored.get("order")).toBe("Hello Ada");
});

test("what was typed before the stored draft came does not push it out", async () => {
  stored.set("invoice", "Dear Ada,");
  const loading = drafts.load("invoice");
  drafts.put("invoice", "H");
  expect(await loading).toBe("Dear Ada,\nH");
});

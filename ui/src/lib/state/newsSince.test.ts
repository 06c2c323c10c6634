import { expect, test } from "vitest";
import type { TimelineEntry } from "../backend";
import { newsSince } from "./newsSince";

const said = (seq: number, at: number, message: string) =>
  ({ seq, at, conversation: "c", pending: false, kind: { kind: "message", message } }) as unknown as TimelineEntry;

test("what stands below the last word seen, but was said before it came in, is no news", () => {
  const entries = [said(1, 10, "asked"), said(4, 20, "came in late"), said(3, 21, "my answer"), said(5, 22, "theirs")];
  const news = newsSince({ conversation: "c", since: "came in late", from: null }, entries);
  expect(news.map(({ seq }) => seq)).toEqual([5]);
});

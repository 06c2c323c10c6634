import { expect, test } from "vitest";
import { clock } from "../clock/now.svelte";
import { presence } from "./presence.svelte";

test("a colleague is shown where they are, and no longer than they are heard of", () => {
  const now = clock.exact();
  presence.hear({ conversation: "order", user: "jon", writing: true });
  expect(presence.in("order", now)).toMatchObject([{ user: "jon", writing: true }]);
  expect(presence.in("order", now + 60_000)).toEqual([]);
  presence.hear({ conversation: "invoice", user: "jon", writing: false });
  expect(presence.in("order", now)).toEqual([]);
});

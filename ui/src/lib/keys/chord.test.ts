import { expect, test } from "vitest";
import { commands } from "../commands";
import { nameOf, shownKeys, step } from "./chord";

const pressed = (key: string, more: Partial<KeyboardEvent> = {}) =>
  nameOf({ key, code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

test("keys are named by what is on them, with modifiers only where they are not part of the sign", () => {
  expect(pressed("j")).toBe("j");
  expect(pressed("E", { shiftKey: true })).toBe("Shift+E");
  expect(pressed("J")).toBe("j"); // caps lock
  expect(pressed("?", { shiftKey: true })).toBe("?");
  expect(pressed("k", { ctrlKey: true })).toBe("Ctrl+k");
  expect(pressed("k", { metaKey: true })).toBe("Ctrl+k");
  expect(pressed("Enter", { ctrlKey: true, shiftKey: true })).toBe("Ctrl+Shift+Enter");
  expect(pressed("Shift", { shiftKey: true })).toBeNull();
});

test("a keyboard without Latin letters still has its j", () => {
  expect(pressed("\u043e", { code: "KeyJ" })).toBe("j");
});

test("a chord waits for its second key, and a stray one counts for itself", () => {
  const bindings = new Map([
    ["g d", "due"],
    ["j", "next"],
  ]);
  expect(step(null, "g", bindings)).toEqual({ kind: "prefix", typed: "g" });
  expect(step("g", "d", bindings)).toEqual({ kind: "run", id: "due" });
  expect(step("g", "j", bindings)).toEqual({ kind: "run", id: "next" });
  expect(step("g", "x", bindings)).toEqual({ kind: "none" });
});

test("keys are shown as they are printed", () => {
  expect(shownKeys("g d")).toEqual(["G", "D"]);
  expect(shownKeys("Ctrl+Enter")).toEqual(["Ctrl \u23ce"]);
});

test("no two commands that can be offered at once share a key", () => {
  const owners = new Map<string, string>();
  for (const command of commands) {
    for (const key of command.keys) {
      expect(owners.get(key), key).toBeUndefined();
      owners.set(key, command.id);
    }
  }
});

import { afterEach, expect, test } from "vitest";
import { sentenceOf } from "../backend";
import { de } from "./de";
import { en, type Key, type Phrase } from "./en";
import { speak, t } from "./index.svelte";

afterEach(() => speak("en"));

const forms = (phrase: Phrase): string[] => (typeof phrase === "string" ? [phrase] : [phrase.one, phrase.other]);
const blanks = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();

test("German says everything English says, and fills in the same blanks", () => {
  expect(Object.keys(de).sort()).toEqual(Object.keys(en).sort());
  for (const key of Object.keys(en) as Key[]) {
    expect(forms(de[key]).every((form) => form.trim() !== ""), key).toBe(true);
    expect(blanks(forms(de[key]).at(-1) ?? ""), key).toEqual(blanks(forms(en[key]).at(-1) ?? ""));
  }
});

test("numbers choose the plural and are written the language's way", () => {
  expect(t("queue.waiting", { n: 1 })).toBe("1 customer waiting");
  expect(t("queue.waiting", { n: 36_000 })).toBe("36,000 customers waiting");
  speak("de");
  expect(t("queue.waiting", { n: 36_000 })).toBe("36.000 Kunden warten");
});

test("a refusal is told in the agent's language by its code, and in the server's words where that has none", () => {
  const refused = { code: "not_found", sentence: "This message is not here any more." };
  expect(sentenceOf(refused)).toBe(refused.sentence);
  speak("de");
  expect(sentenceOf(refused)).toMatch(/nicht mehr da/);
  expect(sentenceOf({ code: "of_a_later_version", sentence: "Not yet." })).toBe("Not yet.");
  expect(sentenceOf(new Error("Not at all."))).toBe("Not at all.");
});

// Words in the agent's language. Every string on screen comes from here, by key.
import { de } from "./de";
import { en, type Key, type Phrase } from "./en";

export type { Key } from "./en";
export type Params = Record<string, string | number>;

const phrases: Record<string, Record<Key, Phrase>> = { en, de };

function preferred(): string {
  const wished = typeof navigator === "undefined" ? ["en"] : navigator.languages;
  return wished.find((tag) => tag.slice(0, 2) in phrases) ?? "en";
}

class Language {
  /** A full tag such as `de-AT`: the words go by the language, numbers and times by the whole. */
  tag = $state(preferred());
  words = $derived(phrases[this.tag.slice(0, 2)] ?? en);
  plural = $derived(new Intl.PluralRules(this.tag));
}

export const language = new Language();

export function speak(tag: string): void {
  language.tag = tag;
  document.documentElement.lang = tag;
}

/** The phrase for `key`; `n` picks the plural, `{name}` is filled from `params`. */
export function t(key: Key, params?: Params): string {
  const phrase = language.words[key];
  const text = typeof phrase === "string" ? phrase : plural(phrase, params?.["n"]);
  return params ? fill(text, params) : text;
}

function plural(phrase: Exclude<Phrase, string>, n: string | number | undefined): string {
  return language.plural.select(Number(n ?? 0)) === "one" ? phrase.one : phrase.other;
}

function fill(text: string, params: Params): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? new Intl.NumberFormat(language.tag).format(value) : value;
  });
}

/** For codes that come from outside: the phrase if we have one, else the code made readable. */
export function tOr(key: string, otherwise: string, params?: Params): string {
  return key in language.words ? t(key as Key, params) : otherwise.replaceAll("_", " ");
}

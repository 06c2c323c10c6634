// How mails are looked at: their HTML, which of them are read as text, and whose pictures are shown.
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import { backend, type Letter, type OfMessage, type TimelineEntry } from "../backend";
import { opened } from "./opened.svelte";

/** So many are kept at hand; the others come from the disk again. */
const AT_HAND = 60;

export type Look = "laid_out" | "text";

class Letters {
  /** The link under the pointer or the focus: where it goes is shown before it is followed. */
  link = $state<string | null>(null);
  /** As chosen by hand; else by what the mail is. */
  #chosen = new SvelteMap<string, Look>();
  /** Mails whose pictures were asked for. */
  #asked = new SvelteSet<string>();
  #unasked = new SvelteSet<string>();
  #atHand = new SvelteMap<string, Letter>();
  #coming = new Map<string, Promise<void>>();

  async begin(): Promise<void> {
    const customers = await backend.picturesUnasked().catch(() => []);
    this.#unasked.clear();
    for (const customer of customers) this.#unasked.add(customer);
  }

  forgetAll(): void {
    this.link = null;
    for (const kept of [this.#chosen, this.#asked, this.#unasked, this.#atHand, this.#coming]) kept.clear();
  }

  of(message: string): Letter | null {
    return this.#atHand.get(message) ?? null;
  }

  /** Brings a mail's HTML here. Without the server, one that was never seen stays text. */
  fetch(of: OfMessage): Promise<void> {
    const { message } = of;
    if (this.#atHand.has(message)) return Promise.resolve();
    const coming = this.#coming.get(message) ?? this.#bring(of).finally(() => this.#coming.delete(message));
    this.#coming.set(message, coming);
    return coming;
  }

  async #bring(of: OfMessage): Promise<void> {
    const letter = await backend.letter(of).catch(() => null);
    if (!letter) return;
    this.#atHand.set(of.message, letter);
    const oldest = this.#atHand.keys().next().value;
    if (this.#atHand.size > AT_HAND && oldest !== undefined) this.#atHand.delete(oldest);
  }

  /** What is laid out like a text is read as one. */
  look(message: string): Look {
    const letter = this.of(message);
    if (!letter?.html) return "text";
    return this.#chosen.get(message) ?? (letter.formatted ? "laid_out" : "text");
  }

  turn(message: string): void {
    this.#chosen.set(message, this.look(message) === "text" ? "laid_out" : "text");
  }

  showsPictures(message: string): boolean {
    return this.#asked.has(message) || (opened.customer !== null && this.#unasked.has(opened.customer));
  }

  askForPictures(message: string): void {
    this.#asked.add(message);
  }

  isUnasked(customer: string): boolean {
    return this.#unasked.has(customer);
  }

  async showUnasked(customer: string, unasked: boolean): Promise<void> {
    if (unasked) this.#unasked.add(customer);
    else this.#unasked.delete(customer);
    await backend.showPicturesUnasked(customer, unasked);
  }
}

export const letters = new Letters();

/** The mail under the timeline's cursor, or else the last one with HTML. */
export function letterInHand(): { message: string; letter: Letter } | null {
  const under = opened.entries.find((entry) => entry.seq === opened.entry);
  return letterOf(under) ?? letterOf(opened.entries.findLast((entry) => letterOf(entry) !== null));
}

function letterOf(entry: TimelineEntry | undefined): { message: string; letter: Letter } | null {
  if (entry?.kind.kind !== "message") return null;
  const { message } = entry.kind;
  const letter = letters.of(message);
  return letter?.html ? { message, letter } : null;
}

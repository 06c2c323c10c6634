// Drafts survive anything: kept here while the window is open, and in the desk's own file
// shortly after the last key, and at once on leaving a matter.
import { backend } from "../backend";

const AFTER_MS = 350;

class Drafts {
  #known = new Map<string, string>();
  #timers = new Map<string, ReturnType<typeof setTimeout>>();

  peek(conversation: string): string | undefined {
    return this.#known.get(conversation);
  }

  async load(conversation: string): Promise<string> {
    const known = this.#known.get(conversation);
    if (known !== undefined) return known;
    const stored = (await backend.draftGet(conversation)) ?? "";
    const typedMeanwhile = this.#known.get(conversation);
    if (typedMeanwhile === undefined) this.#known.set(conversation, stored);
    else if (stored !== "") this.put(conversation, `${stored}\n${typedMeanwhile}`);
    return this.#known.get(conversation) ?? "";
  }

  put(conversation: string, text: string): void {
    this.#known.set(conversation, text);
    clearTimeout(this.#timers.get(conversation));
    this.#timers.set(
      conversation,
      setTimeout(() => this.flush(conversation), AFTER_MS),
    );
  }

  flush(conversation: string): void {
    const timer = this.#timers.get(conversation);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#timers.delete(conversation);
    void backend.draftPut(conversation, this.#known.get(conversation) ?? "");
  }

  flushAll(): void {
    for (const conversation of [...this.#timers.keys()]) this.flush(conversation);
  }

  /** The desk changed this draft behind our back. */
  forget(conversation: string): void {
    this.flush(conversation);
    this.#known.delete(conversation);
  }
}

export const drafts = new Drafts();

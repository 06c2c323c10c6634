// What is typed survives anything: kept here while the window is open, and in the desk's own file
// shortly after the last key, and at once on leaving a matter.
import { backend } from "../backend";

const AFTER_MS = 350;

/** Saves the newest text of each key, once typing pauses. */
class Typed {
  #known = new Map<string, string>();
  #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(readonly save: (key: string, text: string) => Promise<void>) {}

  peek(key: string): string | undefined {
    return this.#known.get(key);
  }

  /** What was stored, before anything was typed here. */
  learn(key: string, text: string): void {
    this.#known.set(key, text);
  }

  put(key: string, text: string): void {
    this.#known.set(key, text);
    clearTimeout(this.#timers.get(key));
    const timer = setTimeout(() => void this.flush(key).catch(() => undefined), AFTER_MS);
    this.#timers.set(key, timer);
  }

  /** Saves what has not been saved yet. */
  async flush(key: string): Promise<void> {
    const timer = this.#timers.get(key);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#timers.delete(key);
    await this.save(key, this.#known.get(key) ?? "");
  }

  async flushAll(): Promise<void> {
    await Promise.allSettled([...this.#timers.keys()].map((key) => this.flush(key)));
  }

  /** Saves everything; whoever signs in next is asked for their own. */
  forgetAll(): void {
    for (const key of [...this.#known.keys()]) this.forget(key);
  }

  /** Saves what is here, and will ask the desk again. */
  forget(key: string): void {
    void this.flush(key).catch(() => undefined);
    this.#known.delete(key);
  }
}

/** By conversation. */
class Drafts extends Typed {
  constructor() {
    super((conversation, text) => backend.draftPut(conversation, text));
  }

  async load(conversation: string): Promise<string> {
    const known = this.peek(conversation);
    if (known !== undefined) return known;
    const stored = (await backend.draftGet(conversation)) ?? "";
    const typedMeanwhile = this.peek(conversation);
    if (typedMeanwhile === undefined) this.learn(conversation, stored);
    else if (stored !== "") this.put(conversation, `${stored}\n${typedMeanwhile}`);
    return this.peek(conversation) ?? "";
  }
}

export const drafts = new Drafts();

/** By command: the new words of something that came back. */
export const rewordings = new Typed((command, text) => backend.outgoingReword(command, text));

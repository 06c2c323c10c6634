// Who else is here: colleagues looking at the same matter, or writing in it. Never blocks anything,
// and an agent who does nothing says nothing.
import { backend, type Presence } from "../backend";
import { desk } from "./desk.svelte";

/** Told where the agent rests, not where they pass through. */
const REST_MS = 800;
/** Said again by who goes on working there. */
const AGAIN_MS = 30_000;
/** Who has not been heard of for this long has left, or left the keyboard. */
const GONE_MS = 75_000;
/** Without a key for this long, one is not writing any more. */
const PAUSE_MS = 12_000;
/** A newcomer is answered, since they cannot know who was here; not at once, for all would answer together. */
const ANSWER_MS = 400;

export type Present = { user: string; name: string; writing: boolean };

class Others {
  #heard = $state.raw<Presence[]>([]);
  #leaving = new Map<string, ReturnType<typeof setTimeout>>();

  hear(told: Presence): void {
    clearTimeout(this.#leaving.get(told.user));
    // One is in one place at a time; a farewell to a place they have left already is old news.
    const elsewhere = this.#heard.some((known) => known.user === told.user && known.conversation !== told.conversation);
    if (told.left && elsewhere) return;
    const isNew = !told.left && !this.#heard.some((known) => known.user === told.user && known.conversation === told.conversation);
    const others = this.#heard.filter((known) => known.user !== told.user);
    this.#heard = told.left ? others : [...others, told];
    if (told.left) return;
    this.#leaving.set(told.user, setTimeout(() => this.hear({ ...told, left: true }), GONE_MS));
    if (isNew) whereabouts.meet(told.conversation);
  }

  in(conversation: string): Present[] {
    return this.#heard
      .filter((known) => known.conversation === conversation && known.user !== desk.me?.id)
      .map(({ user, writing }) => ({ user, writing, name: desk.user(user)?.name ?? "?" }));
  }

  /** Without a connection nobody can be heard. */
  forget(): void {
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    this.#leaving.clear();
    if (this.#heard.length > 0) this.#heard = [];
  }
}

/** Where this agent is, as colleagues are told. */
class Whereabouts {
  #at: string | null = null;
  #writing = false;
  #said: { at: string | null; writing: boolean } = { at: null, writing: false };
  #saidAt = 0;
  #resting: ReturnType<typeof setTimeout> | undefined;
  #pausing: ReturnType<typeof setTimeout> | undefined;

  /** The matter on screen; null for none. */
  at(conversation: string | null): void {
    if (conversation === this.#at) return;
    this.#at = conversation;
    this.#writing = false;
    clearTimeout(this.#pausing);
    this.#soon(REST_MS);
  }

  /** A key was pressed in the answer; or it is done with. */
  types(writing: boolean): void {
    clearTimeout(this.#pausing);
    if (writing) this.#pausing = setTimeout(() => this.types(false), PAUSE_MS);
    if (writing === this.#writing) return;
    this.#writing = writing;
    this.#soon(0);
  }

  /** Something was done in the window: as long as it is, colleagues keep hearing of it. */
  moves(): void {
    if (this.#at !== null && Date.now() - this.#saidAt > AGAIN_MS) this.#say();
  }

  /** Somebody has come to `conversation`, and cannot know that this agent was there before. */
  meet(conversation: string): void {
    if (conversation === this.#said.at && Date.now() - this.#saidAt > ANSWER_MS) this.#soon(Math.random() * ANSWER_MS, true);
  }

  #soon(milliseconds: number, again = false): void {
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => {
      if (again || this.#at !== this.#said.at || this.#writing !== this.#said.writing) this.#say();
    }, milliseconds);
  }

  #say(): void {
    this.#said = { at: this.#at, writing: this.#writing };
    this.#saidAt = Date.now();
    void backend.setConversationView(this.#at, this.#writing).catch(() => undefined);
  }
}

export const presence = new Others();
export const whereabouts = new Whereabouts();

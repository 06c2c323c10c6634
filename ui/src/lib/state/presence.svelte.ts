// Who else is here: colleagues looking at the same matter, or writing in it. Never blocks anything.
import { backend, type Presence } from "../backend";
import { clock } from "../clock/now.svelte";
import { desk } from "./desk.svelte";

/** Told where the agent rests, not where they pass through; and again, as long as they stay. */
const REST_MS = 800;
const AGAIN_MS = 15_000;
/** Nobody says that they left: who has not been heard of for this long is gone. */
const GONE_MS = 35_000;

export type Present = { user: string; name: string; writing: boolean };

class Others {
  #heard = $state.raw<(Presence & { at: number })[]>([]);

  hear(told: Presence): void {
    const at = clock.exact();
    // One is in one place at a time.
    const others = this.#heard.filter((known) => known.user !== told.user && at - known.at < GONE_MS);
    this.#heard = [...others, { ...told, at }];
  }

  in(conversation: string, now: number): Present[] {
    return this.#heard
      .filter((known) => known.conversation === conversation && known.user !== desk.me?.id && now - known.at < GONE_MS)
      .map(({ user, writing }) => ({ user, writing, name: desk.user(user)?.name ?? "?" }));
  }
}

export const presence = new Others();

/** Says where the agent is; what is returned takes it back. */
export function announce(conversation: string | null, writing: boolean): () => void {
  const tell = () => void backend.setConversationView(conversation, writing).catch(() => undefined);
  const resting = setTimeout(tell, REST_MS);
  const staying = setInterval(tell, AGAIN_MS);
  return () => {
    clearTimeout(resting);
    clearInterval(staying);
  };
}

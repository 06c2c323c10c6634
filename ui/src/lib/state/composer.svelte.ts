// What is being written, to whom and by which way. Belongs to one matter at a time.
import { backend, sentenceOf, type Matter, type ReplyRoute, type Then } from "../backend";
import { newId } from "../newId";
import { soon } from "./changes";
import { drafts } from "./drafts";
import { opened } from "./opened.svelte";
import { outgoingList } from "./outgoingList.svelte";
import { overlay } from "./overlay.svelte";
import { toasts } from "./toasts.svelte";

export type Mode = "reply" | "note";

/** Drafts are asked for where the agent rests, not wherever they pass through. */
const REST_MS = 40;

class Composer {
  matter = $state.raw<Matter | null>(null);
  text = $state("");
  mode = $state<Mode>("reply");
  followUp = $state(false);
  sending = $state(false);
  /** The text box should take the focus, once it is there. */
  focusAsked = $state(false);
  #routeKey = $state<string | null>(null);
  /** The last word that was on screen when writing began: what `seen` promises the server. */
  #seen = $state<string | null>(null);

  routes = $derived(this.matter?.reply ?? []);
  route: ReplyRoute | null = $derived(this.routes.find((r) => keyOf(r) === this.#routeKey) ?? this.routes[0] ?? null);
  canReply = $derived(this.route !== null && this.matter?.read_only === false);
  /** Someone spoke since the agent began to write. Shown, and told to the server by the older `seen`. */
  overtaken = $derived(
    this.mode === "reply" && this.text !== "" && this.matter !== null && this.#seen !== this.matter.last_seen,
  );

  /** The matter as it now is. Another one brings its own draft; the same one keeps what is typed. */
  attend(matter: Matter | null): void {
    const before = this.matter?.conversation;
    this.matter = matter;
    if (matter?.conversation === before) return;
    if (before !== undefined) drafts.flush(before);
    this.#routeKey = null;
    this.followUp = false;
    this.mode = "reply";
    this.#begin(matter ? (drafts.peek(matter.conversation) ?? "") : "");
    if (matter) void this.#loadDraft(matter.conversation);
  }

  type(text: string): void {
    if (!this.matter) return;
    if (this.text === "") this.#seen = this.matter.last_seen;
    this.text = text;
    drafts.put(this.matter.conversation, text);
  }

  takeRoute(route: ReplyRoute): void {
    this.#routeKey = keyOf(route);
  }

  write(mode: Mode): void {
    this.mode = mode === "reply" && !this.canReply ? "note" : mode;
    this.focusAsked = true;
  }

  /** The agent has read what came in meanwhile. */
  acknowledge(): void {
    this.#seen = this.matter?.last_seen ?? null;
  }

  /** Reads the draft again, since the desk put a text back into it. */
  reload(conversation: string): void {
    drafts.forget(conversation);
    if (this.matter?.conversation === conversation) void this.#loadDraft(conversation);
  }

  /** Sends what is written; true once the desk has it. A refusal keeps the text. */
  async send(then: Then): Promise<boolean> {
    const { matter, mode } = this;
    const text = this.text.trim();
    if (!matter || text === "" || this.sending) return false;
    this.sending = true;
    try {
      await (mode === "note" ? this.#note(matter, text) : this.#reply(matter, text, then));
    } catch (error) {
      toasts.warn(sentenceOf(error));
      return false;
    } finally {
      this.sending = false;
    }
    this.#sent(matter.conversation);
    soon(opened.customer);
    return true;
  }

  async #note({ conversation }: Matter, text: string): Promise<void> {
    await backend.submit({ do: "note", conversation, message: newId(), text });
  }

  async #reply({ conversation }: Matter, text: string, then: Then): Promise<void> {
    const route = this.route;
    if (!route) return;
    const { followUp: follow_up } = this;
    const seen = this.#seen;
    const reply = { do: "reply", conversation, message: newId(), ...route, text, follow_up, seen, then } as const;
    const { command, state } = await backend.submit(reply);
    if (state === "look_again") await showSecondLook(command);
  }

  #sent(conversation: string): void {
    drafts.put(conversation, "");
    drafts.flush(conversation);
    if (this.matter?.conversation !== conversation) return;
    this.text = "";
    this.followUp = false;
    this.mode = "reply";
  }

  #begin(text: string): void {
    this.text = text;
    this.#seen = this.matter?.last_seen ?? null;
  }

  async #loadDraft(conversation: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    if (this.matter?.conversation !== conversation) return;
    const text = await drafts.load(conversation).catch(() => "");
    if (this.matter?.conversation !== conversation || text === this.text) return;
    if (this.text === "") this.#begin(text);
    else this.text = text;
  }
}

/** The agent is still at the keyboard: shown at once. One that comes back later waits in a strip. */
async function showSecondLook(command: string): Promise<void> {
  outgoingList.known(command);
  await outgoingList.load();
  const item = outgoingList.items.find((item) => item.command === command);
  if (item) overlay.open({ kind: "second_look", item });
}

const keyOf = (route: ReplyRoute): string => `${route.channel} ${route.account} ${route.to}`;

export const composer = new Composer();

// What is being written, to whom and by which way. Belongs to one matter at a time.
import { backend, sentenceOf, type Matter, type OutgoingItem, type ReplyRoute, type Then, type TimelineEntry } from "../backend";
import { t } from "../i18n/index.svelte";
import { newId } from "../newId";
import { soon } from "./changes";
import { drafts, rewordings } from "./drafts";
import { newsSince } from "./newsSince";
import { opened } from "./opened.svelte";
import { outgoingList } from "./outgoingList.svelte";
import { overlay } from "./overlay.svelte";
import { presence, whereabouts } from "./presence.svelte";
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
  /** Sending was asked for before the agent could have read what came in: asked again, it goes out. */
  askedAgain = $state(false);
  #routeKey = $state<string | null>(null);
  /** The last word that was on screen when writing began. */
  #began = $state<string | null>(null);
  /** The last word that the agent has been shown since: what `seen` promises the server. */
  #seen = $state<string | null>(null);
  #backCommand = $state<string | null>(null);
  #preferred: string | null = null;
  /** The address that nobody vouches for, to which the agent has said to send. */
  #confirmed: string | null = null;

  routes = $derived(this.matter?.reply ?? []);
  route: ReplyRoute | null = $derived(this.routes.find((r) => keyOf(r) === this.#routeKey) ?? this.routes[0] ?? null);
  canReply = $derived(this.route !== null && this.matter?.read_only === false);
  /** Of what was written in this matter, what came back and waits for the agent. */
  returned: OutgoingItem[] = $derived(outgoingList.inMatter(this.matter?.conversation ?? null));
  /** The one whose words are in the text box, to be sent again, changed or dropped. */
  back: OutgoingItem | null = $derived(this.returned.find((item) => item.command === this.#backCommand) ?? null);
  /** What was said after the agent had begun to write, or after what came back had been written. */
  news: TimelineEntry[] = $derived.by(() => {
    const { matter, back } = this;
    if (!matter || (back ? back.state !== "look_again" : !this.overtaken)) return [];
    return newsSince({ conversation: matter.conversation, since: this.#began, from: back?.made_at ?? null }, opened.entries);
  });
  newsSeqs = $derived(new Set(this.news.map(({ seq }) => seq)));

  /** Someone spoke since the agent began to write. */
  get overtaken(): boolean {
    return this.mode === "reply" && this.text !== "" && this.matter !== null && this.#began !== this.matter.last_seen;
  }

  /** The matter as it now is. Another one brings its own draft; the same one keeps what is typed. */
  attend(matter: Matter | null): void {
    const before = this.matter?.conversation;
    this.matter = matter;
    if (matter?.conversation === before) {
      // An answer may come back a moment before what overtook it: that is shown with it, as if it had been there.
      if (this.back?.state === "look_again" && this.#seen === this.back.since) this.#seen = matter?.last_seen ?? null;
      return;
    }
    if (before !== undefined) this.#save(before);
    this.#backCommand = null;
    this.#routeKey = this.#confirmed = null;
    this.followUp = false;
    this.mode = "reply";
    this.#begin(matter ? (drafts.peek(matter.conversation) ?? "") : "");
    if (matter) void this.#loadDraft(matter.conversation);
  }

  /** Takes up what came back in this matter, unless something else is being written. */
  consider(returned: OutgoingItem[]): void {
    if (this.#backCommand !== null && !returned.some((item) => item.command === this.#backCommand)) this.#leave();
    const wished = returned.find((item) => item.command === this.#preferred);
    if (wished) {
      this.#preferred = null;
      return this.lookAt(wished);
    }
    const [first] = returned.filter(isWords);
    if (this.#backCommand === null && this.mode === "reply" && this.text === "" && first) this.take(first);
  }

  /** Of what came back, the agent wants to look at this one: it is taken up once its matter is on screen. */
  prefer(item: OutgoingItem): void {
    this.#preferred = item.command;
    this.consider(this.returned);
  }

  /** Puts the words of what came back into the text box. A draft that is there comes back afterwards. */
  take(item: OutgoingItem): void {
    if (this.matter) this.#save(this.matter.conversation);
    this.#backCommand = item.command;
    this.mode = item.what === "note" ? "note" : "reply";
    this.#begin(rewordings.peek(item.command) ?? item.text);
    this.#began = item.since;
  }

  /** The same, asked for by the agent. */
  lookAt(item: OutgoingItem): void {
    this.take(item);
    this.focusAsked = true;
  }

  type(text: string): void {
    if (!this.matter) return;
    whereabouts.types(this.mode === "reply" && text !== "");
    if (this.#backCommand !== null) {
      this.text = text;
      rewordings.put(this.#backCommand, text);
      return;
    }
    if (this.text === "") this.#begin(text);
    this.text = text;
    drafts.put(this.matter.conversation, text);
  }

  takeRoute(route: ReplyRoute): void {
    this.#routeKey = keyOf(route);
  }

  write(mode: Mode): void {
    const wanted = mode === "reply" && !this.canReply ? "note" : mode;
    if (this.#backCommand !== null && wanted !== this.mode) this.#leave();
    this.mode = wanted;
    this.consider(this.returned);
    this.focusAsked = true;
  }

  /** The agent has read what came in meanwhile. */
  acknowledge(): void {
    this.#began = this.#seen = this.matter?.last_seen ?? null;
    this.askedAgain = false;
  }

  /** Reads the draft again, since the desk put a text back into it. */
  reload(conversation: string): void {
    drafts.forget(conversation);
    if (this.matter?.conversation === conversation) void this.#loadDraft(conversation);
  }

  /** Sends what is written; true once the desk has it. A refusal keeps the text. */
  async send(then: Then): Promise<boolean> {
    const { matter, mode, back } = this;
    const text = this.text.trim();
    if (!matter || text === "" || this.sending || !this.#hasLooked(matter) || !this.#mayGoThere(then)) return false;
    this.sending = true;
    try {
      if (back) await this.#again(back);
      else await (mode === "note" ? this.#note(matter, text) : this.#reply(matter, text, then));
    } catch (error) {
      toasts.warn(sentenceOf(error));
      return false;
    } finally {
      this.sending = false;
    }
    whereabouts.types(false);
    if (back) this.#settled(back);
    else this.#sent(matter.conversation);
    if (mode === "reply") tellWhoElseWrites(matter.conversation);
    soon(opened.customer);
    return true;
  }

  /** Nothing goes out blind: where news came in, the first asking only shows it. */
  #hasLooked(matter: Matter): boolean {
    if (this.mode === "note" || this.#seen === matter.last_seen) return true;
    this.#seen = matter.last_seen;
    this.askedAgain = true;
    return false;
  }

  /** An address that the customer never wrote from is asked about first. */
  #mayGoThere(then: Then): boolean {
    const { mode, back, route } = this;
    if (mode === "note" || back || !route?.confirm || this.#confirmed === route.to) return true;
    const run = (): void => {
      this.#confirmed = route.to;
      void this.send(then);
    };
    const title = t("confirm.recipient", { to: route.to });
    overlay.open({ kind: "confirm", title, text: t("confirm.recipientWhy"), action: t("confirm.recipientDo"), run });
    return false;
  }

  async #again(back: OutgoingItem): Promise<void> {
    await rewordings.flush(back.command);
    await backend.outgoingConfirm(back.command, this.mode === "reply" ? this.#seen : null);
  }

  #settled(back: OutgoingItem): void {
    outgoingList.settled(back.command);
    this.#leave();
    this.consider(this.returned);
  }

  async #note({ conversation }: Matter, text: string): Promise<void> {
    await backend.submit({ do: "note", conversation, message: newId(), text });
  }

  async #reply({ conversation }: Matter, text: string, then: Then): Promise<void> {
    const route = this.route;
    if (!route) return;
    const { followUp: follow_up } = this;
    const seen = this.#seen;
    const { channel, account, to } = route;
    const confirmed = this.#confirmed === to;
    const reply = { do: "reply", conversation, message: newId(), channel, account, to, text, follow_up, seen, then, confirmed } as const;
    await backend.submit(reply);
  }

  #sent(conversation: string): void {
    drafts.put(conversation, "");
    this.#save(conversation);
    if (this.matter?.conversation !== conversation) return;
    this.followUp = false;
    this.mode = "reply";
    this.#begin("");
    this.consider(this.returned);
  }

  /** What came back is settled, or put off: the draft is here again. */
  #leave(): void {
    if (this.#backCommand !== null) void rewordings.flush(this.#backCommand).catch(() => undefined);
    this.#backCommand = null;
    this.mode = "reply";
    this.#begin(this.matter ? (drafts.peek(this.matter.conversation) ?? "") : "");
  }

  #save(conversation: string): void {
    void drafts.flush(conversation).catch((error: unknown) => toasts.warn(sentenceOf(error)));
    if (this.#backCommand !== null) void rewordings.flush(this.#backCommand).catch(() => undefined);
  }

  #begin(text: string): void {
    this.text = text;
    this.#began = this.#seen = this.matter?.last_seen ?? null;
    this.askedAgain = false;
  }

  async #loadDraft(conversation: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    if (this.matter?.conversation !== conversation) return;
    const text = await drafts.load(conversation).catch(() => "");
    if (this.matter?.conversation !== conversation || this.#backCommand !== null || text === this.text) return;
    if (this.text === "") this.#begin(text);
    else this.text = text;
  }
}

/** Two answers at once are nobody's fault; the other sees this one come. */
function tellWhoElseWrites(conversation: string): void {
  const [other] = presence.in(conversation).filter(({ writing }) => writing);
  if (other) toasts.tell(t("presence.sentWhile", { name: other.name }));
}

const isWords = (item: OutgoingItem): boolean => item.what === "reply" || item.what === "note";

const keyOf = (route: ReplyRoute): string => `${route.channel} ${route.account} ${route.to}`;

export const composer = new Composer();

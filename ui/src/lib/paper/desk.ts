// A desk of paper: the whole contract in memory, for developing and testing the window alone.
// It keeps promises a real desk keeps: commands wait while offline, a reply overtaken comes back.
import type {
  Backend,
  Changed,
  CommandBody,
  Connection,
  FeedbackShortcut,
  HeldAnswer,
  Letter,
  OpenCustomer,
  OutgoingItem,
  Presence,
  Session,
  Submitted,
  TimelineEntry,
  Unsent,
} from "../backend";
import { newId } from "../newId";
import { apply, findConversation, PaperRefusal, type World } from "./commands";
import { Company } from "./company";
import { boardOf, explain, listOf } from "./figures";
import { countsOf, pageOf, rowsOf } from "./rows";
import { Hearers } from "./hearers";
import { findPerson, search } from "./words";
import { customerSpoke, lastSeq, say, type Conversation } from "./world";

const DELIVERED_AFTER_MS = 900;

const noLetter: Letter = { html: null, formatted: false, coloured: false, has_history: false, pictures: 0, picture_hosts: [], trackers: [], inline: [] };

function heldOf(on: Conversation, { at, kind }: TimelineEntry): HeldAnswer[] {
  if (kind.kind !== "reply" || kind.delivery !== "held") return [];
  const { message, text, author } = kind;
  return [{ conversation: on.id, message, customer: on.customer.id, name: on.customer.name, subject: on.subject, text, author, at }];
}

export class PaperDesk {
  readonly changed = new Hearers<Changed>();
  readonly connected = new Hearers<Connection>();
  readonly opened = new Hearers<OpenCustomer>();
  readonly presence = new Hearers<Presence>();
  readonly shortcut = new Hearers<FeedbackShortcut>();
  readonly drafts = new Map<string, string>();
  readonly company: Company;
  /** HTML by the message that came with it. */
  readonly letters = new Map<string, Letter>();
  readonly unasked = new Set<string>();
  readonly followed: string[] = [];
  outgoing: OutgoingItem[] = [];
  #offline = false;
  #offset = 0;
  #dropped: OutgoingItem | null = null;
  #bodies = new Map<string, CommandBody>();

  constructor(
    readonly world: World,
    public session: Session,
  ) {
    this.company = new Company(world.people);
  }

  /** Ended from elsewhere: an admin, or another device. */
  revoke(): void {
    this.session = { ...this.session, state: "signed_out", user: null, ended: "revoked", kept: this.drafts.size };
    this.connected.tell({ ...this.connection(), state: "sign_in_again", message: "This device was signed out." });
  }

  now(): number {
    return Date.now() + this.#offset;
  }

  connection(): Connection {
    const pending = this.outgoing.filter((item) => item.state === "waiting").length;
    const attention = this.outgoing.filter((item) => item.state === "look_again" || item.state === "refused").length;
    const state = this.#offline ? "offline" : "in_sync";
    return { state, pending, attention, offset_ms: this.#offset, progress: null, message: null };
  }

  unsent(): Unsent {
    const drafts = [...this.drafts].filter(([, text]) => text !== "");
    return {
      drafts: drafts.map(([conversation, text]) => {
        const { customer, subject } = findConversation(this.world, conversation);
        return { conversation, customer: customer.id, name: customer.name, subject, text, changed_at: this.now() };
      }),
      feedback: [],
    };
  }

  held(): HeldAnswer[] {
    return this.world.customers
      .flatMap((customer) => customer.conversations)
      .flatMap((on) => on.entries.flatMap((entry) => heldOf(on, entry)));
  }

  offline(is: boolean): void {
    this.#offline = is;
    if (!is) for (const item of this.outgoing.filter((waiting) => waiting.state === "waiting")) this.#deliver(item.command);
    this.connected.tell(this.connection());
  }

  clockOff(milliseconds: number): void {
    this.#offset = milliseconds;
    this.connected.tell(this.connection());
  }

  tell(customer: string | null): void {
    this.changed.tell({ customers: customer === null ? null : [customer], feedback: true, settings: false });
    this.connected.tell(this.connection());
  }

  submit(body: CommandBody): Submitted {
    const command = newId();
    let state: Submitted["state"] = "pending";
    if (this.company.change(body)) {
      this.changed.tell({ customers: null, feedback: false, settings: true });
      return { command, state, message: null };
    }
    this.#bodies.set(command, body);
    try {
      const customer = apply(this.world, body, this.now(), true);
      this.#note(command, body, customer?.id ?? null, "waiting", null);
      this.tell(customer?.id ?? null);
      if (!this.#offline) setTimeout(() => this.#deliver(command), 300);
    } catch (error) {
      if (!(error instanceof PaperRefusal) || error.code !== "look_again" || !("conversation" in body)) throw error;
      const on = findConversation(this.world, body.conversation);
      state = "look_again";
      this.#note(command, body, on.customer.id, state, body.do === "reply" ? body.seen : null);
      this.tell(on.customer.id);
    }
    return { command, state, message: null };
  }

  confirm(command: string, seen: string | null): void {
    const body = this.#bodies.get(command);
    this.drop(command);
    if (body?.do === "reply") this.submit({ ...body, seen });
  }

  reword(command: string, text: string): void {
    const body = this.#bodies.get(command);
    if (body && "text" in body) body.text = text;
    this.outgoing = this.outgoing.map((item) => (item.command === command ? { ...item, text } : item));
  }

  edit(command: string): void {
    const body = this.#bodies.get(command);
    if (body?.do === "reply") this.drafts.set(body.conversation, body.text);
    this.drop(command);
  }

  drop(command: string): void {
    this.#dropped = this.outgoing.find((item) => item.command === command) ?? null;
    this.outgoing = this.outgoing.filter((item) => item.command !== command);
    this.connected.tell(this.connection());
  }

  undrop(command: string): void {
    if (this.#dropped?.command === command) this.outgoing = [...this.outgoing, this.#dropped];
    this.connected.tell(this.connection());
  }

  /** A colleague overtakes: the answer that is on its way comes back. */
  comesBack(body: Extract<CommandBody, { do: "reply" }>): void {
    const command = newId();
    this.#bodies.set(command, body);
    const on = findConversation(this.world, body.conversation);
    this.#note(command, body, on.customer.id, "look_again", body.seen);
    this.tell(on.customer.id);
  }

  /** A customer writes, now: to try what happens while one is typing. */
  customerWrites(conversation: string, text: string): void {
    const on = findConversation(this.world, conversation);
    const last = on.entries.findLast(({ kind }) => kind.kind === "message");
    const kind = last?.kind.kind === "message" ? last.kind : null;
    const at = this.now();
    const words = { message: newId(), text, fresh_text: text, quoted_text: "", spoke_at: at, learnt_at: at, attachments: [] };
    const channel = kind?.channel ?? "email";
    const from = on.customer.identities[0]?.value ?? "";
    const base = { channel, from_name: on.customer.name, from, subject: on.subject, author: "person" as const, guessed: false, account: null, also_to: [], doubts: [] };
    say(on, at, { kind: "message", ...base, ...words });
    customerSpoke(on, channel, at);
    this.tell(on.customer.id);
  }

  #deliver(command: string): void {
    this.outgoing = this.outgoing.filter((item) => item.command !== command);
    const body = this.#bodies.get(command);
    if (!body || !("conversation" in body)) return this.tell(null);
    const on = findConversation(this.world, body.conversation);
    for (const entry of on.entries) entry.pending = false;
    setTimeout(() => {
      for (const { kind } of on.entries) if (kind.kind === "reply" && kind.delivery === "pending") kind.delivery = "delivered";
      this.tell(on.customer.id);
    }, DELIVERED_AFTER_MS);
    this.tell(on.customer.id);
  }

  #note(command: string, body: CommandBody, customer: string | null, state: OutgoingItem["state"], since: string | null): void {
    const text = body.do === "reply" || body.do === "note" ? body.text : body.do === "log_call" ? body.call.note : "";
    const conversation = "conversation" in body ? body.conversation : null;
    const then = body.do === "reply" ? body.then : null;
    const subject = conversation === null ? "" : findConversation(this.world, conversation).subject;
    const name = this.world.customers.find(({ id }) => id === customer)?.name ?? "";
    const about = { what: body.do, customer, name, conversation, subject, text, then };
    this.outgoing = [...this.outgoing, { command, made_at: this.now(), state, ...about, code: null, reason: null, since }];
  }
}

export function paperBackend(desk: PaperDesk): Backend {
  const { world } = desk;
  const page = (rows: ReturnType<typeof rowsOf>, offset: number, limit: number) =>
    structuredClone({ rows: rows.slice(offset, offset + limit), total: rows.length, capped: false, as_of: desk.now() });
  const signIn = async (): Promise<void> => void (desk.session = { ...desk.session, state: "signed_in", user: world.people.me, ended: null });
  let cached: { key: string; seq: number; at: number; rows: ReturnType<typeof rowsOf> } | null = null;
  const rows: (place: Parameters<typeof rowsOf>[1]) => ReturnType<typeof rowsOf> = (place) => {
    // A crowd of 100,000 is sorted once a while, not at each question.
    if (world.customers.length < 1000) return rowsOf(world, place, desk.now());
    const key = JSON.stringify(place);
    if (cached?.key === key && cached.seq === lastSeq() && desk.now() - cached.at < 10_000) return cached.rows;
    cached = { key, seq: lastSeq(), at: desk.now(), rows: rowsOf(world, place, desk.now()) };
    return cached.rows;
  };
  return {
    session: async () => desk.session,
    connection: async () => desk.connection(),
    directory: async () => structuredClone(world.people.directory),
    counts: async () => countsOf(world, desk.now()),
    queue: async (place, offset, limit) => page(rows(place), offset, limit),
    customer: async (customer, before, limit) => pageOf(world, customer, before, limit),
    findPerson: async (text) => findPerson(world, text),
    why: async (conversation, target) => explain(findConversation(world, conversation), target, desk.now()),
    search: async (text, offset, limit) => search(world, text, offset, limit),
    board: async (days) => boardOf(world, days, desk.now()),
    boardList: async (channel, state) => page(listOf(world, channel, state, desk.now()), 0, 500),
    feedback: async (offset, limit) =>
      structuredClone({ rows: world.feedback.slice(offset, offset + limit), total: world.feedback.length }),
    outgoing: async () => structuredClone(desk.outgoing),
    unsent: async () => desk.unsent(),
    elsewhere: async () => ({ open: 0, resolved: 0 }),
    heldAnswers: async () => desk.held(),
    draftGet: async (conversation) => desk.drafts.get(conversation) ?? null,
    draftPut: async (conversation, text) => void desk.drafts.set(conversation, text),
    attachmentOpen: async () => undefined,
    attachmentSave: async ({ name }) => `/home/me/Downloads/${name}`,
    attachmentPicture: () => Promise.reject(new Error("No picture.")),
    letter: async ({ message }) => structuredClone(desk.letters.get(message) ?? noLetter),
    letterPicture: () => Promise.reject(new Error("No picture.")),
    picturesUnasked: async () => [...desk.unasked],
    showPicturesUnasked: async (customer, unasked) => void (unasked ? desk.unasked.add(customer) : desk.unasked.delete(customer)),
    accountStates: async () => structuredClone(desk.company.accounts),
    setAside: async () => structuredClone(desk.company.aside),
    asideRetry: async ({ seq }) => {
      desk.company.aside = desk.company.aside.filter((one) => one.seq !== seq);
      return { fate: "taken" };
    },
    asideSave: async ({ seq, place }) => `/home/me/Downloads/mail-${seq}-${place}.eml`,
    linkOpen: async (address) => void desk.followed.push(address),
    readSelection: async () => navigator.clipboard?.readText().catch(() => null) ?? null,
    submit: async (body) => desk.submit(structuredClone(body)),
    outgoingConfirm: async (command, seen) => desk.confirm(command, seen),
    outgoingEdit: async (command) => desk.edit(command),
    outgoingReword: async (command, text) => desk.reword(command, text),
    outgoingDrop: async (command) => desk.drop(command),
    outgoingUndrop: async (command) => desk.undrop(command),
    logFeedback: async (feedback) => {
      const id = newId();
      const logged_at = desk.now();
      const empty = { owner: null, acknowledged_at: null, closed_at: null, outcome: null };
      const { sign, ...rest } = feedback;
      const signed_by = sign ? world.people.me.id : null;
      const more = { because: "", pending: false };
      const dues = { acknowledge_due_at: logged_at + 4 * 3_600_000, resolve_due_at: logged_at + 5 * 86_400_000 };
      const department = world.people.team("Orders");
      world.feedback.unshift({ id, ...rest, department, status: "new", signed_by, logged_at, ...dues, ...empty, ...more });
      desk.tell(null);
      return { id };
    },
    undoFeedback: async (id) => {
      world.feedback = world.feedback.filter((row) => row.id !== id);
      desk.tell(null);
    },
    startLocal: signIn,
    join: signIn,
    devices: async () => structuredClone(desk.company.devices),
    deviceRevoke: async (user, device) =>
      void (desk.company.devices = desk.company.devices.filter((one) => one.user !== user || one.device !== device)),
    invitations: async () => structuredClone(desk.company.invitations),
    invite: async (invite) => structuredClone(desk.company.invite(invite)),
    invitationWithdraw: async (id) =>
      void (desk.company.invitations = desk.company.invitations.filter((one) => one.id !== id)),
    passwordChange: async () => undefined,
    lookAround: signIn,
    signOut: async () => void (desk.session = { ...desk.session, state: "signed_out", user: null }),
    reconnect: async () => desk.offline(false),
    setConversationView: async () => undefined,
    onChanged: (hear) => desk.changed.add(hear),
    onConnection: (hear) => desk.connected.add(hear),
    onOpenCustomer: (hear) => desk.opened.add(hear),
    onPresence: (hear) => desk.presence.add(hear),
    onFeedbackShortcut: (hear) => desk.shortcut.add(hear),
  };
}

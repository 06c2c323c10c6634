// Who is signed in, whom we work with, how many wait where, and how the desk is connected.
import { backend, type Connection, type Counts, type Directory, type Session, type UserView } from "../backend";
import { clock } from "../clock/now.svelte";

const nobody: Directory = { users: [], teams: [], terms: [], accounts: [], restored: null };
const nothing: Counts = {
  due_next: 0,
  overdue: 0,
  mine: 0,
  unassigned: 0,
  waiting: 0,
  snoozed: 0,
  teams: [],
  feedback_new: 0,
  mentions: 0,
};
const unknown: Connection = {
  state: "syncing",
  pending: 0,
  attention: 0,
  offset_ms: 0,
  progress: null,
  message: null,
};

class Desk {
  session = $state.raw<Session | null>(null);
  directory = $state.raw(nobody);
  counts = $state.raw(nothing);
  connection = $state.raw(unknown);
  /** As far as this window knows. */
  offlineSince = $state<number | null>(null);

  #users = $derived(new Map(this.directory.users.map((user) => [user.id, user])));
  #teams = $derived(new Map(this.directory.teams.map((team) => [team.id, team.name])));

  get me(): UserView | null {
    return this.session?.user ?? null;
  }

  get oversees(): boolean {
    return this.me?.role === "supervisor" || this.me?.role === "admin";
  }

  get administers(): boolean {
    return this.me?.role === "admin";
  }

  /** Those who still work here, by name: whom something can be given to. */
  get colleagues(): UserView[] {
    return this.directory.users.filter((user) => user.active);
  }

  user(id: string | null): UserView | undefined {
    return id === null ? undefined : this.#users.get(id);
  }

  account(id: string): string {
    return this.directory.accounts.find((account) => account.id === id)?.name ?? "";
  }

  team(id: string): string {
    return this.#teams.get(id) ?? "";
  }

  hear(connection: Connection): void {
    if (connection.state !== "offline") this.offlineSince = null;
    else this.offlineSince ??= clock.exact();
    this.connection = connection;
    clock.offset = connection.offset_ms;
  }

  async loadSession(): Promise<void> {
    this.session = await backend.session();
  }

  async loadSettings(): Promise<void> {
    this.directory = await backend.directory();
  }

  async loadCounts(): Promise<void> {
    this.counts = await backend.counts();
  }

  async loadConnection(): Promise<void> {
    this.hear(await backend.connection());
  }
}

export const desk = new Desk();

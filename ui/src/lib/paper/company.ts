// The people, teams, devices and invitations of paper, and what an admin does to them.
import type { AccountState, AsideView, CommandBody, DeviceView, InvitationView, Invite, Invited } from "../backend";
import { newId } from "../newId";
import { PaperRefusal } from "./commands";
import type { People } from "./people";

const DAY = 86_400_000;

export class Company {
  devices: DeviceView[];
  invitations: InvitationView[] = [];
  accounts: AccountState[];
  aside: AsideView[];

  constructor(readonly people: People) {
    const now = Date.now();
    const [me, other] = people.directory.users;
    const device = (user: string | undefined, name: string, ago: number, here: boolean): DeviceView => ({
      user: user ?? "",
      device: newId(),
      name,
      signed_in_at: now - 9 * DAY,
      seen_at: now - ago,
      this: here,
    });
    ({ accounts: this.accounts, aside: this.aside } = this.#accounts(now));
    this.devices = [
      device(me?.id, "maya-desk (linux)", 0, true),
      device(me?.id, "maya-laptop (macos)", 2 * DAY, false),
      device(other?.id, "front-2 (windows)", 3_600_000, false),
    ];
  }

  /** A mailbox that is well and one that is not, with a mail that could not be read. */
  #accounts(now: number): { accounts: AccountState[]; aside: AsideView[] } {
    const contact = { at: now - 20_000, lag_s: 2 };
    const problem = { sentence: "The mail server does not take the password any more; sign in again.", since: now - 600_000, needs_a_person: true };
    const [support, sales] = [newId(), newId()];
    const account = { channel: "email" as const, folders: ["INBOX"] };
    const fate = { quarantined: { blob: "", why: "this is not a mail: it has no header" } };
    return {
      accounts: [
        { ...account, id: support, name: "Support", address: "support@northwind.example", contact, set_aside: 1, problem: null },
        { ...account, id: sales, name: "Sales", address: "sales@northwind.example", contact: null, set_aside: 0, problem },
      ],
      aside: [{ account: support, seq: 812, place: 0, at: now - 3_600_000, uid: 44, fate }],
    };
  }

  invite(asked: Invite): Invited {
    const { users } = this.people.directory;
    const known = asked.to === "again" ? users.find((user) => user.id === asked.user) : null;
    const who = asked.to === "new_person" ? asked : known;
    if (!who) throw new PaperRefusal("not_found", "This person is not here any more.");
    const now = Date.now();
    const { name, role, teams } = who;
    const again = asked.to === "again";
    const user = again ? asked.user : newId();
    const by = this.people.me.id;
    const invitation = { id: newId(), user, name, role, teams, again, by, made_at: now, expires_at: now + 7 * DAY };
    this.invitations = [invitation, ...this.invitations];
    return { code: "7KQF-2M9D-X4TB-9WRC-H6PE", invitation };
  }

  /** True for a change of settings, done. */
  change(body: CommandBody): boolean {
    const { directory } = this.people;
    switch (body.do) {
      case "save_team": {
        const { id, name, terms } = body;
        directory.teams = [...directory.teams.filter((team) => team.id !== id), { id, name, terms }];
        return true;
      }
      case "save_user":
      case "deactivate_user":
      case "reactivate_user": {
        const active = body.do !== "deactivate_user";
        directory.users = directory.users.map((user) => {
          if (user.id !== body.id) return user;
          if (body.do !== "save_user") return { ...user, active };
          const { name, login, role, teams } = body;
          return { ...user, name, login, role, teams };
        });
        return true;
      }
      case "remove_account":
        this.accounts = this.accounts.filter(({ id }) => id !== body.id);
        return true;
      default:
        return false;
    }
  }
}

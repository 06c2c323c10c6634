// The people, teams, devices and invitations of paper, and what an admin does to them.
import type { CommandBody, DeviceView, InvitationView, Invite, Invited } from "../backend";
import { newId } from "../newId";
import { PaperRefusal } from "./commands";
import type { People } from "./people";

const DAY = 86_400_000;

export class Company {
  devices: DeviceView[];
  invitations: InvitationView[] = [];

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
    this.devices = [
      device(me?.id, "maya-desk (linux)", 0, true),
      device(me?.id, "maya-laptop (macos)", 2 * DAY, false),
      device(other?.id, "front-2 (windows)", 3_600_000, false),
    ];
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
      default:
        return false;
    }
  }
}

// The team of paper.
import type { Directory, Role, UserView } from "../backend";
import { newId } from "../newId";

export type People = { directory: Directory; me: UserView; user(name: string): string; team(name: string): string };

export function paperPeople(role: Role): People {
  const terms = ["Office hours", "Around the clock"].map((name) => ({ id: newId(), name }));
  const teams = ["Orders", "Technical", "Accounts"].map((name) => ({ id: newId(), name, terms: terms[0]?.id ?? "" }));
  const idOf = (name: string): string => teams.find((team) => team.name === name)?.id ?? "";
  const user = (name: string, as: Role, ...of: string[]): UserView => ({
    id: newId(),
    name,
    login: name.split(" ")[0]?.toLowerCase() ?? name,
    active: true,
    role: as,
    teams: of.map(idOf),
    initials: name.split(" ").map((part) => part.charAt(0)).join(""),
  });
  const me = user("Maya Klein", role, "Orders", "Technical");
  const users = [me, user("Jon Tveit", "agent", "Technical"), user("Sofia Okafor", "agent", "Accounts", "Technical")];
  const account = (name: string, channel: "email" | "phone" | "web_form" | "social" | "letter", address: string) => ({
    id: newId(),
    name,
    channel,
    address,
    team: idOf("Orders"),
  });
  const accounts = [
    account("Support mailbox", "email", "support@northwind.example"),
    account("Contact form", "web_form", "northwind.example/contact"),
    account("Phone", "phone", "+44 20 7946 0000"),
    account("@northwind", "social", "@northwind@social.example"),
    account("Post", "letter", "Northwind, PO Box 12"),
  ];
  return {
    directory: { users, teams, terms, accounts, restored: null },
    me,
    user: (name) => users.find((known) => known.name === name)?.id ?? me.id,
    team: idOf,
  };
}

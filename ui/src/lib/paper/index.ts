// The desk of paper, made to the wishes in the page's address: `?many=100000`,
// `?session=first_run`, `?role=agent`, `?offline`, `?lang=de`, `?live` (customers keep writing).
import type { Backend, Role, Session } from "../backend";
import { speak } from "../i18n/index.svelte";
import { crowd } from "./crowd";
import { PaperDesk, paperBackend } from "./desk";
import { paperPeople } from "./people";
import { tellFeedback, tellStories } from "./tell";

declare global {
  interface Window {
    /** For trying things out from the console: `__evendesk_paper.offline(true)`. */
    __evendesk_paper?: PaperDesk;
  }
}

export type Wishes = { many?: number; role?: Role; state?: Session["state"] };

export function paperDesk({ many = 0, role = "supervisor", state = "signed_in" }: Wishes = {}): PaperDesk {
  const now = Date.now();
  const people = paperPeople(role);
  const customers = [...tellStories(now, people), ...crowd(many, now, people)];
  const world = { customers, feedback: tellFeedback(now, people), people };
  const user = state === "signed_in" ? people.me : null;
  return new PaperDesk(world, { state, user, workspace: "Northwind", server: "https://desk.northwind.example", ended: null, kept: 0, demo: true, keychain: null });
}

export function paperFromAddress(address: URL): Backend {
  const wish = (name: string): string | null => address.searchParams.get(name);
  const desk = paperDesk({
    many: Number(wish("many") ?? 0),
    role: (wish("role") as Role | null) ?? "supervisor",
    state: (wish("session") as Session["state"] | null) ?? "signed_in",
  });
  if (wish("lang")) speak(wish("lang") ?? "en");
  if (wish("offline") !== null) desk.offline(true);
  if (wish("live") !== null) keepWriting(desk);
  window.__evendesk_paper = desk;
  return paperBackend(desk);
}

function keepWriting(desk: PaperDesk): void {
  let turn = 0;
  setInterval(() => {
    const customer = desk.world.customers[turn++ % desk.world.customers.length];
    const on = customer?.conversations[0];
    if (on) desk.customerWrites(on.id, "Any news about this? I would be glad of a word today.");
  }, 8000);
}

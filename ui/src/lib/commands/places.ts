// Going to a place: g, then its letter.
import { desk } from "../state/desk.svelte";
import { go } from "../state/navigate";
import type { View } from "../state/view.svelte";
import type { Key } from "../i18n/index.svelte";
import type { Command } from "./command";

function place(letter: string, label: Key, view: View, when?: () => boolean): Command {
  const id = `go_${view.kind}`;
  return { id, label, group: "places", keys: [`g ${letter}`], ...(when && { when }), run: () => void go(view) };
}

export const placeCommands: Command[] = [
  place("d", "place.due_next", { kind: "due_next" }),
  place("i", "place.mine", { kind: "mine" }),
  place("u", "place.unassigned", { kind: "unassigned" }),
  place("w", "place.waiting", { kind: "waiting" }),
  place("s", "place.snoozed", { kind: "snoozed" }),
  place("r", "place.resolved", { kind: "resolved" }),
  place("m", "place.mentions", { kind: "mentions" }),
  place("f", "place.feedback", { kind: "feedback" }),
  place("o", "place.outgoing", { kind: "outgoing" }),
  place("b", "place.board", { kind: "board" }, () => desk.oversees),
  place("p", "place.people", { kind: "people" }, () => desk.administers),
  place("t", "place.teamSettings", { kind: "teams" }, () => desk.administers),
  place("x", "place.mailboxes", { kind: "mailboxes" }, () => desk.oversees),
  place("v", "place.devices", { kind: "devices" }),
];

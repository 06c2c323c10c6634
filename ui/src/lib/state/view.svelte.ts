// Where the agent is: the place chosen, and, where the window is narrow, which pane is shown.
import type { BoardState, Channel, Place } from "../backend";

export type QueueSource = Place | { kind: "board_list"; channel: Channel | null; state: BoardState };
export type SettingsView = { kind: "people" } | { kind: "teams" } | { kind: "mailboxes" } | { kind: "devices" };
export type View = QueueSource | { kind: "feedback" } | { kind: "board" } | { kind: "outgoing" } | SettingsView;

const NO_QUEUES = ["feedback", "board", "outgoing", "people", "teams", "mailboxes", "devices"];

export function isQueue(view: View): view is QueueSource {
  return !NO_QUEUES.includes(view.kind);
}

export function sameView(a: View, b: View): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

class CurrentView {
  view = $state.raw<View>({ kind: "due_next" });
  /** Matters only where one pane is shown at a time. */
  pane = $state<"list" | "customer">("list");
  /** The places and the customer's card slide over the rest where there is no room for them. */
  placesOpen = $state(false);
  cardOpen = $state(false);
}

export const current = new CurrentView();

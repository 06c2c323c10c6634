// What can be done in Outgoing, to the entry chosen there.
import {
  canDrop,
  canEdit,
  canSendAgain,
  copyOutgoing,
  dropEntry,
  editOutgoing,
  sendAgain,
  textOf,
} from "../state/outgoingActions";
import { outgoingPage, type Entry } from "../state/outgoingPage.svelte";
import { current } from "../state/view.svelte";
import type { Command } from "./command";

const chosen = (): Entry | null => (current.view.kind === "outgoing" ? outgoingPage.entry : null);

/** Offered for the chosen entry where `fits`. */
function toChosen(id: string, key: string, label: Command["label"], fits: (entry: Entry) => boolean, run: (entry: Entry) => void): Command {
  const when = () => {
    const entry = chosen();
    return entry !== null && fits(entry);
  };
  const runChosen = () => {
    const entry = chosen();
    if (entry) run(entry);
  };
  return { id, label, group: "answer", keys: [key], when, run: runChosen };
}

export const outgoingCommands: Command[] = [
  toChosen("send_again", "Shift+Enter", "cmd.sendAgain", canSendAgain, (entry) => void (entry.kind === "command" && sendAgain(entry.item))),
  toChosen("outgoing_edit", "Shift+R", "cmd.outgoingEdit", canEdit, (entry) => void (entry.kind === "command" && editOutgoing(entry.item))),
  toChosen("outgoing_copy", "y", "cmd.outgoingCopy", (entry) => textOf(entry) !== "", (entry) => void copyOutgoing(entry)),
  toChosen("outgoing_drop", "x", "cmd.outgoingDrop", canDrop, (entry) => void dropEntry(entry)),
];

import { backend } from "../backend";
import { begin } from "../state/start";
import { heldAnswers } from "../state/heldAnswers.svelte";
import { letters } from "../state/letters.svelte";
import { mailboxes } from "../state/mailboxes.svelte";
import { opened } from "../state/opened.svelte";
import { outgoingPage } from "../state/outgoingPage.svelte";
import { overlay } from "../state/overlay.svelte";
import { current } from "../state/view.svelte";
import type { Command } from "./command";

async function signOut(): Promise<void> {
  await backend.signOut();
  opened.forgetAll();
  letters.forgetAll();
  mailboxes.forget();
  outgoingPage.forget();
  heldAnswers.forget();
  await begin();
}

const group = "app" as const;

export const appCommands: Command[] = [
  { id: "search", label: "cmd.search", group, keys: ["/"], run: () => overlay.open({ kind: "search" }) },
  { id: "palette", label: "cmd.palette", group, keys: ["Ctrl+k"], inText: true, run: () => overlay.open({ kind: "palette" }) },
  { id: "help", label: "cmd.help", group, keys: ["?"], run: () => overlay.open({ kind: "help" }) },
  { id: "places", label: "cmd.places", group, keys: ["g g"], run: () => (current.placesOpen = !current.placesOpen) },
  { id: "sign_out", label: "cmd.signOut", group, keys: [], run: () => void signOut() },
];

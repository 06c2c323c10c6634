// From a key to a command: one listener for the whole window.
import { commands, isOffered, keysOf, type Command } from "../commands";
import { measurePaint } from "../measure/paint";
import { desk } from "../state/desk.svelte";
import { isText } from "../state/focus";
import { opened } from "../state/opened.svelte";
import { overlay } from "../state/overlay.svelte";
import { nameOf, step } from "./chord";

/** A chord's first key waits this long for its second. */
const CHORD_MS = 1500;
/** These handle their own keys while the focus is in them. */
const OWN_KEYS = '[role="dialog"], [role="menu"], [data-own-keys]';
const PRESSABLE = "button, a[href], summary, input, select, [role=tab], [role=checkbox]";

let typed: string | null = null;
let typedAt = 0;

export function listenToKeys(): () => void {
  window.addEventListener("keydown", press);
  return () => window.removeEventListener("keydown", press);
}

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || desk.session?.state !== "signed_in") return;
  if (overlay.shown !== null || (event.target as Element | null)?.closest?.(OWN_KEYS)) return;
  const key = nameOf(event);
  if (key === null) return;
  const found = find(key, event.target as Element | null);
  if (!found) return;
  event.preventDefault();
  // A key held down moves on and on, but answers once: the second asking may send what the first only shows.
  if (event.repeat && found.group === "answer") return;
  found.run();
  opened.onceShown(() => measurePaint(found.id, event.timeStamp));
}

function find(key: string, focused: Element | null): Command | undefined {
  const writing = isText(focused);
  const pressing = focused?.matches?.(PRESSABLE) ?? false;
  const byChord = new Map<string, string>();
  for (const command of commands) {
    if ((writing && !command.inText) || (pressing && command.yields && !/^[a-z]$/.test(key))) continue;
    for (const chord of keysOf(command)) if (!byChord.has(chord) && isOffered(command)) byChord.set(chord, command.id);
  }
  const next = step(Date.now() - typedAt < CHORD_MS ? typed : null, key, byChord);
  typed = next.kind === "prefix" ? next.typed : null;
  typedAt = Date.now();
  return next.kind === "run" ? commands.find((command) => command.id === next.id) : undefined;
}

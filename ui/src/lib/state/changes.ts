// What the desk says has changed, gathered for one animation frame, then read anew once.
import type { Changed } from "../backend";

type Gathered = { customers: Set<string> | null; feedback: boolean; settings: boolean };
type Listener = (changed: Changed) => void;

const listeners = new Set<Listener>();
let gathered: Gathered | null = null;

/** A hidden window has no frames, yet its badge and its list should not be stale on return. */
const HIDDEN_MS = 250;

export function onGathered(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function gather(changed: Changed): void {
  if (!gathered) {
    gathered = { customers: new Set(), feedback: false, settings: false };
    if (document.hidden) setTimeout(flush, HIDDEN_MS);
    else requestAnimationFrame(flush);
  }
  gathered.feedback ||= changed.feedback;
  gathered.settings ||= changed.settings;
  if (changed.customers === null) gathered.customers = null;
  else for (const customer of changed.customers) gathered.customers?.add(customer);
}

/** After a command of our own, without waiting to be told. */
export function soon(customer: string | null): void {
  gather({ customers: customer === null ? null : [customer], feedback: false, settings: false });
}

function flush(): void {
  const changed = gathered;
  gathered = null;
  if (!changed) return;
  const customers = changed.customers === null ? null : [...changed.customers];
  for (const listener of listeners) listener({ customers, feedback: changed.feedback, settings: changed.settings });
}

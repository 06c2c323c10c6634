// What can be done to a matter, each said back in a toast, undone where it can be.
import { backend, sentenceOf, type CommandBody, type Matter } from "../backend";
import { t } from "../i18n/index.svelte";
import { soon } from "./changes";
import { opened } from "./opened.svelte";
import { queue } from "./queue.svelte";
import { current, isQueue } from "./view.svelte";
import { toasts, type ToastAction } from "./toasts.svelte";

let undoLast: (() => void) | null = null;

/** Sends one command; `undo` is what takes it back. True once the desk has it. */
export async function act(body: CommandBody, told: string, undo: CommandBody | null = null): Promise<boolean> {
  try {
    await backend.submit(body);
  } catch (error) {
    toasts.warn(sentenceOf(error));
    return false;
  }
  soon(opened.customer);
  tellWithUndo(told, undo ? () => void act(undo, t("toast.undone")) : null);
  return true;
}

/** Tells what was done, offers to take it back by button or key, and whatever `more` is. */
export function tellWithUndo(told: string, undo: (() => void) | null, more?: ToastAction): void {
  const actions: ToastAction[] = more ? [more] : [];
  undoLast = undo && once(undo, () => toasts.drop(toast));
  if (undoLast) actions.unshift({ label: t("toast.undo"), key: "U", run: undoLast });
  const toast = toasts.tell(told, actions);
}

/** `work` followed by `after`, no more than once, however often it is asked for. */
function once(work: () => void, after: () => void): () => void {
  const run = () => {
    if (done) return;
    done = true;
    if (undoLast === run) undoLast = null;
    work();
    after();
  };
  let done = false;
  return run;
}

export const canUndo = (): boolean => undoLast !== null;

export function undo(): void {
  undoLast?.();
}

/** The matter that matter-wide keys act on: the one on screen, or the row's before its page has come. */
export function target(): { conversation: string; matter: Matter | null } | null {
  if (!isQueue(current.view)) return null;
  if (opened.matter) return { conversation: opened.matter.conversation, matter: opened.matter };
  const row = queue.selected;
  return row ? { conversation: row.conversation, matter: null } : null;
}

// One-click feedback: what is marked, or else copied, is logged at once, without a name.
// A toast takes it back or asks for more.
import { backend, sentenceOf, type FeedbackKind } from "../backend";
import { t } from "../i18n/index.svelte";
import { outgoingPage } from "./outgoingPage.svelte";
import { overlay } from "./overlay.svelte";
import { tellWithUndo } from "./actions";
import { toasts } from "./toasts.svelte";

const LONGEST = 20_000;

/** Logs what the agent has marked; where nothing is, asks. */
export async function clickFeedback(): Promise<void> {
  const marked = window.getSelection()?.toString().trim() ?? "";
  const text = marked || (await copied());
  if (text) await logFeedback(text, "unsorted", "", false);
  else openDetails(null, "", "unsorted");
}

export async function hearShortcut(text: string): Promise<void> {
  if (text.trim()) await logFeedback(text.trim(), "unsorted", "", false);
  else openDetails(null, "", "unsorted");
}

async function copied(): Promise<string> {
  const text = await backend.readSelection().catch(() => null);
  return text?.trim() ?? "";
}

export async function logFeedback(
  text: string,
  kind: FeedbackKind,
  source_title: string,
  sign: boolean,
): Promise<boolean> {
  try {
    const feedback = { text: text.slice(0, LONGEST), kind, source_title, source_address: "", sign };
    const { id } = await backend.logFeedback(feedback);
    if (!sign) outgoingPage.logged(id);
    told(id, text, kind, source_title, sign);
    return true;
  } catch (error) {
    toasts.warn(sentenceOf(error));
    return false;
  }
}

function told(id: string, text: string, kind: FeedbackKind, title: string, sign: boolean): void {
  const undo = () =>
    void backend.undoFeedback(id).then(
      () => toasts.tell(t("toast.undone")),
      (error: unknown) => toasts.warn(sentenceOf(error)),
    );
  tellWithUndo(t(sign ? "feedback.loggedSigned" : "feedback.logged"), undo, {
    label: t("feedback.details"),
    run: () => openDetails(id, text, kind, title),
  });
}

export function openDetails(id: string | null, text: string, feedbackKind: FeedbackKind, title = ""): void {
  overlay.open({ kind: "feedback_details", id, text, feedbackKind, title });
}

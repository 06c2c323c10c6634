// The only folder that speaks to Tauri. Everything else in ui/ calls `backend`, so that a
// test, or a browser, can stand in a desk of paper.
import { inWords } from "../i18n/problems";
import type { Backend } from "./contract";
import { tauriBackend } from "./tauri";

export type * from "./contract";
export type * from "./types";

/** The desk in use. Chosen once, before anything is shown. */
export let backend: Backend = tauriBackend;

export function useBackend(chosen: Backend): void {
  backend = chosen;
}

export function insideTauri(): boolean {
  return "__TAURI_INTERNALS__" in window;
}

/** What to branch on, where it was a refusal. */
export function codeOf(error: unknown): string | null {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : null;
}

/** Refusals arrive as `{code, sentence}`, the sentence in English; whatever else goes wrong, there is a sentence to show. */
export function sentenceOf(error: unknown): string {
  if (typeof error === "object" && error !== null && "sentence" in error) return inWords(codeOf(error), String(error.sentence));
  return error instanceof Error ? error.message : String(error);
}

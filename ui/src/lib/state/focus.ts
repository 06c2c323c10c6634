// Where the keyboard's focus goes. By element ids, since the keys belong to no one component.

export const LIST_ID = "queue-list";
export const TIMELINE_ID = "timeline";

export function focusList(): void {
  document.getElementById(LIST_ID)?.focus({ preventScroll: true });
}

/** Focuses the timeline, so that arrow keys go along its entries. */
export function focusTimeline(): void {
  document.getElementById(TIMELINE_ID)?.focus({ preventScroll: true });
}

export function isText(element: EventTarget | null): boolean {
  if (!(element instanceof HTMLElement)) return false;
  if (element.isContentEditable || element instanceof HTMLTextAreaElement) return true;
  return element instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(element.type);
}

/** Leaves the text being written, if one is; true when it did. */
export function leaveText(): boolean {
  const focused = document.activeElement;
  if (!(focused instanceof HTMLElement) || !isText(focused)) return false;
  focused.blur();
  focusTimeline();
  return true;
}

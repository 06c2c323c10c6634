// The arithmetic of a long queue: which rows are on screen, which to hold, how far to scroll.
// Rows are all of one height, so a queue of 100,000 is a multiplication.

export const ROW_HEIGHT = 58;
/** Rows kept around the screen, so that scrolling and j/k seldom meet an unknown row. */
export const WINDOW = 120;
const OVERSCAN = 6;
/** Fewer known rows than this beyond the screen: fetch around it anew. */
const MARGIN = 25;

export type Span = { from: number; to: number };

/** Rows to draw, `to` excluded. */
export function visible(scrollTop: number, height: number, total: number): Span {
  const from = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - OVERSCAN);
  const to = Math.min(total, Math.ceil((scrollTop + height) / ROW_HEIGHT) + OVERSCAN);
  return { from: Math.min(from, to), to };
}

/** The window to fetch for `needed`, or null where what is held will do. */
export function toFetch(needed: Span, held: Span, total: number): { offset: number; limit: number } | null {
  const enoughBefore = held.from === 0 || needed.from - held.from >= MARGIN;
  const enoughAfter = held.to >= total || held.to - needed.to >= MARGIN;
  if (enoughBefore && enoughAfter && held.from <= needed.from && held.to >= needed.to) return null;
  const middle = (needed.from + needed.to) >> 1;
  const offset = Math.max(0, Math.min(middle - (WINDOW >> 1), total - WINDOW));
  return { offset, limit: WINDOW };
}

/** Where to scroll so that row `index` is whole on screen; null when it is already. */
export function scrollToShow(index: number, scrollTop: number, height: number): number | null {
  const top = index * ROW_HEIGHT;
  if (top < scrollTop) return top;
  if (top + ROW_HEIGHT > scrollTop + height) return top + ROW_HEIGHT - height;
  return null;
}

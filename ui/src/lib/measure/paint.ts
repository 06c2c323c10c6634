// Key to paint: from the event's own timestamp to the second animation frame after it, which
// is when what the key did is on the glass. Always on, and bounded, so a benchmark can read it.

export type Painted = { name: string; ms: number };

declare global {
  interface Window {
    __evendesk_paint?: Painted[];
  }
}

const KEPT = 1000;
const painted: Painted[] = [];

export function startMeasuring(): void {
  window.__evendesk_paint = painted;
}

/** Call when the key's effect has been asked for; `stamp` is the event's timeStamp. */
export function measurePaint(name: string, stamp: number): void {
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      painted.push({ name, ms: performance.now() - stamp });
      if (painted.length > KEPT) painted.splice(0, painted.length - KEPT);
    }),
  );
}

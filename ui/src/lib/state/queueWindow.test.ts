import { expect, test } from "vitest";
import { ROW_HEIGHT, scrollToShow, toFetch, visible, WINDOW } from "./queueWindow";

const TOTAL = 100_000;

test("only what is on screen is drawn, and a little around it", () => {
  const { from, to } = visible(5000 * ROW_HEIGHT, 10 * ROW_HEIGHT, TOTAL);
  expect(from).toBe(4994);
  expect(to).toBe(5016);
  expect(visible(0, 600, 3)).toEqual({ from: 0, to: 3 });
});

test("a window is fetched around the screen before its edge is reached, and not sooner", () => {
  const held = { from: 0, to: WINDOW };
  expect(toFetch({ from: 0, to: 20 }, held, TOTAL)).toBeNull();
  expect(toFetch({ from: 60, to: 80 }, held, TOTAL)).toBeNull();
  expect(toFetch({ from: 85, to: 105 }, held, TOTAL)).toEqual({ offset: 35, limit: WINDOW });
  expect(toFetch({ from: 99_980, to: TOTAL }, held, TOTAL)).toEqual({ offset: TOTAL - WINDOW, limit: WINDOW });
});

test("a short queue is held whole", () => {
  expect(toFetch({ from: 0, to: 9 }, { from: 0, to: 9 }, 9)).toBeNull();
});

test("the cursor's row is scrolled to only when it is not whole on screen", () => {
  expect(scrollToShow(3, 0, 600)).toBeNull();
  expect(scrollToShow(20, 0, 600)).toBe(21 * ROW_HEIGHT - 600);
  expect(scrollToShow(2, 500, 600)).toBe(2 * ROW_HEIGHT);
});

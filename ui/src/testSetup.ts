// What jsdom has no layout for: nothing is ever resized or scrolled in it. And patience, since a
// loaded machine takes its time.
import { configure } from "@testing-library/svelte";

configure({ asyncUtilTimeout: 8000 });

class SeesNothing {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
  takeRecords(): never[] {
    return [];
  }
}

Object.assign(globalThis, { ResizeObserver: SeesNothing, IntersectionObserver: SeesNothing });
Element.prototype.scrollIntoView = () => undefined;
Element.prototype.scrollTo = () => undefined;

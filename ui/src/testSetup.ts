// What jsdom has no layout for. Nothing is ever resized or scrolled in it.

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

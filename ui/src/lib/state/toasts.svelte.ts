// Short messages at the bottom, each gone by itself, with what can be done about it.

export type ToastAction = { label: string; key?: string; run: () => void };
export type Toast = { id: number; text: string; tone: "plain" | "problem"; actions: ToastAction[] };

const STAYS_MS = 7000;
const PROBLEM_STAYS_MS = 14_000;

class Toasts {
  list = $state.raw<Toast[]>([]);
  #next = 1;

  tell(text: string, actions: ToastAction[] = []): number {
    return this.#add({ id: this.#next++, text, tone: "plain", actions }, STAYS_MS);
  }

  warn(text: string, actions: ToastAction[] = []): number {
    return this.#add({ id: this.#next++, text, tone: "problem", actions }, PROBLEM_STAYS_MS);
  }

  drop(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(toast: Toast, stays: number): number {
    this.list = [...this.list.slice(-1), toast];
    setTimeout(() => this.drop(toast.id), stays);
    return toast.id;
  }
}

export const toasts = new Toasts();

// The feedback cases on screen, and the one looked at.
import { backend, type FeedbackRow } from "../backend";
import { oneAtATime } from "./oneAtATime";

const LIMIT = 200;

class FeedbackList {
  rows = $state.raw<FeedbackRow[]>([]);
  total = $state(0);
  loaded = $state(false);
  chosen = $state<string | null>(null);

  row: FeedbackRow | null = $derived(this.rows.find((row) => row.id === this.chosen) ?? this.rows[0] ?? null);

  load = oneAtATime(async () => {
    const page = await backend.feedback(0, LIMIT);
    this.rows = page.rows;
    this.total = page.total;
    this.loaded = true;
  });

  move(step: number): void {
    const at = this.rows.findIndex((row) => row.id === this.row?.id);
    this.chosen = this.rows[Math.max(0, Math.min(at + step, this.rows.length - 1))]?.id ?? null;
  }
}

export const feedbackList = new FeedbackList();

// Answers that wait since the server was restored: all of them for a supervisor, for others their own.
import { backend, type HeldAnswer } from "../backend";
import { oneAtATime } from "./oneAtATime";

class HeldAnswers {
  answers = $state.raw<HeldAnswer[]>([]);

  load = oneAtATime(async () => {
    this.answers = await backend.heldAnswers();
  });

  /** Another may sit down now. */
  forget(): void {
    this.answers = [];
  }
}

export const heldAnswers = new HeldAnswers();

// The channel board's figures, over the window of days chosen.
import { backend, type Board } from "../backend";
import { oneAtATime } from "./oneAtATime";

class BoardFigures {
  days = $state(28);
  board = $state.raw<Board | null>(null);
  load = oneAtATime(async () => {
    this.board = await backend.board(this.days);
  });
}

export const boardFigures = new BoardFigures();

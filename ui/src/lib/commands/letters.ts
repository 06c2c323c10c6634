// Looking at a mail: as it was laid out or as text, with the pictures it has elsewhere or without.
import { letterInHand, letters } from "../state/letters.svelte";
import type { Command } from "./command";

const inHand = (): string | null => letterInHand()?.message ?? null;

function hasPicturesToCome(): boolean {
  const held = letterInHand();
  return held !== null && held.letter.pictures > 0 && !letters.showsPictures(held.message);
}

export const letterCommands: Command[] = [
  {
    id: "letter_look",
    label: "cmd.letterLook",
    group: "matter",
    keys: ["v"],
    when: () => inHand() !== null,
    run: () => letters.turn(inHand() ?? ""),
  },
  {
    id: "letter_pictures",
    label: "cmd.letterPictures",
    group: "matter",
    keys: ["Shift+V"],
    when: hasPicturesToCome,
    run: () => letters.askForPictures(inHand() ?? ""),
  },
];

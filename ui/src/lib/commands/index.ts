// Every command of the window, in the order the help lists them.
import { answerCommands } from "./answer";
import { appCommands } from "./app";
import type { Command } from "./command";
import { letterCommands } from "./letters";
import { matterCommands } from "./matter";
import { moveCommands } from "./move";
import { outgoingCommands } from "./outgoing";
import { placeCommands } from "./places";
import { settingsCommands } from "./settings";

export type { Command, Group } from "./command";

export const commands: readonly Command[] = [
  ...moveCommands,
  ...answerCommands,
  ...outgoingCommands,
  ...matterCommands,
  ...letterCommands,
  ...placeCommands,
  ...settingsCommands,
  ...appCommands,
];

const byId = new Map(commands.map((command) => [command.id, command]));

export function keysOf(command: Command): string[] {
  return command.keys;
}

/** The key to show beside a button that does `id`. */
export function keyFor(id: string): string | undefined {
  const command = byId.get(id);
  return command && keysOf(command)[0];
}

export const isOffered = (command: Command): boolean => command.when?.() ?? true;

export function canRun(id: string): boolean {
  const command = byId.get(id);
  return command !== undefined && isOffered(command);
}

/** Does `id` if it can be done now. */
export function run(id: string): void {
  const command = byId.get(id);
  if (command && isOffered(command)) command.run();
}

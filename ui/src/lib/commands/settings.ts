// What an admin does to people and teams, and anybody to their own sign-in.
import { desk } from "../state/desk.svelte";
import { overlay } from "../state/overlay.svelte";
import type { Command } from "./command";

const group = "app" as const;
const administers = (): boolean => desk.administers;

export const settingsCommands: Command[] = [
  { id: "invite", label: "people.invite", group, keys: [], when: administers, run: () => overlay.open({ kind: "invite", again: null }) },
  { id: "new_team", label: "teams.new", group, keys: [], when: administers, run: () => overlay.open({ kind: "team", team: null }) },
  { id: "password", label: "cmd.password", group, keys: [], run: () => overlay.open({ kind: "password" }) },
];

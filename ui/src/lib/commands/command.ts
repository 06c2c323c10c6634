import type { Key } from "../i18n/index.svelte";

export type Group = "move" | "answer" | "matter" | "places" | "app";

/** One thing an agent can do. Keys, palette, the hints on buttons and the help are all made from these. */
export type Command = {
  id: string;
  label: Key;
  group: Group;
  /** As named by keys/chord.ts; the first is the one shown. */
  keys: string[];
  /** Offered only when this holds. */
  when?: () => boolean;
  /** Works while a text is being written, too. */
  inText?: boolean;
  /** Leaves Enter, space and arrows to a button or link that has the focus. */
  yields?: boolean;
  /** For keys whose words would only lengthen the palette. */
  keysOnly?: boolean;
  run: () => void;
};

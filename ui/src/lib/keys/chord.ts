// Keys by name: "j", "Shift+E", "Ctrl+k", "Ctrl+Enter", "g d". How a keyboard event is named,
// and how a name is shown.

type Pressed = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

const LATIN_LETTER = /^[a-z]$/i;
const OWN_NAME = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph", "Dead", "Process", "Unidentified"]);

/** The name of what was pressed, or null for a modifier alone. Command on a Mac counts as Ctrl. */
export function nameOf(event: Pressed): string | null {
  if (OWN_NAME.has(event.key)) return null;
  const key = letterOf(event);
  const letter = LATIN_LETTER.test(key);
  const parts: string[] = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  // Shift is part of the sign in "?" and "!", but not of a letter or of Enter.
  if (event.shiftKey && (letter || key.length > 1)) parts.push("Shift");
  if (!letter) parts.push(key);
  else parts.push(event.shiftKey ? key.toUpperCase() : key.toLowerCase());
  return parts.join("+");
}

/** On a keyboard without Latin letters, the letter that the key has on most others. */
function letterOf(event: Pressed): string {
  if (event.key.length > 1 || event.key.charCodeAt(0) < 128) return event.key === " " ? "Space" : event.key;
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  return letter ? letter.toLowerCase() : event.key;
}

const SHOWN: Record<string, string> = {
  Enter: "\u23ce",
  ArrowUp: "\u2191",
  ArrowDown: "\u2193",
  Escape: "Esc",
};

/** "g d" as ["G", "D"], "Ctrl+Enter" as ["Ctrl ⏎"]. */
export function shownKeys(chord: string): string[] {
  return chord.split(" ").map((key) =>
    key
      .split("+")
      .map((part) => SHOWN[part] ?? (part.length === 1 ? part.toUpperCase() : part))
      .join(" "),
  );
}

export type Step = { kind: "run"; id: string } | { kind: "prefix"; typed: string } | { kind: "none" };

/** Two-key chords: what `key` after `typed` means among `bindings` (id by chord). */
export function step(typed: string | null, key: string, bindings: ReadonlyMap<string, string>): Step {
  const chord = typed === null ? key : `${typed} ${key}`;
  const id = bindings.get(chord);
  if (id !== undefined) return { kind: "run", id };
  for (const bound of bindings.keys()) if (bound.startsWith(`${chord} `)) return { kind: "prefix", typed: chord };
  return typed === null ? { kind: "none" } : step(null, key, bindings);
}

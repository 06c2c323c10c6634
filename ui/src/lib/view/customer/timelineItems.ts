// The timeline as it is drawn: entries, a separator wherever another matter goes on, and
// changes gathered, so that a run of them takes one line and not ten.
import type { Matter, TimelineEntry } from "../../backend";

export type Item =
  | { kind: "separator"; key: string; conversation: string; matter: Matter | undefined; first: boolean }
  | { kind: "entry"; key: string; entry: TimelineEntry }
  | { kind: "changes"; key: string; entries: TimelineEntry[] };

export function itemsOf(entries: TimelineEntry[], matters: Matter[], earlier: boolean): Item[] {
  const byId = new Map(matters.map((matter) => [matter.conversation, matter]));
  const met = new Set<string>();
  const items: Item[] = [];
  let conversation: string | null = null;
  for (const entry of entries) {
    if (isNoise(entry)) continue;
    if (entry.conversation !== conversation) {
      conversation = entry.conversation;
      // With earlier entries still to be loaded, what is met here need not be its beginning.
      const first = !met.has(conversation) && (!earlier || items.length > 0);
      met.add(conversation);
      items.push({ kind: "separator", key: `s${entry.seq}`, conversation, matter: byId.get(conversation), first });
    }
    const last = items.at(-1);
    if (entry.kind.kind !== "change") items.push({ kind: "entry", key: keyOf(entry), entry });
    else if (last?.kind === "changes") last.entries.push(entry);
    else items.push({ kind: "changes", key: `c${entry.seq}`, entries: [entry] });
  }
  return items;
}

/** The separator says when it was opened; terms are the company's, not the customer's, story. */
function isNoise(entry: TimelineEntry): boolean {
  return entry.kind.kind === "change" && (entry.kind.what === "opened" || entry.kind.what === "terms");
}

/** A pending entry gets its seq from the server later; its message id stays. */
function keyOf(entry: TimelineEntry): string {
  return entry.kind.kind === "change" ? `e${entry.seq}` : entry.kind.message;
}

import type { TimelineEntry } from "../backend";

/** What its author had last seen, if that is known; else when they wrote it. */
export type Written = { conversation: string; since: string | null; from: number | null };

/**
 * What was said in the matter after that: by the customer, or by a colleague to them. After is as the server
 * heard it: a mail can stand above an answer by its own instant, and yet have come in behind it.
 */
export function newsSince({ conversation, since, from }: Written, entries: TimelineEntry[]): TimelineEntry[] {
  const said = entries.filter((entry) => entry.conversation === conversation && isPublic(entry.kind.kind));
  const seen = said.find(({ kind }) => kind.kind !== "change" && kind.message === since);
  if (seen) return said.filter((entry) => entry.seq > seen.seq);
  const news = from === null ? [] : said.filter((entry) => entry.at >= from);
  return news.length > 0 ? news : said.slice(-1);
}

const isPublic = (kind: TimelineEntry["kind"]["kind"]): boolean => kind !== "change" && kind !== "note";

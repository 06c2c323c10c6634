import type { TimelineEntry } from "../backend";

/** What its author had last seen, if that is known; else when they wrote it. */
export type Written = { conversation: string; since: string | null; from: number | null };

/** What was said in the matter after that: by the customer, or by a colleague to them. */
export function newsSince({ conversation, since, from }: Written, entries: TimelineEntry[]): TimelineEntry[] {
  const said = entries.filter((entry) => entry.conversation === conversation && isPublic(entry.kind.kind));
  const seen = said.findIndex(({ kind }) => kind.kind !== "change" && kind.message === since);
  if (seen >= 0) return said.slice(seen + 1);
  const news = from === null ? [] : said.filter((entry) => entry.at >= from);
  return news.length > 0 ? news : said.slice(-1);
}

const isPublic = (kind: TimelineEntry["kind"]["kind"]): boolean => kind !== "change" && kind !== "note";

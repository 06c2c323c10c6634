import type { OutgoingItem, TimelineEntry } from "../../backend";

/** What was said in the matter since the answer's author last looked: after `since`, or else after it was made. */
export function newsSince(item: OutgoingItem, entries: TimelineEntry[]): TimelineEntry[] {
  const said = entries.filter(({ conversation, kind }) => conversation === item.conversation && isPublic(kind.kind));
  const seen = said.findIndex(({ kind }) => kind.kind !== "change" && kind.message === item.since);
  const news = seen >= 0 ? said.slice(seen + 1) : said.filter((entry) => entry.at >= item.made_at);
  return news.length > 0 ? news : said.slice(-1);
}

const isPublic = (kind: TimelineEntry["kind"]["kind"]): boolean => kind !== "change" && kind !== "note";

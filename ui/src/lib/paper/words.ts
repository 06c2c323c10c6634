// Search and matching people in the world of paper: a scan, newest first.
import type { PersonHit, SearchHit, SearchPage, TimelineEntry } from "../backend";
import type { World } from "./commands";
import type { Conversation } from "./world";

const digits = (text: string): string => text.replace(/\D/g, "");

function textOf({ kind }: TimelineEntry): string {
  if (kind.kind === "message") return kind.fresh_text;
  if (kind.kind === "call") return kind.note;
  return kind.kind === "change" ? "" : kind.text;
}

export function search(world: World, text: string, offset: number, limit: number): SearchPage {
  const wanted = text.toLowerCase();
  const hits: SearchHit[] = [];
  for (const customer of world.customers.slice(0, 5000)) {
    for (const on of customer.conversations) {
      for (const entry of on.entries) {
        const hit = hitOf(on, entry, wanted);
        if (hit) hits.push(hit);
      }
    }
  }
  hits.sort((a, b) => b.seq - a.seq);
  return { hits: hits.slice(offset, offset + limit), more: hits.length > offset + limit, incomplete: false };
}

function hitOf(on: Conversation, entry: TimelineEntry, wanted: string): SearchHit | null {
  const text = textOf(entry);
  const at = text.toLowerCase().indexOf(wanted);
  const named = on.customer.name.toLowerCase().includes(wanted) || on.subject.toLowerCase().includes(wanted);
  if (text === "" || (at < 0 && !named)) return null;
  const marked =
    at < 0 ? text : `${text.slice(Math.max(0, at - 60), at)}\u0001${text.slice(at, at + wanted.length)}\u0002${text.slice(at + wanted.length)}`;
  const { kind } = entry;
  const channel = kind.kind === "message" || kind.kind === "reply" ? kind.channel : "phone";
  const { customer, id, subject } = on;
  const excerpt = marked.slice(0, 240);
  return { customer: customer.id, conversation: id, name: customer.name, subject, excerpt, at: entry.at, channel, seq: entry.seq };
}

export function findPerson(world: World, text: string): PersonHit[] {
  const number = digits(text);
  const words = text.toLowerCase().trim();
  const hits: PersonHit[] = [];
  for (const customer of world.customers) {
    const identity = customer.identities.find(
      ({ value }) => (number.length >= 3 && digits(value).includes(number)) || value.toLowerCase().includes(words),
    );
    if (!identity && !customer.name.toLowerCase().includes(words)) continue;
    const phone = customer.identities.find(({ kind }) => kind === "phone");
    hits.push({ customer: customer.id, name: customer.name, identity: identity ?? phone ?? customer.identities[0] ?? null });
    if (hits.length >= 8) break;
  }
  return hits;
}

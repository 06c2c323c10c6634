import type { Channel, Timestamp } from "./session";

/** `excerpt` has U+0001 and U+0002 around what matched. */
export type SearchHit = {
  customer: string;
  conversation: string;
  name: string;
  subject: string;
  excerpt: string;
  at: Timestamp;
  channel: Channel;
  seq: number;
};
export type SearchPage = { hits: SearchHit[]; total: number; capped: boolean };

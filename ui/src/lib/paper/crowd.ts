// Any number of further customers, for a queue as long as a large company's. Their words are
// the same few sentences over and over: it is the number that matters.
import { newId } from "../newId";
import { pick, seeded } from "./random";
import { answered, customerSpoke, HOUR, MINUTE, openConversation, openTurn, say, timer } from "./world";
import type { Customer } from "./world";
import type { People } from "./people";
import type { Channel } from "../backend";

const given = ["Amina", "Ben", "Chloe", "Dario", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jakob", "Kaia", "Luca", "Mina", "Noah", "Omar", "Petra"];
const family = ["Abara", "Brandt", "Costa", "Duarte", "Eriksen", "Farouk", "Grau", "Huang", "Ito", "Jansen", "Keller", "Lopez", "Moreau", "Nilsen"];
const matters = [
  "Where is order {n}?",
  "Order {n} came damaged",
  "Invoice {n} is wrong",
  "Cannot sign in since the update",
  "A question about the warranty of {n}",
  "Please cancel order {n}",
];
const channels: Channel[] = ["email", "email", "web_form", "social", "phone", "letter"];

export function crowd(count: number, now: number, people: People): Customer[] {
  const random = seeded(20_881);
  const customers: Customer[] = [];
  for (let at = 0; at < count; at += 1) customers.push(one(random, now, people));
  return customers;
}

function one(random: () => number, now: number, people: People): Customer {
  const name = `${pick(random, given)} ${pick(random, family)}`;
  const start = now - Math.floor(random() * 110) * MINUTE;
  const email = `${name.toLowerCase().replace(" ", ".")}${Math.floor(random() * 10_000)}@mail.example`;
  const identities = [{ kind: "email" as const, value: email, verified: true }];
  const customer: Customer = { id: newId(), name, identities, openedAt: start - 24 * HOUR, conversations: [] };
  const subject = pick(random, matters).replace("{n}", String(20_000 + Math.floor(random() * 9000)));
  const on = openConversation(customer, subject, pick(random, people.directory.teams).id, start - 20 * HOUR);
  if (random() < 0.3) on.assignee = pick(random, people.directory.users).id;
  const channel = pick(random, channels);
  for (let turn = 0; turn < 5; turn += 1) {
    const at = start - (4 - turn) * 4 * HOUR;
    const isLast = turn === 4;
    say(on, at, message(customer, channel, subject, at));
    customerSpoke(on, channel, at);
    if (!isLast) reply(on, at + HOUR, people, email);
  }
  const turn = openTurn(on);
  if (turn) Object.assign(turn, timer(turn.target, channel, turn.started_at, start + (2 + Math.floor(random() * 40)) * HOUR));
  return customer;
}

function message(customer: Customer, channel: Channel, subject: string, at: number) {
  const text = `${subject} I wrote about this before and would be glad of an answer.`;
  return {
    kind: "message" as const,
    message: newId(),
    channel,
    from_name: customer.name,
    from: customer.identities[0]?.value ?? "",
    text,
    fresh_text: text,
    quoted_text: "",
    subject,
    spoke_at: at,
    learnt_at: at,
    attachments: [],
    author: "person" as const,
    guessed: false,
    account: null,
    also_to: [],
    doubts: [],
  };
}

function reply(on: ReturnType<typeof openConversation>, at: number, people: People, to: string): void {
  const waited = answered(on, at);
  say(on, at, {
    kind: "reply",
    message: newId(),
    channel: "email",
    author: people.me.name,
    user: people.me.id,
    text: "Thank you for writing. I am looking into it and will come back to you today.",
    subject: on.subject,
    to,
    delivery: "delivered",
    answered_in_s: waited,
    follow_up: false,
  });
}

// The channel board and the explanations of the world of paper.
import type { Board, BoardState, BoardRow, Channel, Explanation, Line, QueueRow, Target } from "../backend";
import { stateOf } from "../clock/timer";
import type { World } from "./commands";
import { rowsOf } from "./rows";
import type { Conversation } from "./world";

const channels: Channel[] = ["email", "phone", "web_form", "social", "letter"];
const past: Record<Channel, [number, number, number, number]> = {
  email: [2520, 6900, 11_400, 412],
  phone: [2280, 6300, 9800, 208],
  web_form: [2640, 7100, 12_600, 187],
  social: [3000, 8400, 14_900, 96],
  letter: [9800, 20_100, 27_000, 22],
};

export function listOf(world: World, channel: Channel | null, state: BoardState, now: number): QueueRow[] {
  return rowsOf(world, { kind: "due_next" }, now).filter((row) => {
    const of = row.timer ? stateOf(row.timer, now) : "running";
    const by = row.timer?.target === "resolution" ? row.channels[0] : row.timer?.channel;
    return (channel === null || by === channel) && (state === "waiting" || of === state);
  });
}

export function boardOf(world: World, days: number, now: number): Board {
  const figures = (channel: Channel): BoardRow => {
    const waiting = listOf(world, channel, "waiting", now);
    const oldest = Math.min(...waiting.map((row) => row.timer?.started_at ?? now), now);
    const [p50, p90, p99, answered] = past[channel];
    return {
      channel,
      waiting: waiting.length,
      oldest_since: waiting.length > 0 ? oldest : null,
      oldest_wait_s: waiting.length > 0 ? Math.round((now - oldest) / 1000) : null,
      at_risk: listOf(world, channel, "at_risk", now).length,
      breached: listOf(world, channel, "breached", now).length,
      answered: Math.round((answered * days) / 7),
      first_p50_s: p50,
      first_p90_s: p90,
      first_p99_s: p99,
      next_p50_s: Math.round(p50 * 0.8),
      next_p90_s: Math.round(p90 * 0.85),
      next_p99_s: Math.round(p99 * 0.9),
      within_target: channel === "letter" ? 0.71 : channel === "social" ? 0.84 : 0.93,
      resolved_unanswered: channel === "social" ? 4 : 1,
    };
  };
  const byTeam = world.people.directory.teams.map(({ id }) => {
    const rows = rowsOf(world, { kind: "team", team: id }, now);
    const states = rows.map((row) => (row.timer ? stateOf(row.timer, now) : "running"));
    const count = (state: string): number => states.filter((known) => known === state).length;
    return { team: id, waiting: rows.length, at_risk: count("at_risk"), breached: count("breached") };
  });
  return {
    as_of: now,
    days,
    rows: channels.map(figures),
    teams: byTeam,
    parity: { gap: 1.33, slowest: "social", fastest: "phone", thin: ["letter"] },
    queue_jumps: [
      { favoured: "social", passed_over: "email", count: 5 },
      { favoured: "phone", passed_over: "letter", count: 2 },
    ],
  };
}

export function explain(on: Conversation, target: Target, now: number): Explanation {
  const timer = target === "resolution" ? on.resolution : on.turns.find((turn) => turn.target === target && turn.closed_at === null);
  if (!timer) return { lines: [], due_at: null };
  const day = new Date(timer.started_at);
  const opens = new Date(day.getFullYear(), day.getMonth(), day.getDate(), 9).getTime();
  const { channel, started_at, due_at } = timer;
  const target_s = timer.target_s ?? 0;
  const used_s = Math.min(target_s, Math.round((now - started_at) / 1000));
  const { priority } = on;
  const lines: Line[] = [
    { label: "spoke", channel, at: started_at },
    { label: "open_from", at: opens },
    { label: "target", target, priority, target_s, used_s, left_s: target_s - used_s },
    due_at === null ? { label: "not_due" } : { label: "due", at: due_at },
  ];
  return { due_at, lines };
}

// What can be done to the matter on screen.
import type { CommandBody, Matter, Priority, Status } from "../backend";
import { clock } from "../clock/now.svelte";
import { moment } from "../clock/format";
import { t } from "../i18n/index.svelte";
import { act, canUndo, target, undo } from "../state/actions";
import { desk } from "../state/desk.svelte";
import { canDecideAll, decideAllHeld, decideHeld, heldInHand } from "../state/heldReply";
import { opened } from "../state/opened.svelte";
import { overlay, type PickOption } from "../state/overlay.svelte";
import { messageInHand, moveMessage } from "../state/moveMessage";
import { queue } from "../state/queue.svelte";
import { snoozeTimes } from "../state/snoozeTimes";
import type { Command } from "./command";

const has = (): boolean => target() !== null;
const isStatus = (...wanted: Status[]): boolean => {
  const status = has() ? (opened.matter?.status ?? queue.selected?.status) : undefined;
  return status !== undefined && wanted.includes(status);
};

/** Does `verb` to the matter in hand. `back` is what undoes it. */
function simply(verb: "set_waiting" | "set_hold" | "resume" | "resolve" | "reopen" | "no_reply_needed" | "unsnooze") {
  return () => {
    const on = target();
    if (!on) return;
    const { conversation } = on;
    const back = undoing[verb];
    void act({ do: verb, conversation }, t(`told.${verb}`), back ? { do: back, conversation } : null);
  };
}

const undoing = {
  set_waiting: "resume",
  set_hold: "resume",
  resolve: "reopen",
  reopen: "resolve",
  resume: null,
  no_reply_needed: null,
  unsnooze: null,
} as const;

export function assignTo(assignee: string | null): void {
  const on = target();
  if (!on) return;
  const { conversation, matter } = on;
  const before: CommandBody | null = matter ? { do: "assign", conversation, assignee: matter.assignee } : null;
  const name = desk.user(assignee)?.name;
  const told = name ? t("told.assigned", { name }) : t("told.unassigned");
  void act({ do: "assign", conversation, assignee }, told, before);
}

function pickAssignee(): void {
  const now = opened.matter?.assignee ?? queue.selected?.assignee ?? null;
  const options: PickOption[] = desk.colleagues.map((user) => ({
    value: user.id,
    label: user.name,
    hint: user.teams.map((team) => desk.team(team)).join(", "),
    on: user.id === now,
  }));
  options.unshift({ value: "", label: t("pick.nobody"), on: now === null });
  overlay.open({ kind: "pick", title: t("cmd.assign"), options, choose: (id) => assignTo(id || null) });
}

function pickPriority(): void {
  const on = target();
  const now = opened.matter?.priority ?? queue.selected?.priority;
  if (!on || !now) return;
  const { conversation } = on;
  const options = (["urgent", "high", "normal", "low"] as const).map((value) => ({
    value,
    label: t(`priority.${value}`),
    on: value === now,
  }));
  const choose = (value: string) => {
    const told = t("told.priority", { priority: t(`priority.${value as Priority}`) });
    const back: CommandBody = { do: "set_priority", conversation, priority: now };
    void act({ do: "set_priority", conversation, priority: value as Priority }, told, back);
  };
  overlay.open({ kind: "pick", title: t("cmd.priority"), options, choose });
}

function pickTeam(): void {
  const matter: Matter | null = opened.matter;
  if (!matter) return;
  const { conversation, team: before } = matter;
  const options = desk.directory.teams.map((team) => ({ value: team.id, label: team.name, on: team.id === before }));
  const choose = (team: string) => {
    const back: CommandBody = { do: "set_team", conversation, team: before };
    void act({ do: "set_team", conversation, team }, t("told.team", { team: desk.team(team) }), back);
  };
  overlay.open({ kind: "pick", title: t("cmd.team"), options, choose });
}

/** Open matters of the same customer that the one on screen could go on in. */
const mergeable = (): Matter[] => opened.openMatters.filter(({ conversation }) => conversation !== opened.matter?.conversation);

function pickMerge(): void {
  const matter = opened.matter;
  if (!matter) return;
  const subjectOf = ({ subject }: Matter): string => subject || t("matter.untitled");
  const options: PickOption[] = mergeable().map((other) => ({
    value: other.conversation,
    label: subjectOf(other),
    hint: moment(other.opened_at, clock.now),
  }));
  const choose = (into: string) => {
    const other = opened.matters.find(({ conversation }) => conversation === into);
    const told = t("told.merged", { subject: other ? subjectOf(other) : "" });
    void act({ do: "merge_conversation", conversation: matter.conversation, into }, told).then((done) => done && opened.choose(into));
  };
  overlay.open({ kind: "pick", title: t("cmd.merge"), options, choose });
}

function snoozeUntil(conversation: string, until: number): void {
  const told = t("told.snoozed", { when: moment(until, clock.now) });
  void act({ do: "snooze", conversation, until }, told, { do: "unsnooze", conversation });
}

function pickSnooze(): void {
  const on = target();
  if (!on) return;
  const { conversation } = on;
  const times = snoozeTimes(clock.now);
  const options: PickOption[] = times.map(({ key, at }) => ({
    value: String(at),
    label: t(key),
    hint: moment(at, clock.now),
  }));
  options.push({ value: "", label: t("snooze.other") });
  const choose = (value: string) => {
    if (value) snoozeUntil(conversation, Number(value));
    else overlay.open({ kind: "when", title: t("cmd.snooze"), choose: (at) => snoozeUntil(conversation, at) });
  };
  overlay.open({ kind: "pick", title: t("cmd.snooze"), options, choose });
}

function rename(): void {
  const card = opened.page?.customer;
  if (!card) return;
  const choose = (name: string) => {
    const back: CommandBody = { do: "name_customer", customer: card.id, name: card.name };
    void act({ do: "name_customer", customer: card.id, name }, t("told.renamed", { name }), back);
  };
  overlay.open({ kind: "write", title: t("cmd.rename"), label: t("rename.label"), text: card.name, choose });
}

const mayErase = (): boolean => desk.administers && opened.page !== null && opened.page.customer.erased_at === null;

function eraseCustomer(): void {
  const card = opened.page?.customer;
  if (card) overlay.open({ kind: "erase_customer", id: card.id, name: card.name || t("customer.unnamed") });
}

const group = "matter" as const;

export const matterCommands: Command[] = [
  { id: "resolve", label: "cmd.resolve", group, keys: ["e"], when: () => isStatus("open", "waiting", "hold"), run: simply("resolve") },
  { id: "reopen", label: "cmd.reopen", group, keys: ["Shift+E"], when: () => isStatus("resolved") && !opened.matter?.merged_into, run: simply("reopen") },
  { id: "waiting", label: "cmd.waiting", group, keys: ["w"], when: () => isStatus("open", "hold"), run: simply("set_waiting") },
  { id: "hold", label: "cmd.hold", group, keys: ["h"], when: () => isStatus("open", "waiting"), run: simply("set_hold") },
  { id: "resume", label: "cmd.resume", group, keys: ["Shift+W"], when: () => isStatus("waiting", "hold"), run: simply("resume") },
  { id: "snooze", label: "cmd.snooze", group, keys: ["s"], when: () => isStatus("open", "waiting", "hold"), run: pickSnooze },
  {
    id: "unsnooze",
    label: "cmd.unsnooze",
    group,
    keys: ["Shift+S"],
    when: () => (opened.matter?.snoozed_until ?? 0) > clock.now,
    run: simply("unsnooze"),
  },
  { id: "assign", label: "cmd.assign", group, keys: ["a"], when: has, run: pickAssignee },
  { id: "assign_me", label: "cmd.assignMe", group, keys: ["i"], when: has, run: () => assignTo(desk.me?.id ?? null) },
  { id: "priority", label: "cmd.priority", group, keys: ["!"], when: has, run: pickPriority },
  { id: "team", label: "cmd.team", group, keys: ["t"], when: () => opened.matter !== null, run: pickTeam },
  { id: "move", label: "cmd.move", group, keys: ["m"], when: () => messageInHand() !== null, run: () => moveMessage() },
  {
    id: "merge",
    label: "cmd.merge",
    group,
    keys: ["Shift+M"],
    when: () => opened.matter !== null && opened.matter.merged_into === null && mergeable().length > 0,
    run: pickMerge,
  },
  {
    id: "no_reply_needed",
    label: "cmd.noReplyNeeded",
    group,
    keys: ["Shift+N"],
    when: () => opened.matter?.timers.some((timer) => timer.target !== "resolution" && timer.closed_at === null) ?? false,
    run: simply("no_reply_needed"),
  },
  {
    id: "release_reply",
    label: "cmd.releaseReply",
    group,
    keys: ["Shift+O"],
    when: () => heldInHand() !== null,
    run: () => decideHeld("release_reply"),
  },
  { id: "mark_sent", label: "cmd.markSent", group, keys: ["Shift+X"], when: () => heldInHand() !== null, run: () => decideHeld("mark_sent") },
  { id: "release_all", label: "cmd.releaseAll", group, keys: [], when: canDecideAll, run: () => decideAllHeld("release_reply") },
  { id: "mark_all_sent", label: "cmd.markAllSent", group, keys: [], when: canDecideAll, run: () => decideAllHeld("mark_sent") },
  { id: "rename", label: "cmd.rename", group, keys: ["F2"], when: () => opened.page?.customer.erased_at === null, run: rename },
  { id: "erase_customer", label: "cmd.eraseCustomer", group, keys: [], when: mayErase, run: eraseCustomer },
  { id: "undo", label: "cmd.undo", group, keys: ["u"], when: canUndo, run: undo },
];

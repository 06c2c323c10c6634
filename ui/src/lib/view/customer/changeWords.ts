// A change in words. Its detail is an id, an instant or words, as the change needs.
import type { EntryKind } from "../../backend";
import { moment } from "../../clock/format";
import { t, tOr } from "../../i18n/index.svelte";
import { desk } from "../../state/desk.svelte";

type Change = Extract<EntryKind, { kind: "change" }>;

export function changeWords(change: Change, now: number): string {
  const told = tOr(`change.${change.what}`, change.what, { detail: detailOf(change, now) });
  const who = desk.user(change.by)?.name;
  return who ? t("change.by", { who, told }) : told;
}

function detailOf({ what, detail }: Change, now: number): string {
  if (what === "assigned") return detail === "" ? t("pick.nobody") : (desk.user(detail)?.name ?? "?");
  if (what === "team") return desk.team(detail);
  if (what === "priority") return tOr(`priority.${detail}`, detail).toLocaleLowerCase();
  return what === "snoozed" ? moment(Number(detail), now) : detail;
}

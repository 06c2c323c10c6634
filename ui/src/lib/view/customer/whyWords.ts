// The lines of an explanation, in words: a term, and what it is.
import type { Line } from "../../backend";
import { businessSpan, moment } from "../../clock/format";
import { t } from "../../i18n/index.svelte";

export type WhyLine = { term: string; is: string };

export function whyLine(line: Line, now: number): WhyLine {
  const at = (time: number): string => moment(time, now);
  switch (line.label) {
    case "spoke":
    case "promised":
      return { term: t(`why.${line.label}`, { channel: t(`by.${line.channel}`) }), is: at(line.at) };
    case "target": {
      const term = t("why.target", { priority: t(`priority.${line.priority}`).toLocaleLowerCase() });
      const target = businessSpan(line.target_s);
      return { term, is: line.left_s > 0 ? t("why.left", { left: businessSpan(line.left_s), target }) : t("why.over", { target }) };
    }
    case "no_target":
      return { term: t("why.no_target", { priority: t(`priority.${line.priority}`).toLocaleLowerCase() }), is: "" };
    case "due":
      return { term: t("why.due_at"), is: at(line.at) };
    case "stood_still":
      return { term: t("why.stood_still"), is: businessSpan(line.business_s) };
    case "stands_still":
    case "not_due":
      return { term: t(`why.${line.label}`), is: "" };
    default:
      return { term: t(`why.${line.label}`), is: at(line.at) };
  }
}

// What came in while one was writing, in a sentence and in lines.
import type { OutgoingItem, TimelineEntry } from "../../backend";
import { language, t } from "../../i18n/index.svelte";
import { inWords } from "../../i18n/problems";
import { describe } from "./entryWords";

/** Who said what: "Carla Neri wrote, Sam Reyes answered". Each once. */
function whoSpoke(news: TimelineEntry[]): string {
  const told = news.map((entry) => {
    const { who } = describe(entry);
    if (entry.kind.kind === "reply") return t("meanwhile.answered", { who });
    return t(entry.kind.kind === "call" ? "meanwhile.called" : "meanwhile.wrote", { who });
  });
  return new Intl.ListFormat(language.tag, { type: "unit", style: "long" }).format(new Set(told));
}

/** The sentence over the text box. */
export function meanwhile(news: TimelineEntry[], back: OutgoingItem | null, askedAgain: boolean): string {
  if (back && back.state !== "look_again") {
    const reason = back.reason === null ? t("outgoing.state.refused") : inWords(back.code, back.reason);
    return t("meanwhile.notSent", { reason });
  }
  // An answer may come back a moment before what overtook it is here.
  if (news.length === 0) return t("meanwhile.movedOn");
  const spoke = whoSpoke(news);
  if (askedAgain) return t("meanwhile.askedAgain", { spoke });
  return t(back ? "meanwhile.cameBack" : "meanwhile.typing", { spoke });
}

/** Enough of an entry to know what it is about; all of it is in the timeline. */
export function excerptOf({ kind }: TimelineEntry): string {
  if (kind.kind === "message") return kind.fresh_text;
  if (kind.kind === "call") return kind.note;
  return kind.kind === "change" ? "" : kind.text;
}

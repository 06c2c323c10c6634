// Times and spans in the agent's language. Formatters are kept: making one costs more than using it.
import { language, t } from "../i18n/index.svelte";
import type { Left } from "./timer";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** A span as people say it: 45s, 9m, 1h 08m, 3d 4h. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) return t("span.s", { s: String(whole) });
  if (whole < HOUR) return t("span.m", { m: String(Math.floor(whole / MINUTE)) });
  const h = Math.floor((whole % DAY) / HOUR);
  if (whole < DAY && whole % HOUR < MINUTE) return t("span.h", { h: String(h) });
  if (whole < DAY) return t("span.hm", { h: String(h), m: two(Math.floor((whole % HOUR) / MINUTE)) });
  const d = Math.floor(whole / DAY);
  return h === 0 || d > 9 ? t("span.d", { d: String(d) }) : t("span.dh", { d: String(d), h: String(h) });
}

/** A span of business time: hours and minutes, since a working day is not 24 of them. */
export function businessSpan(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < DAY) return span(whole);
  const h = String(Math.floor(whole / HOUR));
  const m = Math.floor((whole % HOUR) / MINUTE);
  return m === 0 ? t("span.h", { h }) : t("span.hm", { h, m: two(m) });
}

/** For a narrow column: the largest unit only, once it is days. */
export function shortSpan(seconds: number): string {
  if (seconds < DAY) return span(seconds);
  return t("span.d", { d: String(Math.floor(seconds / DAY)) });
}

const two = (n: number): string => String(n).padStart(2, "0");

/** The countdown under a ring. Overdue carries a minus, so that colour is never the only sign. */
export function countdown(left: Left, now: number): string {
  switch (left.kind) {
    case "overdue":
      return `\u2212${shortSpan(left.seconds)}`;
    case "left":
      return span(left.seconds);
    case "at":
      return shortMoment(left.at, now);
    case "paused":
      return t("clock.paused");
    case "none":
      return "\u2013";
  }
}

type Style = "time" | "weekday" | "longWeekday" | "date" | "year" | "full" | "longDate";

const styles: Record<Style, Intl.DateTimeFormatOptions> = {
  time: { hour: "2-digit", minute: "2-digit" },
  weekday: { weekday: "short" },
  longWeekday: { weekday: "long" },
  date: { day: "numeric", month: "short" },
  longDate: { day: "numeric", month: "long" },
  year: { day: "numeric", month: "short", year: "numeric" },
  full: { dateStyle: "full", timeStyle: "short" },
};

const kept = new Map<string, Intl.DateTimeFormat>();

function format(style: Style, at: number): string {
  const key = `${language.tag} ${style}`;
  let formatter = kept.get(key);
  if (!formatter) kept.set(key, (formatter = made(style)));
  return formatter.format(at);
}

/** 09:12 where the day has 24 hours, 9:12 AM where it has twice 12. */
function made(style: Style): Intl.DateTimeFormat {
  const formatter = new Intl.DateTimeFormat(language.tag, styles[style]);
  const twelve = style === "time" && formatter.resolvedOptions().hour12 === true;
  return twelve ? new Intl.DateTimeFormat(language.tag, { ...styles.time, hour: "numeric" }) : formatter;
}

const localDay = (at: number): number => {
  const date = new Date(at);
  return Math.floor((at - date.getTimezoneOffset() * 60_000) / (DAY * 1000));
};

/** The shortest text that still says which instant is meant: Thu 08:26, 3 Nov 08:26, 3 Nov 2024. */
export function moment(at: number, now: number): string {
  const days = Math.abs(localDay(now) - localDay(at));
  if (days < 7) return `${format("weekday", at)} ${format("time", at)}`;
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return sameYear ? `${format("date", at)} ${format("time", at)}` : format("year", at);
}

/** For a narrow column: 08:26 today, Wed 08:26 this week, 3 Nov else. */
export function shortMoment(at: number, now: number): string {
  const days = Math.abs(localDay(now) - localDay(at));
  if (days === 0) return format("time", at);
  return days < 7 ? moment(at, now) : format("date", at);
}

/** For a sentence: "opened Tuesday 09:12", "opened 3 November". */
export function longMoment(at: number, now: number): string {
  const days = Math.abs(localDay(now) - localDay(at));
  if (days < 7) return `${format("longWeekday", at)} ${format("time", at)}`;
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return sameYear ? format("longDate", at) : format("year", at);
}

/** For a title: nothing left out. */
export const fullMoment = (at: number): string => format("full", at);

export const timeOfDay = (at: number): string => format("time", at);

export function number(n: number): string {
  return new Intl.NumberFormat(language.tag).format(n);
}

export function percent(part: number): string {
  return new Intl.NumberFormat(language.tag, { style: "percent", maximumFractionDigits: 0 }).format(part);
}

export function bytes(n: number): string {
  const [value, unit] = n < 1024 ? [n, "byte"] : n < 1_048_576 ? [n / 1024, "kilobyte"] : [n / 1_048_576, "megabyte"];
  const options = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: value < 10 ? 1 : 0 } as const;
  return new Intl.NumberFormat(language.tag, options).format(value);
}

// Links of mails: where they go is said before they are followed, and they open in the system's browser, never here.
import { backend, sentenceOf } from "../../backend";
import { t } from "../../i18n/index.svelte";
import { overlay } from "../../state/overlay.svelte";
import { toasts } from "../../state/toasts.svelte";

/** A host as it stands in words: `www.shop.example/sale`, `https://shop.example`. */
const HOST = /^\s*(?:https?:\/\/)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})(?:[/:?#]\S*)?\s*$/iu;

/** Asks first where the words name another place than the link goes to. */
export function follow(address: string, words: string): void {
  const said = hostSaid(words);
  const goes = hostOf(address);
  if (said === null || goes === null || isSame(said, goes)) return void open(address);
  overlay.open({
    kind: "confirm",
    title: t("link.elsewhere"),
    text: t("link.elsewhereText", { said, goes }),
    action: t("link.open"),
    run: () => open(address),
  });
}

function open(address: string): void {
  backend.linkOpen(address).catch((error: unknown) => toasts.warn(sentenceOf(error)));
}

/** The host that a link goes to, as the network writes it: letters that only look alike show as what they are. */
export function hostOf(address: string): string | null {
  try {
    const { protocol, host, pathname } = new URL(address);
    return protocol === "mailto:" ? (pathname.split("@")[1] ?? null) : host || null;
  } catch {
    return null;
  }
}

export function hostSaid(words: string): string | null {
  const named = HOST.exec(words)?.[1];
  return named === undefined ? null : hostOf(`https://${named}`);
}

/** The same, or one below the other. */
export function isSame(said: string, goes: string): boolean {
  const [a, b] = [said, goes].map((host) => host.replace(/^www\./, "").replace(/:\d+$/, "")) as [string, string];
  return a === b || a.endsWith(`.${b}`) || b.endsWith(`.${a}`);
}

/** Where a link lies on its mail, in pixels, a piece for every line that it runs over. */
export type Spot = { key: string; address: string; words: string; first: boolean; left: number; top: number; width: number; height: number };

/** Where the mail's links lie. The frame runs no script and hears nothing, so what lies over it does. */
export function spotsOf(document: Document): Spot[] {
  const links = [...document.body.querySelectorAll<HTMLAnchorElement>("a[href]")];
  return links.flatMap((link, at) => {
    // Found here by whoever goes along with the keyboard; once is enough.
    link.tabIndex = -1;
    const picture = link.querySelector("img");
    const words = link.textContent?.trim() || picture?.alt || "";
    const box = picture?.getBoundingClientRect();
    const pieces = box && !link.textContent?.trim() ? [box] : [...link.getClientRects()];
    return pieces
      .filter(({ width, height }) => width > 0 && height > 0)
      .map(({ left, top, width, height }, piece) => {
        const address = link.getAttribute("href") ?? "";
        return { key: `${at} ${piece}`, address, words, first: piece === 0, left, top, width, height };
      });
  });
}

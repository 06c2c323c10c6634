// A mail's HTML in a frame of its own: a document in which no script runs, nothing is fetched and nothing can be sent.
// It arrives cleaned (see crates/channels/src/email/letter.rs); the frame's walls hold without that, too.
import sheet from "../../../styles/letter.css?url&no-inline";
import { backend, type Letter, type OfMessage } from "../../backend";

/** Its own policy lies over the window's, which it inherits: pictures are data and come from the desk alone. */
const POLICY = "default-src 'none'; style-src 'self'; img-src data: blob:; form-action 'none'; base-uri 'none'";
const AT_ONCE = 4;

export const emptyFrame = [
  "<!doctype html><html><head>",
  `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
  `<meta name="referrer" content="no-referrer"><link rel="stylesheet" href="${sheet}"></head><body></body></html>`,
].join("");

/** Puts the mail into the frame's document. */
export function layOut(document: Document, letter: Letter): void {
  // Parsed apart, where nothing of it can do anything yet.
  const parsed = new DOMParser().parseFromString(letter.html ?? "", "text/html");
  document.body.replaceChildren(...parsed.body.childNodes);
  document.documentElement.classList.toggle("coloured", letter.coloured);
  for (const element of document.body.querySelectorAll<HTMLElement>("[data-style]")) {
    // Set on the object: styles in markup are against the policy, whoever wrote them.
    element.style.cssText = element.dataset["style"] ?? "";
  }
}

/** The pictures of one mail, as long as it is on screen. */
export class Pictures {
  #addresses: string[] = [];
  #ended = false;

  constructor(
    readonly document: Document,
    readonly of: OfMessage,
    readonly letter: Letter,
    readonly shown: () => void,
  ) {}

  /** Those that came along with the mail. */
  inline(): Promise<void> {
    const blobs = new Map(this.letter.inline.map(({ content_id, blob }) => [content_id, blob]));
    return this.#each("data-cid", (id) => {
      const blob = blobs.get(id) ?? blobs.get(decoded(id));
      return blob ? backend.attachmentPicture(this.of, blob, false) : null;
    });
  }

  /** Those that it has elsewhere: only for who asked. */
  elsewhere(): Promise<void> {
    return this.#each("data-remote", (place) => backend.letterPicture(this.of, Number(place)));
  }

  end(): void {
    this.#ended = true;
    for (const address of this.#addresses.splice(0)) URL.revokeObjectURL(address);
  }

  async #each(name: string, bring: (value: string) => Promise<ArrayBuffer> | null): Promise<void> {
    const places = new Map<string, HTMLImageElement[]>();
    for (const image of this.document.body.querySelectorAll<HTMLImageElement>(`img[${name}]:not([src])`)) {
      const value = image.getAttribute(name) ?? "";
      places.set(value, [...(places.get(value) ?? []), image]);
    }
    const waiting = [...places];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next && !this.#ended; next = waiting.shift()) {
        const [value, images] = next;
        const bytes = await bring(value)?.catch(() => null);
        if (bytes) await this.#show(bytes, images);
        else for (const image of images) image.dataset["missing"] = "";
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  async #show(bytes: ArrayBuffer, images: HTMLImageElement[]): Promise<void> {
    if (this.#ended) return;
    const address = URL.createObjectURL(new Blob([bytes]));
    this.#addresses.push(address);
    for (const image of images) image.src = address;
    await images[0]?.decode().catch(() => undefined);
    if (!this.#ended) this.shown();
  }
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

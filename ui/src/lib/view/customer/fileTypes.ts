// What a file is, in a word: by what its sender claims, which its program may find to be otherwise.
import type { Attachment } from "../../backend";

const KNOWN: Record<string, string> = {
  "application/pdf": "PDF",
  "application/zip": "ZIP",
  "text/calendar": "iCalendar",
  "text/vcard": "vCard",
  "text/x-vcard": "vCard",
  "text/plain": "TXT",
  "text/html": "HTML",
  "text/csv": "CSV",
  "message/rfc822": "EML",
  "application/msword": "DOC",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "DOCX",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PPTX",
};

/** Larger ones are opened rather than taken apart for a thumbnail. */
const LARGEST_PICTURE = 8 * 1024 * 1024;

export function typeOf({ media_type, name }: Attachment): string {
  const known = KNOWN[media_type];
  if (known) return known;
  const [family, kind = ""] = media_type.split("/");
  if (family === "image" || family === "audio" || family === "video") return kind.replace(/^x-|\+xml$/g, "").toUpperCase();
  return /\.([a-z0-9]{1,5})$/i.exec(name)?.[1]?.toUpperCase() ?? media_type;
}

export function isPicture({ media_type, bytes }: Attachment): boolean {
  return /^image\/(png|jpe?g|gif|webp)$/.test(media_type) && bytes <= LARGEST_PICTURE;
}

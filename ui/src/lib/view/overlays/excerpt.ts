export type Piece = { text: string; matched: boolean };

/** An excerpt's pieces; what matched stands between U+0001 and U+0002. */
export function pieces(excerpt: string): Piece[] {
  const found: Piece[] = [];
  for (const part of excerpt.split("\u0001")) {
    const end = part.indexOf("\u0002");
    if (end > 0) found.push({ text: part.slice(0, end), matched: true });
    const rest = part.slice(end + 1);
    if (rest) found.push({ text: rest, matched: false });
  }
  return found;
}

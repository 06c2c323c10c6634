/** Those who want to be told. */
export class Hearers<T> {
  #hearers = new Set<(told: T) => void>();

  add(hear: (told: T) => void): () => void {
    this.#hearers.add(hear);
    return () => this.#hearers.delete(hear);
  }

  tell(told: T): void {
    for (const hear of this.#hearers) hear(told);
  }
}

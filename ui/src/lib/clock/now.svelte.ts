// One tick a second for every clock on screen. Server time: this computer's may be wrong.

class Clock {
  /** Milliseconds UTC by the server's clock, to the second. */
  now = $state(Date.now());
  /** An instant of the current local day, for texts that change at midnight and not every second. */
  today = $state(Date.now());
  #offset = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  get offset(): number {
    return this.#offset;
  }

  set offset(milliseconds: number) {
    if (milliseconds === this.#offset) return;
    this.#offset = milliseconds;
    this.tick();
  }

  /** Server time this very moment, for instants that are recorded. */
  exact(): number {
    return Date.now() + this.#offset;
  }

  tick(): void {
    this.now = this.exact();
    if (new Date(this.now).getDate() !== new Date(this.today).getDate()) this.today = this.now;
  }

  start(): () => void {
    const beat = () => {
      // A hidden window needs no clocks; it ticks again on being shown.
      if (!document.hidden) this.tick();
      this.#timer = setTimeout(beat, 1000 - (this.exact() % 1000) + 5);
    };
    const shown = () => document.hidden || this.tick();
    document.addEventListener("visibilitychange", shown);
    beat();
    return () => {
      clearTimeout(this.#timer);
      document.removeEventListener("visibilitychange", shown);
    };
  }
}

export const clock = new Clock();

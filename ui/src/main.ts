import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import { insideTauri, useBackend } from "./lib/backend";
import { language, speak } from "./lib/i18n/index.svelte";
import { startMeasuring } from "./lib/measure/paint";

/** A browser has no desk: while developing, one of paper stands in. No such thing is in a release. */
const PAPER = import.meta.env.DEV || import.meta.env.VITE_PAPER === "1";

async function start(): Promise<void> {
  if (PAPER && !insideTauri()) {
    const { paperFromAddress } = await import("./lib/paper");
    useBackend(paperFromAddress(new URL(location.href)));
  }
  const target = document.getElementById("app");
  if (!target) throw new Error("index.html has lost its #app");
  speak(language.tag);
  startMeasuring();
  mount(App, { target });
}

void start();

import { render, screen } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import App from "./App.svelte";

vi.mock("./lib/backend", () => ({ appInfo: async () => ({ name: "Evendesk", version: "1.2.3" }) }));

test("the window says which program and version it is", async () => {
  render(App);
  expect(screen.getByRole("heading").textContent).toBe("Evendesk");
  expect((await screen.findByText("Version 1.2.3")).tagName).toBe("P");
});

import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { beforeEach, expect, test } from "vitest";
import App from "./App.svelte";
import { useBackend } from "./lib/backend";
import { paperDesk } from "./lib/paper";
import { paperBackend, type PaperDesk } from "./lib/paper/desk";
import { desk as state } from "./lib/state/desk.svelte";
import { overlay } from "./lib/state/overlay.svelte";

let paper: PaperDesk;

beforeEach(() => {
  state.session = null;
  overlay.close();
  paper = paperDesk({ role: "admin" });
  useBackend(paperBackend(paper));
});

async function goTo(letter: string): Promise<void> {
  render(App);
  await screen.findAllByTestId("queue-row");
  await fireEvent.keyDown(document.body, { key: "g" });
  await fireEvent.keyDown(document.body, { key: letter });
}

test("an admin invites a person by keyboard, is told the code once, and can withdraw it", async () => {
  await goTo("p");
  await fireEvent.click(await screen.findByRole("button", { name: "Invite a person" }));
  const dialog = await screen.findByRole("dialog", { name: "Invite a person" });
  await fireEvent.input(within(dialog).getByRole("textbox", { name: /Name/ }), { target: { value: "Cleo Marsh" } });
  await fireEvent.click(within(dialog).getByRole("button", { name: "Make the invitation" }));
  expect((await screen.findByTestId("code")).textContent).toMatch(/^[0-9A-Z]{4}(-[0-9A-Z]{4}){4}$/);
  await fireEvent.click(screen.getByRole("button", { name: "Close" }));
  await fireEvent.click(await screen.findByRole("button", { name: "Withdraw the invitation of Cleo Marsh" }));
  await waitFor(() => expect(screen.queryByTestId("invitation")).toBeNull());
});

test("who is deactivated is asked about first, and moves to the list of those who left", async () => {
  await goTo("p");
  await fireEvent.click(await screen.findByRole("button", { name: "Change Jon Tveit" }));
  await fireEvent.click(await screen.findByRole("button", { name: "Deactivate" }));
  const ask = await screen.findByRole("dialog", { name: "Deactivate Jon Tveit?" });
  await fireEvent.click(within(ask).getByRole("button", { name: "Deactivate" }));
  const gone = await screen.findByRole("table", { name: "Deactivated" });
  expect(gone.textContent).toContain("Jon Tveit");
});

test("a device is signed out after a question, and one's own is not offered", async () => {
  await goTo("v");
  expect(await screen.findAllByTestId("device")).toHaveLength(3);
  expect(screen.queryByRole("button", { name: /Sign out maya-desk/ })).toBeNull();
  await fireEvent.click(screen.getByRole("button", { name: /Sign out front-2/ }));
  const ask = await screen.findByRole("dialog");
  await fireEvent.click(within(ask).getByRole("button", { name: "Sign out" }));
  await waitFor(() => expect(screen.getAllByTestId("device")).toHaveLength(2));
});

test("mailboxes say how they are, and what one set aside is tried again", async () => {
  await goTo("x");
  expect(await screen.findAllByTestId("account")).toHaveLength(2);
  expect(screen.getAllByText(/does not take the password any more/)).not.toHaveLength(0);
  const aside = await screen.findByTestId("aside");
  expect(aside.textContent).toContain("it has no header");
  await fireEvent.click(within(aside).getByRole("button", { name: "Try again" }));
  await waitFor(() => expect(screen.queryByTestId("aside")).toBeNull());
  await fireEvent.click(screen.getByRole("button", { name: "Remove Sales" }));
  await fireEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Remove" }));
  await waitFor(() => expect(screen.getAllByTestId("account")).toHaveLength(1));
});

test("a desk that is signed out from elsewhere says so, and how much of its owner's it keeps", async () => {
  render(App);
  await screen.findAllByTestId("queue-row");
  paper.drafts.set("somewhere", "half a sentence");
  paper.revoke();
  expect(await screen.findByText(/This device was signed out/)).toBeTruthy();
  expect(screen.getByText("1 thing you wrote or did is kept here for you.")).toBeTruthy();
});

test("nothing of the settings is hidden from a screen reader", async () => {
  await goTo("p");
  await screen.findAllByTestId("person");
  const found = await axe.run(document.body, { rules: { "color-contrast": { enabled: false }, region: { enabled: false } } });
  expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
});

import { fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import axe from "axe-core";
import { beforeEach, expect, test } from "vitest";
import App from "./App.svelte";
import { useBackend } from "./lib/backend";
import { paperDesk } from "./lib/paper";
import { paperBackend, type PaperDesk } from "./lib/paper/desk";
import { desk as state } from "./lib/state/desk.svelte";

let paper: PaperDesk;

beforeEach(() => {
  state.session = null;
  paper = paperDesk();
  useBackend(paperBackend(paper));
});

const press = (key: string, more: KeyboardEventInit = {}): void => void fireEvent.keyDown(document.body, { key, ...more });
const rows = (): Promise<HTMLElement[]> => screen.findAllByTestId("queue-row");

test("a new desk offers three ways to begin, and looking around opens the workstation", async () => {
  useBackend(paperBackend(paperDesk({ state: "first_run" })));
  render(App);
  await fireEvent.click(await screen.findByRole("button", { name: /Look around/ }));
  expect(await screen.findByRole("listbox", { name: "Due next" })).toBeTruthy();
});

test("customers are listed by what is due first, with the same clock whatever the channel", async () => {
  render(App);
  const [first, second] = await rows();
  expect(first?.textContent).toContain("Noor Haddad");
  expect(first?.textContent).toContain("\u221212m");
  expect(first?.querySelector('[data-testid="clock"]')?.getAttribute("data-state")).toBe("breached");
  expect(second?.textContent).toContain("Ada Byron");
});

test("j moves on, and an answer written by keyboard closes the customer's wait", async () => {
  render(App);
  await rows();
  press("j");
  expect(await screen.findByRole("heading", { name: "Ada Byron" })).toBeTruthy();
  const box = (await screen.findByRole("textbox", { name: "Reply" })) as HTMLTextAreaElement;
  await fireEvent.input(box, { target: { value: "It ships today." } });
  await fireEvent.keyDown(box, { key: "Enter", ctrlKey: true });
  await waitFor(() => expect(screen.getAllByTestId("entry").at(-1)?.textContent).toContain("It ships today."));
  expect(box.value).toBe("");
});

test("what a picker offers is done to the matter in hand, and undone by one key", async () => {
  render(App);
  await rows();
  press("!");
  await fireEvent.click(await screen.findByRole("option", { name: /Urgent/ }));
  expect(await screen.findByText("Priority is Urgent")).toBeTruthy();
  await waitFor(() => expect(screen.getByRole("button", { name: "Urgent" })).toBeTruthy());
  press("u");
  await waitFor(() => expect(screen.getByRole("button", { name: "Normal" })).toBeTruthy());
});

test("nothing on the workstation is hidden from a screen reader", async () => {
  const { container } = render(App);
  await rows();
  await screen.findAllByTestId("entry");
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
});

test("an answer that the customer has overtaken comes back with what they wrote", async () => {
  render(App);
  await rows();
  press("j");
  await screen.findByRole("heading", { name: "Ada Byron" });
  const box = (await screen.findByRole("textbox", { name: "Reply" })) as HTMLTextAreaElement;
  await fireEvent.input(box, { target: { value: "It ships on Monday." } });
  const matter = paper.world.customers[0]?.conversations[0];
  paper.customerWrites(matter?.id ?? "", "Please cancel it.");
  expect(await screen.findByText(/Something came in since/)).toBeTruthy();
  await fireEvent.keyDown(box, { key: "Enter", ctrlKey: true });
  const dialog = await screen.findByRole("dialog");
  await waitFor(() => expect(dialog.textContent).toContain("Please cancel it."));
  expect(dialog.textContent).toContain("It ships on Monday.");
});

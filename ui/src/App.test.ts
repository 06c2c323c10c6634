import { fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import axe from "axe-core";
import { beforeEach, expect, test } from "vitest";
import App from "./App.svelte";
import { useBackend } from "./lib/backend";
import { paperDesk } from "./lib/paper";
import { paperBackend, type PaperDesk } from "./lib/paper/desk";
import { lastWord } from "./lib/paper/world";
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

/** Ada's matter on screen, an answer typed, and something of hers that came in meanwhile. */
async function overtaken(): Promise<{ box: HTMLTextAreaElement; matter: string; asked: string | null }> {
  render(App);
  await rows();
  press("j");
  await screen.findByRole("heading", { name: "Ada Byron" });
  const box = (await screen.findByRole("textbox", { name: "Reply" })) as HTMLTextAreaElement;
  await fireEvent.input(box, { target: { value: "It ships on Monday." } });
  const on = paper.world.customers.find(({ name }) => name === "Ada Byron")?.conversations[0];
  const asked = on ? lastWord(on) : null;
  paper.customerWrites(on?.id ?? "", "Please cancel it.");
  return { box, matter: on?.id ?? "", asked };
}

test("what came in while one typed is shown beside the draft, marked in the timeline, and never answered blind", async () => {
  const { box } = await overtaken();
  const meanwhile = await screen.findByTestId("meanwhile");
  expect(meanwhile.textContent).toContain("While you typed: Ada Byron wrote.");
  expect(meanwhile.textContent).toContain("Please cancel it.");
  expect(screen.getAllByTestId("entry").at(-1)?.textContent).toContain("new");

  await fireEvent.keyDown(box, { key: "Enter", ctrlKey: true });
  await waitFor(() => expect(meanwhile.textContent).toContain("Not sent yet"));
  expect(box.value).toBe("It ships on Monday.");
  await fireEvent.keyDown(box, { key: "Enter", ctrlKey: true, repeat: true });
  expect(box.value).toBe("It ships on Monday.");
  await fireEvent.keyDown(box, { key: "Enter", ctrlKey: true });
  await waitFor(() => expect(screen.getAllByTestId("entry").at(-1)?.textContent).toContain("It ships on Monday."));
  expect(box.value).toBe("");
});

test("an answer that came back is in the text box again, changed there, and sent by one key", async () => {
  const { box, matter, asked } = await overtaken();
  await fireEvent.input(box, { target: { value: "" } });
  const to = { channel: "email", account: "", to: "", follow_up: false, then: "nothing", confirmed: false } as const;
  paper.comesBack({ do: "reply", conversation: matter, message: "m1", text: "It ships on Friday.", seen: asked, ...to });
  await waitFor(() => expect(box.value).toBe("It ships on Friday."));
  const meanwhile = await screen.findByTestId("meanwhile");
  await waitFor(() => expect(meanwhile.textContent).toContain("Please cancel it."));
  await fireEvent.input(box, { target: { value: "It is cancelled." } });
  await fireEvent.keyDown(box, { key: "Enter", ctrlKey: true });
  await waitFor(() => expect(screen.getAllByTestId("entry").at(-1)?.textContent).toContain("It is cancelled."));
  expect(screen.queryByTestId("meanwhile")).toBeNull();
  expect(box.value).toBe("");
});

test("an answer that comes back waits for the one being typed, and one that is dropped can be had again", async () => {
  const { box, matter, asked } = await overtaken();
  const to = { channel: "email", account: "", to: "", follow_up: false, then: "nothing", confirmed: false } as const;
  paper.comesBack({ do: "reply", conversation: matter, message: "m1", text: "It ships on Friday.", seen: asked, ...to });
  await fireEvent.click(await screen.findByRole("button", { name: "Look" }));
  await waitFor(() => expect(box.value).toBe("It ships on Friday."));
  await fireEvent.keyDown(box, { key: "Backspace", altKey: true });
  await waitFor(() => expect(box.value).toBe("It ships on Monday."));
  await fireEvent.input(box, { target: { value: "" } });
  box.blur();
  press("u");
  await waitFor(() => expect(box.value).toBe("It ships on Friday."));
});

test("Outgoing has what came back and what was typed and not sent, each with a way on by key", async () => {
  const { box, matter, asked } = await overtaken();
  await fireEvent.input(box, { target: { value: "And by the way," } });
  const to = { channel: "email", account: "", to: "", follow_up: false, then: "nothing", confirmed: false } as const;
  paper.comesBack({ do: "reply", conversation: matter, message: "m1", text: "It ships on Friday.", seen: asked, ...to });
  await new Promise((saved) => setTimeout(saved, 500));
  box.blur();
  press("g");
  press("o");
  const states = (): unknown[] => screen.queryAllByTestId("outgoing-item").map((item) => item.dataset["state"]);
  await waitFor(() => expect(states()).toEqual(["look_again", "draft"]));
  const found = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  press("j");
  press("x");
  await screen.findByText("Draft dropped");
  await waitFor(() => expect(screen.getAllByTestId("outgoing-item")).toHaveLength(1));
  press("u");
  await waitFor(() => expect(screen.getAllByTestId("outgoing-item")).toHaveLength(2));
  press("k");
  press("Enter");
  const again = (await screen.findByRole("textbox", { name: "Reply" })) as HTMLTextAreaElement;
  await waitFor(() => expect(again.value).toBe("It ships on Friday."));
});

test("without anything on its way, Outgoing says so", async () => {
  render(App);
  await rows();
  press("g");
  press("o");
  expect(await screen.findByText("Everything has reached the server.")).toBeTruthy();
});

// Who may come in and where they are signed in: asked of the server each time a page of settings is
// opened, since no desk keeps it.
import { backend, codeOf, sentenceOf, type DeviceView, type InvitationView } from "../backend";
import { t } from "../i18n/index.svelte";
import { desk } from "./desk.svelte";

class People {
  devices = $state.raw<DeviceView[]>([]);
  invitations = $state.raw<InvitationView[]>([]);
  /** Why what is shown may be out of date; empty when it is not. */
  problem = $state("");

  async loadDevices(): Promise<void> {
    await this.#tried(async () => (this.devices = await backend.devices()));
  }

  async loadInvitations(): Promise<void> {
    if (!desk.administers) return;
    await this.#tried(async () => (this.invitations = await backend.invitations()));
  }

  async #tried(load: () => Promise<unknown>): Promise<void> {
    try {
      await load();
      this.problem = "";
    } catch (error) {
      this.problem = codeOf(error) === "offline" ? t("offline.list") : sentenceOf(error);
    }
  }
}

export const people = new People();

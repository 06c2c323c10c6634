// How mailboxes, forms and webhooks are, and what they set aside: asked of the server by who oversees.
import { backend, codeOf, sentenceOf, type AccountState, type AsideView } from "../backend";
import { t } from "../i18n/index.svelte";
import { desk } from "./desk.svelte";
import { toasts } from "./toasts.svelte";

class Mailboxes {
  accounts = $state.raw<AccountState[]>([]);
  aside = $state.raw<AsideView[]>([]);
  /** Why what is shown may be out of date; empty when it is not. */
  problem = $state("");

  /** Those that do not mend by themselves. */
  ailing = $derived(this.accounts.filter(({ problem }) => problem?.needs_a_person));

  /** For the banner: quietly, as long as the server can be asked. */
  async look(): Promise<void> {
    if (!desk.oversees || desk.connection.state !== "in_sync") return;
    this.accounts = await backend.accountStates().catch(() => this.accounts);
  }

  async load(): Promise<void> {
    if (!desk.oversees) return;
    try {
      [this.accounts, this.aside] = await Promise.all([backend.accountStates(), backend.setAside()]);
      this.problem = "";
    } catch (error) {
      this.problem = codeOf(error) === "offline" ? t("offline.list") : sentenceOf(error);
    }
  }

  async retry({ account, seq, place }: AsideView): Promise<void> {
    try {
      const { fate } = await backend.asideRetry({ account, seq, place });
      if (typeof fate === "string") toasts.tell(t("aside.taken"));
      else toasts.warn(t("aside.again", { why: why(fate) }));
    } catch (error) {
      toasts.warn(codeOf(error) === "offline" ? t("offline.asked") : sentenceOf(error));
    }
    await this.load();
  }

  async save({ account, seq, place }: AsideView): Promise<void> {
    try {
      toasts.tell(t("file.saved", { path: await backend.asideSave({ account, seq, place }) }));
    } catch (error) {
      toasts.warn(codeOf(error) === "offline" ? t("offline.asked") : sentenceOf(error));
    }
  }

  forget(): void {
    this.accounts = [];
    this.aside = [];
    this.problem = "";
  }
}

export const mailboxes = new Mailboxes();

export function why(fate: AsideView["fate"]): string {
  if (typeof fate === "string") return "";
  if ("quarantined" in fate) return fate.quarantined.why;
  return "withheld" in fate ? fate.withheld.why : t("aside.tooLarge");
}

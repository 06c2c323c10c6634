// What the desk and its server refuse, in languages other than the English of their sentences: by code, which is
// less than the sentence says, but understood. A code that is not here is told in their sentence.
import type { ErrorCode } from "../backend";
import { language } from "./index.svelte";

const problems: Record<string, Partial<Record<ErrorCode, string>>> = {
  de: {
    not_found: "Das ist nicht mehr da oder gehört zu einem Team, in dem Sie nicht sind.",
    not_allowed: "Das darf nur, wer mehr Rechte hat. Fragen Sie die Leitung.",
    not_now: "Das geht jetzt nicht: Der Stand ist inzwischen ein anderer. Sehen Sie noch einmal nach.",
    no_route: "Auf diesem Weg ist der Kunde nicht zu erreichen. Wählen Sie einen anderen Kanal.",
    confirm_recipient: "Von der Adresse, an die das ginge, hat der Kunde nie geschrieben. Senden Sie nur, wenn Sie wissen, wem sie gehört.",
    invalid: "Eine Angabe fehlt, ist zu lang oder stimmt nicht. Ändern Sie sie.",
    needs_upgrade: "Dazu ist eine neuere Fassung von Evendesk nötig. Aktualisieren Sie es auf diesem Rechner.",
    signed_out: "Hier ist niemand angemeldet. Melden Sie sich an.",
    sign_in_again: "Name oder Passwort stimmen nicht, oder die Anmeldung gilt nicht mehr. Melden Sie sich erneut an.",
    offline: "Der Server ist gerade nicht erreichbar. Versuchen Sie es später wieder.",
    insecure: "Die Verbindung wäre nicht vertraulich. Nehmen Sie eine Adresse, die mit https:// beginnt.",
    in_use: "In diesem Ordner arbeitet schon ein anderes Evendesk. Schließen Sie es zuerst.",
    storage: "Die Festplatte ist voll, oder eine Datei ist nicht lesbar oder schreibbar. Schaffen Sie Platz, dann geht es weiter.",
  },
};

/** `sentence`, or what the agent's language has for its code. */
export function inWords(code: string | null, sentence: string): string {
  const known: Partial<Record<string, string>> | undefined = problems[language.tag.slice(0, 2)];
  return (code === null ? undefined : known?.[code]) ?? sentence;
}

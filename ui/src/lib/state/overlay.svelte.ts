// The one thing that may lie over the workstation: a dialog, a picker, the palette.
import type { FeedbackKind, TeamView, UserView } from "../backend";

export type PickOption = { value: string; label: string; hint?: string; on?: boolean };
export type Overlay =
  | { kind: "palette" }
  | { kind: "help" }
  | { kind: "search" }
  | { kind: "call" }
  | { kind: "pick"; title: string; options: PickOption[]; choose: (value: string) => void }
  | { kind: "when"; title: string; choose: (at: number) => void }
  | { kind: "write"; title: string; label: string; text: string; choose: (text: string) => void }
  | { kind: "feedback_details"; id: string | null; text: string; feedbackKind: FeedbackKind; title: string }
  | { kind: "close_feedback"; id: string }
  | { kind: "erase_customer"; id: string; name: string }
  | { kind: "confirm"; title: string; text: string; action: string; run: () => void }
  | { kind: "invite"; again: { id: string; name: string } | null }
  | { kind: "person"; user: UserView }
  | { kind: "team"; team: TeamView | null }
  | { kind: "password" };

class CurrentOverlay {
  shown = $state.raw<Overlay | null>(null);

  open(overlay: Overlay): void {
    this.shown = overlay;
  }

  close(): void {
    this.shown = null;
  }
}

export const overlay = new CurrentOverlay();

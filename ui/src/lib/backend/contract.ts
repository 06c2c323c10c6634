// What a desk must offer the window: one function per query and command of the desk.
// Two things implement it: Tauri's commands (tauri.ts) and the desk of paper (lib/paper).
import type * as T from "./types";

export interface Backend {
  session(): Promise<T.Session>;
  connection(): Promise<T.Connection>;
  directory(): Promise<T.Directory>;
  counts(): Promise<T.Counts>;
  queue(place: T.Place, offset: number, limit: number): Promise<T.QueuePage>;
  customer(customer: string, before: number | null, limit: number): Promise<T.CustomerPage>;
  /** Of what other teams have of a customer, how much; asked of the server. */
  elsewhere(customer: string): Promise<T.Elsewhere>;
  findPerson(text: string): Promise<T.PersonHit[]>;
  why(conversation: string, target: T.Target): Promise<T.Explanation>;
  search(text: string, offset: number, limit: number): Promise<T.SearchPage>;
  board(days: number): Promise<T.Board>;
  boardList(channel: T.Channel | null, state: T.BoardState): Promise<T.QueuePage>;
  feedback(offset: number, limit: number): Promise<T.FeedbackPage>;
  outgoing(): Promise<T.OutgoingItem[]>;
  unsent(): Promise<T.Unsent>;
  heldAnswers(): Promise<T.HeldAnswer[]>;
  draftGet(conversation: string): Promise<string | null>;
  draftPut(conversation: string, text: string): Promise<void>;
  attachmentOpen(file: T.FileOfMessage): Promise<void>;
  /** Keeps a copy among the person's downloads; where it is. */
  attachmentSave(file: T.FileOfMessage): Promise<string>;
  /** A file as a picture, as large as it is shown. */
  attachmentPicture(of: T.OfMessage, blob: string, small: boolean): Promise<ArrayBuffer>;
  /** What is shown of a mail's HTML. */
  letter(of: T.OfMessage): Promise<T.Letter>;
  /** A picture that the mail has elsewhere: asking tells its sender that somebody reads the mail. */
  letterPicture(of: T.OfMessage, place: number): Promise<ArrayBuffer>;
  /** The customers whose mails show such pictures unasked. */
  picturesUnasked(): Promise<string[]>;
  showPicturesUnasked(customer: string, unasked: boolean): Promise<void>;
  /** How mailboxes, forms and webhooks are; for who oversees. */
  accountStates(): Promise<T.AccountState[]>;
  /** What they saw and did not take in. */
  setAside(): Promise<T.AsideView[]>;
  asideRetry(aside: T.Aside): Promise<T.Retried>;
  asideSave(aside: T.Aside): Promise<string>;
  /** Opens a link with the system's program for it. */
  linkOpen(address: string): Promise<void>;
  /** What is marked or copied anywhere on this screen; null where the desk cannot tell. */
  readSelection(): Promise<string | null>;

  submit(body: T.CommandBody): Promise<T.Submitted>;
  /** Sends again; of a reply, `seen` is the last word that its author has been shown. */
  outgoingConfirm(command: string, seen: string | null): Promise<void>;
  outgoingEdit(command: string): Promise<void>;
  outgoingReword(command: string, text: string): Promise<void>;
  outgoingDrop(command: string): Promise<void>;
  outgoingUndrop(command: string): Promise<void>;
  logFeedback(feedback: NewFeedback): Promise<T.FeedbackTicket>;
  undoFeedback(id: string): Promise<void>;
  startLocal(name: string): Promise<void>;
  /** `code`: of an invitation, with which login and password are chosen; null for who is known already. */
  join(server: string, code: string | null, login: string, password: string): Promise<void>;
  lookAround(): Promise<void>;
  signOut(): Promise<void>;
  reconnect(): Promise<void>;
  devices(): Promise<T.DeviceView[]>;
  deviceRevoke(user: string, device: string): Promise<void>;
  invitations(): Promise<T.InvitationView[]>;
  invite(invite: T.Invite): Promise<T.Invited>;
  invitationWithdraw(invitation: string): Promise<void>;
  passwordChange(old: string, fresh: string): Promise<void>;
  setConversationView(conversation: string | null, writing: boolean): Promise<void>;

  onChanged(hear: (changed: T.Changed) => void): Unlisten;
  onConnection(hear: (connection: T.Connection) => void): Unlisten;
  onOpenCustomer(hear: (open: T.OpenCustomer) => void): Unlisten;
  onPresence(hear: (presence: T.Presence) => void): Unlisten;
  onFeedbackShortcut(hear: (shortcut: T.FeedbackShortcut) => void): Unlisten;
}

export type NewFeedback = {
  text: string;
  kind: T.FeedbackKind;
  source_title: string;
  source_address: string;
  sign: boolean;
};

export type Unlisten = () => void;

// What the desk and the window say to each other. Customers, queues, figures and commands are
// written from the Rust types into generated/; what is below comes from the app around the desk.
import type { AccountId } from "./generated/AccountId";
import type { ConversationId } from "./generated/ConversationId";
import type { CustomerId } from "./generated/CustomerId";
import type { MessageId } from "./generated/MessageId";

export type { AccountState } from "./generated/AccountState";
export type { AccountView } from "./generated/AccountView";
export type { ApiError } from "./generated/ApiError";
export type { AsideView } from "./generated/AsideView";
export type { Attachment } from "./generated/Attachment";
export type { Board } from "./generated/Board";
export type { BoardRow } from "./generated/BoardRow";
export type { BoardState } from "./generated/BoardState";
export type { Call } from "./generated/Call";
export type { CallDirection } from "./generated/CallDirection";
export type { CallOutcome } from "./generated/CallOutcome";
export type { Changed } from "./generated/Changed";
export type { Channel } from "./generated/Channel";
export type { CommandBody } from "./generated/CommandBody";
export type { Connection } from "./generated/Connection";
export type { ConnectionState } from "./generated/ConnectionState";
export type { Counts } from "./generated/Counts";
export type { CustomerPage } from "./generated/CustomerPage";
export type { DeviceView } from "./generated/DeviceView";
export type { Directory } from "./generated/Directory";
export type { Doubt } from "./generated/Doubt";
export type { Elsewhere } from "./generated/Elsewhere";
export type { EntryKind } from "./generated/EntryKind";
export type { ErrorCode } from "./generated/ErrorCode";
export type { Explanation } from "./generated/Explanation";
export type { FeedbackKind } from "./generated/FeedbackKind";
export type { FeedbackOutcome } from "./generated/FeedbackOutcome";
export type { FeedbackPage } from "./generated/FeedbackPage";
export type { FeedbackRow } from "./generated/FeedbackRow";
export type { FeedbackTicket } from "./generated/FeedbackTicket";
export type { HeldAnswer } from "./generated/HeldAnswer";
export type { Identity } from "./generated/Identity";
export type { IdentityKind } from "./generated/IdentityKind";
export type { IdentityView } from "./generated/IdentityView";
export type { Letter } from "./generated/Letter";
export type { LeavingFeedback } from "./generated/LeavingFeedback";
export type { InvitationView } from "./generated/InvitationView";
export type { Invite } from "./generated/Invite";
export type { Invited } from "./generated/Invited";
export type { Line } from "./generated/Line";
export type { Matter } from "./generated/Matter";
export type { OutgoingItem } from "./generated/OutgoingItem";
export type { OutgoingState } from "./generated/OutgoingState";
export type { PersonHit } from "./generated/PersonHit";
export type { Place } from "./generated/Place";
export type { Presence } from "./generated/Presence";
export type { Priority } from "./generated/Priority";
export type { QueuePage } from "./generated/QueuePage";
export type { QueueRow } from "./generated/QueueRow";
export type { ReplyRoute } from "./generated/ReplyRoute";
export type { Retried } from "./generated/Retried";
export type { Role } from "./generated/Role";
export type { SearchHit } from "./generated/SearchHit";
export type { SearchPage } from "./generated/SearchPage";
export type { Session } from "./generated/Session";
export type { State as TimerState } from "./generated/State";
export type { Status } from "./generated/Status";
export type { Submitted } from "./generated/Submitted";
export type { Target } from "./generated/Target";
export type { TeamView } from "./generated/TeamView";
export type { Then } from "./generated/Then";
export type { TimelineEntry } from "./generated/TimelineEntry";
export type { TimerView } from "./generated/TimerView";
export type { Timestamp } from "./generated/Timestamp";
export type { Unsent } from "./generated/Unsent";
export type { UnsentDraft } from "./generated/UnsentDraft";
export type { UserView } from "./generated/UserView";

/** A wish of the desktop's: a notification was clicked. */
export type OpenCustomer = { customer: CustomerId; conversation: ConversationId | null };
/** One-click feedback from outside the window; an empty text asks for words. */
export type FeedbackShortcut = { text: string };
/** What was set aside, as the ledger names it. */
export type Aside = { account: AccountId; seq: number; place: number };
/** A message, by where its reader may see it. */
export type OfMessage = { conversation: ConversationId; message: MessageId };
/** A file of one. */
export type FileOfMessage = OfMessage & { blob: string; name: string };

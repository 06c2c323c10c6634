// Who is here, and how the desk is doing. Provisional, until the types are generated from Rust.
export type Timestamp = number;
export type Channel = "email" | "phone" | "web_form" | "social" | "letter";
export type Priority = "low" | "normal" | "high" | "urgent";
export type Status = "open" | "waiting" | "hold" | "resolved";
export type Role = "agent" | "supervisor" | "admin";

export type UserView = { id: string; name: string; role: Role; teams: string[]; initials: string };
export type TeamView = { id: string; name: string };
export type AccountView = { id: string; name: string; channel: Channel; address: string; team: string };
export type Directory = { users: UserView[]; teams: TeamView[]; accounts: AccountView[] };

export type Session = {
  state: "first_run" | "signed_out" | "signed_in";
  user: UserView | null;
  workspace: string;
  server: string;
  demo: boolean;
  keychain: "keychain" | "file" | null;
  key_bindings?: Record<string, string[]>;
};

export type ConnectionState = "in_sync" | "syncing" | "offline" | "sign_in_again" | "upgrade";
export type Connection = {
  state: ConnectionState;
  pending: number;
  attention: number;
  offset_ms: number;
  progress: { done: number; total: number } | null;
  message: string | null;
};

export type TeamCount = { team: string; count: number; overdue: number };
export type Counts = {
  due_next: number;
  overdue: number;
  mine: number;
  unassigned: number;
  waiting: number;
  snoozed: number;
  resolved: number;
  teams: TeamCount[];
  feedback_new: number;
  mentions: number;
  hidden: number;
};

// The desk behind Tauri: every function is one command of src-tauri, by the same name.
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Backend, Unlisten } from "./contract";
import type { OpenCustomer } from "./types";

/** `listen` answers later than it is asked, and may be told to stop before it has begun. */
function hear<T>(event: string, hear: (payload: T) => void): Unlisten {
  const listening = listen<T>(event, ({ payload }) => hear(payload));
  return () => void listening.then((stop) => stop());
}

export const tauriBackend: Backend = {
  session: () => invoke("session"),
  connection: () => invoke("connection"),
  directory: () => invoke("directory"),
  counts: () => invoke("counts"),
  queue: (place, offset, limit) => invoke("queue", { place, offset, limit }),
  customer: (customer, before, limit) => invoke("customer", { customer, before, limit }),
  elsewhere: (customer) => invoke("elsewhere", { customer }),
  findPerson: (text) => invoke("find_person", { text }),
  why: (conversation, target) => invoke("why", { conversation, target }),
  search: (text, offset, limit) => invoke("search", { text, offset, limit }),
  board: (days) => invoke("board", { days }),
  boardList: (channel, state) => invoke("board_list", { channel, state }),
  feedback: (offset, limit) => invoke("feedback", { offset, limit }),
  outgoing: () => invoke("outgoing"),
  unsent: () => invoke("unsent"),
  heldAnswers: () => invoke("held_answers"),
  draftGet: (conversation) => invoke("draft_get", { conversation }),
  draftPut: (conversation, text) => invoke("draft_put", { conversation, text }),
  attachmentOpen: (file) => invoke("attachment_open", { ...file }),
  attachmentSave: (file) => invoke("attachment_save", { ...file }),
  attachmentPicture: (of, blob, small) => invoke("attachment_picture", { ...of, blob, small }),
  letter: (of) => invoke("letter", { ...of }),
  letterPicture: (of, place) => invoke("letter_picture", { ...of, place }),
  picturesUnasked: () => invoke("pictures_unasked"),
  showPicturesUnasked: (customer, unasked) => invoke("show_pictures_unasked", { customer, unasked }),
  accountStates: () => invoke("account_states"),
  setAside: () => invoke("set_aside"),
  asideRetry: (aside) => invoke("aside_retry", { ...aside }),
  asideSave: (aside) => invoke("aside_save", { ...aside }),
  linkOpen: (address) => invoke("link_open", { address }),
  readSelection: async () => (await invoke<{ text: string } | null>("read_selection"))?.text ?? null,

  submit: (body) => invoke("submit", { body }),
  outgoingConfirm: (command, seen) => invoke("outgoing_confirm", { command, seen }),
  outgoingEdit: (command) => invoke("outgoing_edit", { command }),
  outgoingReword: (command, text) => invoke("outgoing_reword", { command, text }),
  outgoingDrop: (command) => invoke("outgoing_drop", { command }),
  outgoingUndrop: (command) => invoke("outgoing_undrop", { command }),
  logFeedback: (feedback) =>
    invoke("log_feedback", {
      text: feedback.text,
      kind: feedback.kind,
      sourceTitle: feedback.source_title,
      sourceAddress: feedback.source_address,
      sign: feedback.sign,
    }),
  undoFeedback: (id) => invoke("undo_feedback", { id }),
  startLocal: (name) => invoke("start_local", { name }),
  join: (server, code, login, password) => invoke("join", { server, code, login, password }),
  lookAround: () => invoke("look_around"),
  reconnect: () => invoke("reconnect"),
  signOut: () => invoke("sign_out"),
  devices: () => invoke("devices"),
  deviceRevoke: (user, device) => invoke("device_revoke", { user, device }),
  invitations: () => invoke("invitations"),
  invite: (invite) => invoke("invite", { invite }),
  invitationWithdraw: (invitation) => invoke("invitation_withdraw", { invitation }),
  passwordChange: (old, fresh) => invoke("password_change", { old, new: fresh }),
  setConversationView: (conversation, writing) => invoke("set_conversation_view", { conversation, writing }),

  onChanged: (told) => hear("changed", told),
  onConnection: (told) => hear("connection", told),
  onOpenCustomer: (told) => {
    const stop = hear("open_customer", told);
    // A click that came before the page listened was kept for it.
    void invoke<OpenCustomer | null>("take_opening").then((kept) => kept && told(kept));
    return stop;
  },
  onPresence: (told) => hear("presence", told),
  onFeedbackShortcut: (told) => hear("feedback_shortcut", told),
};

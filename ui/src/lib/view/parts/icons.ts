// Small line drawings on a 24 by 24 grid, one path each.
import type { Channel } from "../../backend";

export const icons = {
  email: "M3.5 6.5h17v11h-17zM4 7l8 6.2L20 7",
  phone: "M6.2 3.8h3l1.6 4.4-2.2 1.5a10.6 10.6 0 0 0 5.7 5.7l1.5-2.2 4.4 1.6v3a2 2 0 0 1-2.2 2A16.2 16.2 0 0 1 4.2 6a2 2 0 0 1 2-2.2z",
  web_form: "M5 3.5h14v17H5zM8.5 8h7M8.5 12h7M8.5 16h3.5",
  social: "M15.8 12a3.8 3.8 0 1 1-7.6 0 3.8 3.8 0 0 1 7.6 0zm0-3.6v5a2.6 2.6 0 0 0 5.2 0V12a9 9 0 1 0-3.6 7.2",
  letter: "M4 10.2 12 4.5l8 5.7v9.3H4zM4 10.5l8 5 8-5",
  note: "M4.5 19.5h4L19.6 8.4l-4-4L4.5 15.5zM13.4 6.6l4 4",
  search: "M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0zM15.4 15.4 20 20",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  down: "m7 10 5 5 5-5",
  left: "m14.5 6-6 6 6 6",
  clip: "m19 11.5-7.4 7.4a4.6 4.6 0 0 1-6.5-6.5l7.9-7.9a3 3 0 0 1 4.3 4.3l-7.9 7.8a1.4 1.4 0 0 1-2-2l7.2-7.1",
  save: "M12 4v11M7.5 11 12 15.5 16.5 11M4.5 19.5h15",
  check: "m5 12.5 4.5 4.5L19 7.5",
  close: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  warn: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17.2h.01",
  card: "M3.5 5h17v14h-17zM14.5 5v14",
  menu: "M4 7h16M4 12h16M4 17h16",
  pause: "M9 7v10M15 7v10",
  eye: "M2.8 12S6.2 5.8 12 5.8 21.2 12 21.2 12 17.8 18.2 12 18.2 2.8 12 2.8 12zM14.6 12a2.6 2.6 0 1 1-5.2 0 2.6 2.6 0 0 1 5.2 0z",
  outbox: "M4 13.5 6.5 5h11l2.5 8.5v5.5H4zM4 13.5h4.5l1.2 2.3h4.6l1.2-2.3H20",
  send: "M4 12 20 4.5 15 20l-3.4-6.2z",
} as const;

export type IconName = keyof typeof icons;

export const channelIcon = (channel: Channel): IconName => channel;

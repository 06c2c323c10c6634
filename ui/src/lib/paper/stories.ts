// The sample customers of the desk of paper: who they are and what was said, in minutes ago.
import type { Channel, IdentityKind, Priority, Status } from "../backend";

export type Line =
  | { ago: number; by: Channel; text: string; quoted?: string; file?: [string, number]; guessed?: boolean; letterDays?: number }
  | { ago: number; answer: Channel; who: string; text: string; delivery?: "pending" | "failed"; followUp?: boolean }
  | { ago: number; note: string; who: string }
  | { ago: number; call: "answered" | "missed" | "voicemail" | "reached" | "not_reached"; who: string; minutes: number; text: string };

export type Story = {
  name: string;
  ids: [IdentityKind, string][];
  subject: string;
  team: string;
  who?: string;
  priority?: Priority;
  status?: Status;
  /** Minutes from now to the open turn's due instant. */
  due?: number;
  /** Minutes from now to the resolution's. */
  resolve?: number;
  snoozed?: number;
  lines: Line[];
};

const H = 60;
const D = 24 * H;

export const stories: Story[] = [
  {
    name: "Ada Byron",
    ids: [
      ["phone", "+442079460018"],
      ["email", "ada@analytical.example"],
      ["social", "@ada.social.example"],
    ],
    subject: "Order 20881",
    team: "Orders",
    who: "Maya Klein",
    due: -4,
    resolve: 310,
    lines: [
      { ago: 2 * D + 2 * H, by: "email", text: "Hello, I ordered on the 3rd and there is still no tracking number. Could you tell me where it is?" },
      { ago: 2 * D + H, answer: "email", who: "Maya Klein", text: "Good morning Ada, it left our warehouse yesterday. The carrier\u2019s scan should appear by tonight; I have asked them to confirm." },
      { ago: D - 5 * H, call: "answered", who: "Jon Tveit", minutes: 3.3, text: "No scan yet. Promised to call the carrier and write back today." },
      { ago: D - 5 * H - 6, note: "Carrier lost the first parcel, replacement can ship today if approved.", who: "Jon Tveit" },
      { ago: 124, by: "email", text: "Still no tracking number for order 20881. I need it by Saturday.", quoted: "> Good morning Ada, it left our warehouse yesterday.\n> The carrier\u2019s scan should appear by tonight; I have asked them to confirm.", file: ["order-20881.pdf", 48_213] },
    ],
  },
  {
    name: "Ada Byron",
    ids: [["email", "ada@analytical.example"]],
    subject: "Invoice copy",
    team: "Accounts",
    status: "waiting",
    resolve: 3 * D,
    lines: [
      { ago: 6 * D, by: "web_form", text: "May I have a copy of the invoice from March, made out to my company?" },
      { ago: 6 * D - 50, answer: "email", who: "Sofia Okafor", text: "Of course. Which company name and address should it carry?" },
    ],
  },
  {
    name: "Noor Haddad",
    ids: [["phone", "+493055501247"]],
    subject: "Missed call",
    team: "Technical",
    who: "Jon Tveit",
    due: -12,
    resolve: 7 * H,
    lines: [{ ago: 72, call: "missed", who: "Jon Tveit", minutes: 0, text: "" }],
  },
  {
    name: "@harbourlights",
    ids: [["social", "@harbourlights@photo.example"]],
    subject: "Public mention",
    team: "Orders",
    due: -1,
    resolve: 6 * H,
    lines: [{ ago: 121, by: "social", text: "third week waiting on @northwind, anyone there?" }],
  },
  {
    name: "Kwame Mensah",
    ids: [["email", "kwame.mensah@post.example"]],
    subject: "Return request",
    team: "Orders",
    due: 9,
    resolve: 5 * H,
    lines: [{ ago: 111, by: "web_form", text: "Return request: wrong size, two items. Order 20914. I have kept the box." }],
  },
  {
    name: "Imke de Vries",
    ids: [["postal", "Kerkstraat 12, 1017 Amsterdam"]],
    subject: "Warranty claim",
    team: "Technical",
    who: "Maya Klein",
    due: 22,
    resolve: 2 * D,
    lines: [{ ago: 7 * H, by: "letter", letterDays: 1, text: "Letter, 3 pages: warranty claim with receipt. The hinge broke on the second day of use; she asks for a replacement, not a repair.", file: ["letter-scan.pdf", 1_820_113] }],
  },
  {
    name: "Tom\u00e1s Rivera",
    ids: [["email", "tomas@rivera-obras.example"], ["phone", "+34915550143"]],
    subject: "Invoice 4471",
    team: "Accounts",
    due: 68,
    resolve: 9 * H,
    lines: [{ ago: 52, by: "email", text: "Invoice 4471 shows the old address. Could you correct it and send it again? Our accountant closes the month on Friday." }],
  },
  {
    name: "Yuki Tanaka",
    ids: [["phone", "+81355501822"], ["email", "yuki@tanaka-labs.example"]],
    subject: "Firmware 2.4 will not install",
    team: "Technical",
    who: "Sofia Okafor",
    priority: "high",
    due: 101,
    resolve: 8 * H,
    lines: [
      { ago: 5 * H, by: "email", text: "The updater for firmware 2.4 stops at 80 % on all three devices." },
      { ago: 4 * H, answer: "email", who: "Sofia Okafor", text: "Thank you, that is the known problem with the older boot loader. I will look up the right image for your serial numbers." },
      { ago: 40, call: "answered", who: "Sofia Okafor", minutes: 6, text: "Call back promised: firmware 2.4 will not install. Needs the image for revision B." },
    ],
  },
  {
    name: "Lena Fischer",
    ids: [["email", "lena.fischer@mail.example"]],
    subject: "Delivery date",
    team: "Orders",
    due: 200,
    resolve: D,
    lines: [{ ago: 40, by: "web_form", text: "Can I change the delivery date? I am away until the 28th and nobody else can sign for it." }],
  },
  {
    name: "Olu Adeyemi",
    ids: [["email", "olu@adeyemi-partners.example"]],
    subject: "Quote for 40 units",
    team: "Accounts",
    due: 21 * H + 20,
    resolve: 3 * D,
    lines: [{ ago: 30, by: "email", text: "Quote for 40 units, please, with the extended warranty as an option. We would need delivery in two parts." }],
  },
  {
    name: "Marta Kowalska",
    ids: [["email", "marta@kowalska.example"]],
    subject: "Wrong colour delivered",
    team: "Orders",
    who: "Maya Klein",
    status: "waiting",
    resolve: 2 * D,
    lines: [
      { ago: D, by: "email", text: "I ordered the green one and a blue one came." },
      { ago: D - 35, answer: "email", who: "Maya Klein", text: "I am sorry. Could you send me a photo of the label on the box?" },
    ],
  },
  {
    name: "Piotr Nowak",
    ids: [["email", "piotr@nowak.example"]],
    subject: "Setup on a tablet",
    team: "Technical",
    status: "resolved",
    lines: [
      { ago: 3 * D, by: "email", text: "Does the setup work on a tablet as well?" },
      { ago: 3 * D - 25, answer: "email", who: "Jon Tveit", text: "Yes: choose \u201cother device\u201d on the first screen and scan the code there." },
    ],
  },
  {
    name: "Grace Obi",
    ids: [["email", "grace@obi.example"]],
    subject: "Refund for order 20702",
    team: "Accounts",
    who: "Maya Klein",
    snoozed: 3 * H,
    due: 5 * H,
    lines: [
      { ago: 2 * D, by: "email", text: "When will the refund for order 20702 arrive?" },
      { ago: 2 * D - 90, answer: "email", who: "Maya Klein", text: "It was sent on Monday; banks take up to three days.", delivery: "failed" },
    ],
  },
];

export const feedbackSamples = [
  { ago: 50, kind: "complaint", text: "Rant112 writes that our app \u201closes itself whenever the train enters a tunnel\u201d, third post this week.", title: "rant112.blog.example", status: "new" },
  { ago: 4 * H, kind: "market_signal", text: "A competitor takes 20 % off until the end of the month; two callers mentioned it today.", title: "Phone", status: "new" },
  { ago: 2 * D, kind: "idea", text: "\u201cWhy can I not see on the parcel page whether a person or a locker takes it?\u201d", title: "Shop counter, Hamburg", status: "acknowledged" },
  { ago: 9 * D, kind: "implicit_signal", text: "Traffic from Singapore doubled overnight, all on the returns page.", title: "Weekly figures", status: "closed" },
] as const;

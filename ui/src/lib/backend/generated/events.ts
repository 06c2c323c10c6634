/** `customers` is null when everything may have changed. */
export type Changed = { customers: string[] | null; feedback: boolean; settings: boolean };
export type OpenCustomer = { customer: string; conversation: string | null };
export type FeedbackShortcut = { text: string };

import type { Attachment } from "svelte/attachments";

/** Sets CSS variables through the DOM: the window's CSP drops style attributes in silence. */
export function css(variables: Record<string, string>): Attachment<HTMLElement> {
  return (element) => {
    for (const [name, value] of Object.entries(variables)) element.style.setProperty(name, value);
  };
}

// Returns the first visible element with the role, whose accessible name contains the text; an
// exact name wins. Names and roles as far as our own pages need them.
const [role, name] = arguments;

const implied = {
  button: "button, summary, input[type=button], input[type=submit]",
  link: "a[href]",
  textbox: "textarea, input:not([type]), input[type=text], input[type=email], input[type=tel], input[type=url], input[type=password], [contenteditable=true]",
  searchbox: "input[type=search]",
  checkbox: "input[type=checkbox]",
  radio: "input[type=radio]",
  combobox: "select",
  heading: "h1, h2, h3, h4, h5, h6",
  row: "tr",
  cell: "td",
  table: "table",
  list: "ul, ol",
  listitem: "li",
  dialog: "dialog",
  navigation: "nav",
  main: "main",
  img: "img",
};

const plain = (text) => (text ?? "").replace(/\s+/g, " ").trim();

function nameOf(element) {
  const named = element.getAttribute("aria-labelledby");
  if (named) {
    return plain(named.split(/\s+/).map((id) => document.getElementById(id)?.textContent).join(" "));
  }
  return plain(
    element.getAttribute("aria-label") ||
      [...(element.labels ?? [])].map((label) => label.textContent).join(" ") ||
      element.textContent ||
      element.getAttribute("alt") ||
      element.getAttribute("title") ||
      element.getAttribute("placeholder"),
  );
}

const wanted = plain(name);
const own = `[role="${role}"]`;
const selector = implied[role] ? `${own}, :is(${implied[role]}):not([role])` : own;
const visible = [...document.querySelectorAll(selector)].filter(
  (element) => element.getClientRects().length > 0 && !element.closest("[aria-hidden=true], [inert]"),
);
return (
  visible.find((element) => nameOf(element) === wanted) ??
  visible.find((element) => nameOf(element).includes(wanted)) ??
  null
);

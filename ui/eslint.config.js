import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

// Two walls of the architecture stand here: only ui/src/lib/backend speaks to Tauri, and
// no element carries an inline style, since the window's CSP would drop it in silence.
const onlyBackendSpeaksToTauri = {
  patterns: [{ group: ["@tauri-apps/*"], message: "Only ui/src/lib/backend may speak to Tauri." }],
};

export default ts.config(
  { ignores: ["dist/", "node_modules/", "src/lib/backend/generated/"] },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: globals.browser },
    rules: {
      "no-restricted-imports": ["error", onlyBackendSpeaksToTauri],
      eqeqeq: "error",
      "@typescript-eslint/no-explicit-any": "error",
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig } },
    rules: {
      "svelte/no-at-html-tags": "error",
      "svelte/no-inline-styles": ["error", { allowTransitions: false }],
    },
  },
  { files: ["src/lib/backend/**"], rules: { "no-restricted-imports": "off" } },
);

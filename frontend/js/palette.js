// Ctrl K: one input that finds pages and records.
import Combobox from "@github/combobox-nav";
import { all, fire, later, on, one, say, word } from "./dom.js";
import { visit } from "./shell.js";

let nav;

export function openPalette() {
  const dialog = one("#palette");
  if (!dialog || dialog.open) return;
  const input = one("input", dialog);
  const list = one("[role=listbox]", dialog);
  dialog.showModal();
  input.value = "";
  nav ??= new Combobox(input, list, { firstOptionSelectionMode: "active" });
  nav.start();
  fire(input, "fw:search");
}

on("click", "[data-palette]", (event) => { event.preventDefault(); openPalette(); });
on("input", "#palette-q", (event, input) => {
  if (!event.isComposing) later(input, "search", 160, () => fire(input, "fw:search"));
});
on("compositionend", "#palette-q", (event, input) => later(input, "search", 50, () => fire(input, "fw:search")));
on("combobox-commit", "#palette [href]", (event, link) => {
  one("#palette").close();
  visit(link.getAttribute("href"));
});
// The click that chooses an option must not also follow its link.
on("click", "#palette [role=option][href]", (event) => {
  if (!event.ctrlKey && !event.metaKey) event.preventDefault();
});
document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx.target?.id !== "palette-list") return;
  nav?.clearSelection();
  nav?.indicateDefaultOption();
  const count = all("#palette-list [role=option][href]").length;
  say(count ? word("results", { count }) : word("none"));
});

// Line items: add, copy, remove, move, Enter and arrows between cells, rows pasted from a spreadsheet.
import htmx from "htmx.org/dist/htmx.esm.js";
import { fire, later, on, one, say, word } from "./dom.js";
import { dirty, redraw } from "./form.js";

const block = (element) => element.closest("[data-subform]");
const editable = "input:not([type=hidden], .calendar-source), select, textarea";

// What the server has to draw: the whole table comes back, with the totals.
function ask(from, action, extra = {}) {
  const found = block(from);
  const subform = found.dataset.subform;
  dirty();
  return htmx.ajax("POST", `${from.closest("form").dataset.rowsUrl}/${subform}`, {
    source: found, target: `#block-${subform}`, swap: "outerHTML", values: { _do: action, ...extra },
  });
}

on("click", "[data-row-add]", (event, button) => {
  event.preventDefault();
  ask(button, button.value);
});

on("click", "[data-row-do]", (event, button) => {
  event.preventDefault();
  const row = button.closest("tr");
  const subform = block(row).dataset.subform;
  const action = button.dataset.rowDo;
  if (action === "copy") { ask(button, button.value); return; }
  if (action === "remove") { remove(row); return; }
  move(row, action === "up" ? -1 : 1);
  button.focus();
  redraw(subform);
});

function remove(row) {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  const found = block(row);
  row.remove();
  (next ? one(editable, next) : one("[data-row-add]", found))?.focus();
  say(word("removed"));
  dirty();
  redraw(found.dataset.subform);
}

export function move(row, by) {
  const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return;
  if (by < 0) other.before(row);
  else other.after(row);
  dirty();
  say(word("moved"));
}

on("keydown", "[data-subform] tr", (event, row) => {
  if (event.isComposing) return;
  const up = event.key === "ArrowUp";
  if ((event.altKey || event.target.matches("[data-grip]")) && (up || event.key === "ArrowDown")) {
    event.preventDefault();
    const held = document.activeElement;
    move(row, up ? -1 : 1);
    held.focus();
    later(row, "moved", 300, () => redraw(block(row)?.dataset.subform ?? ""));
    return;
  }
  const open = event.target.getAttribute("aria-expanded") === "true" && event.target.hasAttribute("aria-activedescendant");
  if (event.key !== "Enter" || open || !event.target.matches(editable) || event.target.matches("textarea, [type=checkbox]")) return;
  if (event.defaultPrevented) return;
  event.preventDefault();
  const next = row.nextElementSibling;
  if (!next) { fire(event.target, "change"); ask(row, one("[data-row-add]", block(row)).value); return; }
  const cell = event.target.closest("td").cellIndex;
  one(editable, next.cells[cell])?.focus();
});

on("paste", "[data-subform] td[data-field] input", (event, input) => {
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!/[\t\n]/.test(text.trimEnd())) return;
  event.preventDefault();
  const [subform, row, column] = input.closest("td").dataset.field.split(".");
  ask(input, `paste-${subform}-${row}`, { _paste: text, _column: column });
});


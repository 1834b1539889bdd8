// Record forms: checks on leaving an input, live totals, nothing lost by leaving, errors in focus.
import { all, fire, later, on, one, word } from "./dom.js";

const FORM = "#record-form";
const form = () => one(FORM);
const path = (input) => input.closest("[data-field]")?.dataset.field ?? "";
let before = "";

// --- what the server is told while somebody types

export function redraw(changed) {
  const found = form();
  if (!found?.elements._changed) return;
  found.elements._changed.value = changed;
  found.elements._touched.value = [...touched()].join(" ");
  fire(one("#draft", found), "fw:draft");
}

// Inputs that were left once with something in them, or whose errors are shown.
const touched = () => new Set(all("[data-touched], .wrong[data-field], [data-field]:has([aria-invalid])", form()).map((field) => field.dataset.field));

on("focusin", `${FORM} [data-field] :is(input, textarea, select)`, (event, input) => { before = input.value; });
on("change", `${FORM} [data-field] :is(input, textarea, select)`, (event, input) => {
  if (input.type === "file" || input.matches(".calendar-source")) return;
  dirty();
  const field = input.closest("[data-field]");
  field.dataset.touched = "";
  later(form(), "draft", 20, () => redraw(field.dataset.field));
});
on("focusout", `${FORM} [data-field] :is(input, textarea, select)`, (event, input) => {
  if (input.getAttribute("aria-invalid") === "true" && input.value !== before) later(form(), "draft", 20, () => redraw(path(input)));
});
on("input", `${FORM} [data-field] :is(input, textarea)`, (event, input) => {
  dirty();
  if (event.isComposing || input.matches("[role=combobox]")) return;
  // Totals follow the typing; a wrong input is judged anew as soon as it may be right.
  if ("live" in input.dataset) later(form(), "draft", 260, () => redraw(path(input)));
  else if (input.getAttribute("aria-invalid") === "true") later(form(), "draft", 420, () => redraw(path(input)));
});

// --- the marks of an input follow its error, which comes back by itself

function syncInvalid() {
  for (const error of all(`${FORM} .wrong-text[id$="-error"]`)) {
    const field = error.closest("[data-field]");
    if (!field) continue;
    const wrong = Boolean(error.textContent.trim()) && !error.classList.contains("warning");
    field.classList.toggle("wrong", wrong);
    for (const input of all("input:not([type=hidden]), select, textarea", field)) {
      if (wrong) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }
}
document.addEventListener("htmx:after:swap", syncInvalid);

// --- leaving

export function dirty() { const found = form(); if (found) found.dataset.dirty = ""; }
const isDirty = () => Boolean(one(`${FORM}[data-guard][data-dirty]:not([data-sent])`));

addEventListener("beforeunload", (event) => { if (isDirty()) event.preventDefault(); });
document.addEventListener("htmx:before:request", (event) => {
  const { target, sourceElement, request } = event.detail.ctx;
  if (target?.id === "main" && request.method === "GET" && isDirty() && !sourceElement?.matches?.("[data-leave]")) {
    if (!confirm(word("leave"))) { event.preventDefault(); event.stopImmediatePropagation(); }
    else delete form().dataset.dirty;
  }
}, true);
on("submit", "[data-guard]", (event, found) => { found.dataset.sent = ""; }, true);
on("click", "[data-leave]", () => { const found = form(); if (found) delete found.dataset.dirty; }, true);

// --- answers

document.addEventListener("fw:invalid", () => {
  delete form()?.dataset.sent;
  const summary = one("#summary") ?? one("#warnings");
  summary?.focus();
  summary?.scrollIntoView({ block: "center" });
});
document.addEventListener("fw:done", () => { const found = form(); if (found) { found.dataset.sent = ""; delete found.dataset.dirty; } });
document.addEventListener("htmx:response:error", () => { delete form()?.dataset.sent; });
document.addEventListener("htmx:error", () => { delete form()?.dataset.sent; });

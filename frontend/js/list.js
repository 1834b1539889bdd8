// Lists: search while typing, filters at once; all of it goes through one form and one queue.
import { fire, later, on, one, say } from "./dom.js";

const form = () => one("#filters");

on("input", "#list-search", (event, input) => {
  if (!event.isComposing) later(input, "search", 220, () => fire(form(), "fw:search"));
});
on("compositionend", "#list-search", (event, input) => later(input, "search", 50, () => fire(form(), "fw:search")));
// Not `change` of the search box: that comes with the blur, and would race the click that caused it.
on("change", "#filters select, #filters [type=checkbox], #filters [type=hidden]", (event, input) => {
  input.closest(".narrow")?.classList.toggle("set", Boolean(input.value));
  fire(form(), "fw:search");
});
on("click", "[data-sort]", (event, link) => { one("#filters [name=sort]").value = link.dataset.sort; });
document.addEventListener("htmx:config:request", (event) => {
  // Empty inputs stay out of the address.
  const { request, sourceElement } = event.detail.ctx;
  if (sourceElement?.id !== "filters") return;
  for (const [name, value] of [...request.body]) if (!value) request.body.delete(name);
});
document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx.target?.id === "results" || event.detail.ctx.sourceElement?.id === "filters") say(one("#results")?.dataset.count ?? "");
});
on("change", "#bulk [data-all]", (_event, input) => {
  for (const each of document.querySelectorAll(".select input")) each.checked = input.checked;
});

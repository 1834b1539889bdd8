// <fw-tabs>: links that show one panel at a time. Without scripts all panels are there, or the server chose one.
import { all, fire, on, one } from "./dom.js";

customElements.define("fw-tabs", class extends HTMLElement {
  connectedCallback() {
    const bar = one(".tabs", this);
    if (!bar || this.ready) return;
    this.ready = true;
    bar.setAttribute("role", "tablist");
    for (const tab of all("a", bar)) {
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", tab.dataset.panel);
      one(`#${tab.dataset.panel}`, this)?.setAttribute("role", "tabpanel");
    }
    const marked = one("a:has(.wrong)", bar) ?? one("[aria-current]", bar) ?? one("a", bar);
    this.open(marked, false);
  }

  open(tab, chosen = true) {
    for (const each of all("[role=tab]", this)) {
      const current = each === tab;
      each.setAttribute("aria-selected", String(current));
      each.removeAttribute("aria-current");
      each.tabIndex = current ? 0 : -1;
      const panel = one(`#${each.dataset.panel}`, this);
      if (panel) panel.hidden = !current;
      if (current && panel) all("[hx-trigger*='fw:show']", panel).forEach((part) => fire(part, "fw:show"));
    }
    if (chosen && this.dataset.name) history.replaceState(history.state, "", tab.getAttribute("href"));
    this.dataset.ready = "";
  }
});

on("click", "fw-tabs [role=tab]", (event, tab) => {
  if (event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  tab.closest("fw-tabs").open(tab);
});
on("keydown", "fw-tabs [role=tab]", (event, tab) => {
  const tabs = all("[role=tab]", tab.parentElement);
  const step = { ArrowRight: 1, ArrowLeft: -1, Home: -tabs.length, End: tabs.length }[event.key];
  if (!step) return;
  event.preventDefault();
  const next = tabs[Math.min(Math.max(tabs.indexOf(tab) + step, 0), tabs.length - 1)];
  next.focus();
  tab.closest("fw-tabs").open(next);
});
// A link to an input in another tab opens that tab first.
on("click", "#summary a[href^='#']", (event, link) => {
  event.preventDefault();
  const target = document.getElementById(link.getAttribute("href").slice(1));
  const panel = target?.closest("[role=tabpanel]");
  if (panel?.hidden) panel.closest("fw-tabs").open(one(`[data-panel="${panel.id}"]`));
  target?.closest("details:not([open])")?.setAttribute("open", "");
  target?.focus();
  target?.scrollIntoView({ block: "center" });
});

// The frame: token on every request, menus, dialogs, theme, keyboard, the mark of the current page.
import htmx from "htmx.org/dist/htmx.esm.js";
import { all, fire, on, one } from "./dom.js";
import { openPalette } from "./palette.js";

document.addEventListener("htmx:config:request", (event) => {
  event.detail.ctx.request.headers["X-CSRFToken"] = one("meta[name=csrf-token]").content;
});

// --- visits that only change #main

on("click", "a[data-boost]", (event, link) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  visit(link.getAttribute("href"));
});

export function visit(path) {
  closeMenus();
  return htmx.ajax("GET", path, { target: "#main", select: "#main", swap: "outerHTML show:top", push: "true" });
}

let waiting = 0;
document.addEventListener("htmx:before:request", () => document.documentElement.classList.toggle("busy", ++waiting > 0));
document.addEventListener("htmx:finally:request", () => {
  waiting = Math.max(0, waiting - 1);
  document.documentElement.classList.toggle("busy", waiting > 0);
});

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx.target?.id !== "main") return;
  closeMenus();
  one("#nav")?.matches(":popover-open") && one("#nav").hidePopover();
  markCurrent();
  // Focus goes where reading goes on.
  const first = one("#main [autofocus]") ?? one("#summary") ?? one("#main h1");
  first?.focus({ preventScroll: true });
});

function markCurrent() {
  const here = location.pathname;
  const entity = one("#main")?.dataset.home;
  for (const link of all("#nav a, .tabbar a")) {
    const path = new URL(link.href).pathname;
    if (path === here || (entity && path === entity)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

// --- menus and dialogs

const closeMenus = (but) => all("details.menu[open]").forEach((menu) => menu !== but && menu.removeAttribute("open"));

document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
on("toggle", "details.menu", (event, menu) => menu.open && closeMenus(menu), true);
on("click", ".menu-list a", () => closeMenus());
on("click", "[data-open]", (event, button) => { closeMenus(); one(button.dataset.open)?.showModal(); });
on("click", "[data-close]", (event, button) => button.closest("dialog").close());
on("click", "dialog", (event, dialog) => event.target === dialog && dialog.close());
on("click", "[data-create]", (event) => { const dialog = one("#create"); if (dialog) { event.preventDefault(); dialog.showModal(); } });
on("click", "#create a", (event, link) => { event.preventDefault(); one("#create").close(); visit(link.getAttribute("href")); });

// --- theme: at once, and kept in the same cookie that the server reads

on("submit", "[data-theme-form]", (event) => {
  event.preventDefault();
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const menu = event.target.closest(".menu-list");
  const theme = menu ? event.submitter.value : dark ? "light" : "dark";
  document.cookie = `${document.body.dataset.themeCookie}=${theme}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  for (const button of all("[data-theme-form] .tick")) {
    const own = button.closest("button");
    own.setAttribute("aria-pressed", String(own.value === theme));
  }
});

// --- keyboard

const typing = (element) => element.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const command = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  if (command && key === "k") {
    event.preventDefault();
    openPalette();
  } else if (command && key === "s" && one("#record-form")) {
    event.preventDefault();
    one("#record-form").requestSubmit(one("#record-form .actions .primary"));
  } else if (event.key === "Escape") {
    const menu = one("details.menu[open]");
    if (menu) { closeMenus(); one("summary", menu).focus(); }
  } else if (!command && !event.altKey && !typing(event.target) && !one("dialog[open]")) {
    single(event, key);
  }
});

function single(event, key) {
  if (key === "?") return one("#keys").showModal();
  if (key === "j" || key === "k") return step(key === "j" ? 1 : -1, event);
  const wanted = one(`[data-key="${CSS.escape(key)}"]`);
  if (!wanted) return undefined;
  event.preventDefault();
  return wanted.matches("input") ? wanted.focus() : wanted.click();
}

function step(by, event) {
  const rows = all("#results .title, .recent a");
  if (!rows.length) return;
  event.preventDefault();
  const at = rows.indexOf(document.activeElement);
  rows[Math.min(Math.max(at + by, 0), rows.length - 1)].focus();
}

// --- the network

addEventListener("offline", () => document.documentElement.classList.add("no-network"));
addEventListener("online", () => document.documentElement.classList.remove("no-network"));
document.addEventListener("fw:focus", (event) => {
  const found = document.getElementById(event.detail.id);
  found?.focus();
  found?.select?.();
});


// Messages from the server (HX-Trigger: fw:toast) and from the network.
import { all, icon, on, one, say, token, word } from "./dom.js";

const SHOWN = 8000;

document.addEventListener("fw:toast", (event) => show(event.detail));
document.addEventListener("htmx:error", (event) => {
  const error = event.detail.error;
  if (error?.name === "AbortError" || error instanceof TypeError || String(error).includes("timeout")) {
    if (error?.name !== "AbortError") show({ text: word("lost"), bad: true });
  }
});
on("click", "[data-dismiss]", (event, button) => button.closest(".toast").remove());

export function show(note) {
  const toast = document.createElement("div");
  toast.className = note.bad ? "toast bad" : "toast";
  toast.setAttribute("role", note.bad ? "alert" : "status");
  const text = document.createElement("span");
  text.textContent = note.text;
  toast.append(text);
  if (note.undo) toast.append(undo(note.undo));
  if (note.url) toast.append(link(note));
  const close = document.createElement("button");
  close.type = "button";
  close.dataset.dismiss = "";
  close.setAttribute("aria-label", word("dismiss"));
  close.append(icon("x"));
  toast.append(close);
  one("#toasts").append(toast);
  fade(toast);
}

function undo(path) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = path;
  const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: "csrf_token", value: token() });
  const button = document.createElement("button");
  button.textContent = word("undo");
  form.append(hidden, button);
  return form;
}

function link(note) {
  const found = document.createElement("a");
  found.href = note.url;
  found.textContent = note.link;
  if (note.away) found.target = "_blank";
  return found;
}

// It goes by itself, but not while somebody is about to use it.
function fade(toast) {
  let left = setTimeout(() => toast.remove(), SHOWN);
  const wait = () => clearTimeout(left);
  const go = () => { left = setTimeout(() => toast.remove(), SHOWN / 2); };
  toast.addEventListener("pointerenter", wait);
  toast.addEventListener("focusin", wait);
  toast.addEventListener("pointerleave", go);
  toast.addEventListener("focusout", go);
}

all("#toasts .toast").forEach((toast) => { fade(toast); say(toast.firstChild.textContent); });

// <fw-combobox>: the input of a reference. The server finds and draws the options; combobox-nav does the keys.
import Combobox from "@github/combobox-nav";
import { all, fire, icon, later, one, say, token, word } from "./dom.js";

// A morph keeps the element and drops what only we have drawn in it.
document.addEventListener("htmx:after:swap", () => all("fw-combobox").forEach((box) => box.nav && box.drawClear()));

customElements.define("fw-combobox", class extends HTMLElement {
  connectedCallback() {
    this.input = one("[role=combobox]", this);
    this.list = one("[role=listbox]", this);
    this.chosen = one("input[type=hidden]", this);
    if (!this.input || this.nav) return;
    this.many = "many" in this.dataset;
    this.picked = this.input.value;
    this.nav = new Combobox(this.input, this.list, { tabInsertsSuggestions: true, firstOptionSelectionMode: "active" });
    this.input.addEventListener("input", (event) => this.typed(event));
    this.input.addEventListener("compositionend", () => this.search(50));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("click", () => this.isOpen || this.search(0));
    this.input.addEventListener("blur", () => setTimeout(() => this.close(), 120));
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("combobox-commit", (event) => this.commit(event.target));
    this.drawClear();
  }

  disconnectedCallback() {
    this.nav?.destroy();
    this.nav = null;
    this.button?.remove();
  }

  get isOpen() { return !this.list.hidden; }

  typed(event) {
    if (!this.many && this.chosen.value) this.set("", this.input.value);
    if (!event.isComposing) this.search(180);
  }

  key(event) {
    if (event.isComposing) return;
    if (event.key === "Escape" && this.isOpen) {
      event.stopPropagation();
      this.close();
    } else if (event.key === "ArrowDown" && !this.isOpen) {
      event.preventDefault();
      this.search(0);
    } else if (event.key === "Backspace" && this.many && !this.input.value) {
      const last = all(".chip input", this).at(-1);
      if (last) { last.closest(".chip").remove(); fire(this.input, "change"); }
    }
  }

  search(wait) { later(this, "search", wait, () => this.fetch()); }

  async fetch() {
    this.asked?.abort();
    this.asked = new AbortController();
    const form = this.input.form;
    const body = new URLSearchParams(form.method === "post" ? new FormData(form) : "");
    body.set("_q", this.picked === this.input.value && !this.many ? "" : this.input.value);
    let answer;
    try {
      answer = await fetch(this.dataset.url, { method: "POST", body, signal: this.asked.signal, headers: { "X-CSRFToken": token(), "HX-Request": "true", "HX-Request-Type": "partial" } });
    } catch { return; }
    if (!answer.ok || document.activeElement !== this.input) return;
    this.list.innerHTML = await answer.text();
    const count = all("[role=option]:not([aria-disabled])", this.list).length;
    this.open();
    say(count ? word("results", { count }) : word("none"));
  }

  open() {
    this.list.hidden = false;
    this.nav.stop();
    this.nav.start();
    this.nav.clearSelection();
    if (this.input.value && this.input.value !== this.picked) this.nav.indicateDefaultOption();
  }

  close() {
    if (!this.nav || !this.isOpen) return;
    this.list.hidden = true;
    this.nav.stop();
  }

  commit(option) {
    const { value, title } = option.dataset;
    this.close();
    if (this.many) this.add(value, title);
    else this.set(value, title);
    this.changed();
  }

  // A filter has no form to redraw: there the hidden input tells.
  changed() { fire(this.input.name || this.many ? this.input : this.chosen, "change"); }

  set(value, title) {
    this.chosen.value = value;
    this.picked = value ? title : "";
    if (value || !title) this.input.value = title;
    this.drawClear();
  }

  add(value, title) {
    this.input.value = "";
    if (one(`.chip input[value="${CSS.escape(value)}"]`, this)) return;
    const chip = document.createElement("label");
    chip.className = "chip pick";
    chip.append(Object.assign(document.createElement("input"), { type: "checkbox", name: this.dataset.name, value, checked: true }), title, icon("x"));
    one(".chips", this).append(chip);
  }

  drawClear() {
    if (this.many) return;
    this.button?.remove();
    this.button = null;
    if (!this.chosen.value || this.input.disabled) return;
    this.button = Object.assign(document.createElement("button"), { type: "button", className: "clear", tabIndex: -1 });
    this.button.setAttribute("aria-label", word("remove"));
    this.button.append(icon("x"));
    this.button.addEventListener("click", () => { this.set("", ""); this.input.focus(); this.changed(); });
    this.append(this.button);
  }
});

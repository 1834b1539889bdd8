// Small inputs: the calendar beside a date, tags as one types them.
import { all, fire, icon, on, one } from "./dom.js";

// The text stays what is typed; the browser's own calendar only writes into it.
on("click", "[data-calendar]", (event, button) => {
  const source = button.previousElementSibling;
  const text = document.getElementById(source.dataset.writes);
  const day = text.value.match(/^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}))?/);
  source.value = day ? (source.type === "date" ? day[1] : `${day[1]}T${day[2] ?? "09:00"}`) : "";
  try { source.showPicker(); } catch { text.focus(); }
});
on("change", ".calendar-source", (event, source) => {
  const text = document.getElementById(source.dataset.writes);
  text.value = source.value.replace("T", " ");
  fire(text, "input");
  fire(text, "change");
});

customElements.define("fw-tags", class extends HTMLElement {
  connectedCallback() {
    const input = one("input[type=text]", this);
    if (!input || this.ready) return;
    this.ready = true;
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if ((event.key === "Enter" || event.key === "," || event.key === "，") && input.value.trim()) {
        event.preventDefault();
        this.add(input);
      } else if (event.key === "Backspace" && !input.value) {
        all(".chip", this).at(-1)?.remove();
        fire(input, "change");
      }
    });
    input.addEventListener("change", () => input.value.trim() && this.add(input));
  }

  add(input) {
    const known = new Set(all(".chip input", this).map((each) => each.value.toLowerCase()));
    for (const word of input.value.split(/[,，、;；]/).map((each) => each.trim()).filter(Boolean)) {
      if (known.has(word.toLowerCase())) continue;
      const chip = document.createElement("label");
      chip.className = "chip pick";
      chip.append(Object.assign(document.createElement("input"), { type: "checkbox", name: this.dataset.name, value: word, checked: true }), word, icon("x"));
      one(".chips", this).append(chip);
    }
    input.value = "";
    fire(input, "input");
  }
});
on("change", ".chip.pick input", (event, input) => {
  const chip = input.closest(".chip");
  const next = one("input[type=text]", chip.closest("fw-tags, fw-combobox"));
  chip.remove();
  next?.focus();
  fire(next, "change");
});

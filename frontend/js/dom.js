// Small words for what the other modules do all the time.

export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Listens once for all elements that match, now and later.
export function on(type, selector, act, options) {
  document.addEventListener(type, (event) => {
    const found = event.target.closest?.(selector);
    if (found) act(event, found);
  }, options);
}

export function fire(element, type, detail = {}) {
  return element?.dispatchEvent(new CustomEvent(type, { bubbles: true, cancelable: true, detail }));
}

const timers = new WeakMap();

// Runs `act` once, `wait` milliseconds after the last call for this element and name.
export function later(element, name, wait, act) {
  const named = timers.get(element) ?? timers.set(element, {}).get(element);
  clearTimeout(named[name]);
  named[name] = setTimeout(act, wait);
}

const words = JSON.parse(document.body.dataset.words ?? "{}");

// A sentence in the language of the page, with %(name)s places.
export const word = (key, places = {}) => (words[key] ?? key).replace(/%\((\w+)\)s/g, (_, name) => places[name] ?? "");

// Tells screen readers something; emptied first, so that the same text is said twice.
export function say(text) {
  const live = one("#live");
  if (!live) return;
  live.textContent = "";
  setTimeout(() => { live.textContent = text; }, 40);
}

export const token = () => one("meta[name=csrf-token]")?.content ?? "";

// An icon as the server draws it, taken from one that is on the page.
export function icon(name) {
  const sprite = one("svg.icon use")?.getAttribute("href")?.split("#")[0] ?? "";
  const holder = document.createElement("template");
  holder.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${sprite}#${name}"/></svg>`;
  return holder.content.firstChild;
}

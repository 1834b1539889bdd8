// <fw-upload>: files are sent as soon as they are chosen, dropped or pasted; the form only carries their ids.
import { fire, icon, one, token, word } from "./dom.js";
import { dirty } from "./form.js";
import { show } from "./toasts.js";

export function start(uploads) {
  for (const each of uploads) if (!each.ready) ready(each);
}

function ready(upload) {
  upload.ready = true;
  const input = one("input[type=file]", upload);
  const drop = one(".drop", upload);
  input.removeAttribute("name");
  input.addEventListener("change", () => { send(upload, [...input.files]); input.value = ""; });
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); drop.classList.remove("over"); send(upload, [...event.dataTransfer.files]); });
  upload.addEventListener("paste", (event) => { if (event.clipboardData.files.length) send(upload, [...event.clipboardData.files]); });
}

function send(upload, files) {
  const many = "many" in upload.dataset;
  for (const file of many ? files : files.slice(0, 1)) {
    if (file.size > Number(upload.dataset.limit)) { show({ text: word("tooLarge", { name: file.name }), bad: true }); continue; }
    post(upload, file, many);
  }
}

function post(upload, file, many) {
  const line = document.createElement("span");
  line.className = "file";
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
  bar.setAttribute("aria-label", word("uploading", { name: file.name }));
  line.append(icon("paperclip"), file.name, bar);
  one(".files", upload).append(line);
  const body = new FormData();
  body.append("file", file);
  // XMLHttpRequest, for fetch tells nothing of how far an upload is.
  const request = new XMLHttpRequest();
  request.open("POST", "/files");
  request.setRequestHeader("X-CSRFToken", token());
  request.responseType = "json";
  request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; });
  request.addEventListener("load", () => (request.status === 200 ? done(upload, line, request.response, many) : failed(line, file)));
  request.addEventListener("error", () => failed(line, file));
  request.send(body);
}

function failed(line, file) {
  line.remove();
  show({ text: word("failed", { name: file.name }), bad: true });
}

function done(upload, line, stored, many) {
  if (!many) for (const other of [...one(".files", upload).children]) if (other !== line) other.remove();
  const link = Object.assign(document.createElement("a"), { href: stored.url, download: "", textContent: stored.name });
  const size = Object.assign(document.createElement("span"), { className: "muted nowrap", textContent: stored.size });
  const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: upload.dataset.name, value: stored.id });
  const remove = Object.assign(document.createElement("button"), { type: "button", className: "btn quiet small square keep" });
  remove.setAttribute("aria-label", `${word("remove")}: ${stored.name}`);
  remove.append(icon("x"));
  remove.addEventListener("click", () => { line.remove(); dirty(); fire(one("input[type=file]", upload), "input"); });
  const sign = stored.picture ? Object.assign(document.createElement("img"), { className: "thumb", src: `${stored.url}?as=picture`, alt: "" }) : icon("paperclip");
  line.replaceChildren(sign, link, size, hidden, remove);
  dirty();
}

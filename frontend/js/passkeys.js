// Passkeys: asks the server what to sign, has the device sign it, and brings the answer back.

const canDo = Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON);

async function post(address, form, answer) {
  const body = new URLSearchParams(new FormData(form));
  if (answer) body.set("answer", JSON.stringify(answer));
  const response = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
  const told = await response.json();
  if (!response.ok) throw new Error(told.wrong);
  return told;
}

async function sign(kind, options) {
  const signed = kind === "add"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  return signed.toJSON();
}

async function act(form) {
  const place = form.querySelector("[role=alert]");
  const button = form.querySelector("button");
  place.hidden = true;
  button.disabled = true;
  try {
    const options = await post(form.dataset.begin, form);
    const answer = await sign(form.dataset.passkey, options).catch(() => { throw new Error(form.dataset.failed); });
    const done = await post(form.action, form, answer);
    location.assign(done.url);
  } catch (error) {
    // What the server says is a sentence for people; a failing network or device only has the one of the form.
    place.textContent = error.name === "Error" && error.message ? error.message : form.dataset.failed;
    place.hidden = false;
    button.disabled = false;
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = !canDo;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(form);
  });
}

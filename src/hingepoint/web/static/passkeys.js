// Passkeys: a form with data-passkey asks the server what to ask the device, and sends the device's answer with itself, in
// its field answer or the one that data-passkey-field names.
document.querySelectorAll("form[data-passkey]").forEach((form) => {
  const said = form.querySelector("[data-passkey-said]");
  const able = window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON;
  const answer = form.elements[form.dataset.passkeyField || "answer"];
  form.hidden = false;
  if (!able) {
    said.textContent = "This browser knows no passkeys, or is not reached by https.";
    return;
  }
  form.addEventListener("submit", async (event) => {
    if (answer.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    said.textContent = "";
    try {
      const token = form.elements.csrfmiddlewaretoken.value;
      const asked = await fetch(form.dataset.passkey, { method: "POST", headers: { "X-CSRFToken": token } });
      if (!asked.ok) throw new Error(asked.status);
      const options = await asked.json();
      const key = form.dataset.passkeyMakes !== undefined
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      answer.value = JSON.stringify(key.toJSON());
      form.requestSubmit();
    } catch (problem) {
      said.textContent = problem.name === "InvalidStateError"
        ? "This device holds a passkey for you already."
        : "No passkey was used. Try again, or take another way.";
    }
  }, true);
});

// Ties allauth's passkey scripts to the pages. Without JavaScript the buttons stay hidden; codes work all the same.
"use strict";

for (const button of document.querySelectorAll("[data-passkey]")) {
  const failed = document.getElementById("passkey-failed");
  const ids = { credential: "passkey-credential", data: "passkey-options" };
  if (!window.PublicKeyCredential) {
    document.getElementById("passkey-missing")?.removeAttribute("hidden");
    continue;
  }
  button.hidden = false;
  if (button.dataset.passkey === "add") allauth.webauthn.forms.addForm({ ids: { ...ids, add: button.id } });
  else allauth.webauthn.forms.authenticateForm({ ids: { ...ids, authenticate: button.id } });
  button.addEventListener("click", () => { failed.hidden = true; });
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    failed.hidden = false;
  });
}

// Comfort only: every page does its job without this file.
"use strict";

document.documentElement.classList.add("js");

function prepare(root) {
  for (const button of root.querySelectorAll("[data-copy][hidden]")) {
    button.hidden = !navigator.clipboard;
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    const source = document.getElementById(button.dataset.copy);
    if (!source) return;
    try {
      await navigator.clipboard.writeText(source.innerText.trim()); // of a table: its cells with tabs between
    } catch {
      getSelection().selectAllChildren(source); // the browser refused; the person can still press Ctrl-C
      return;
    }
    const label = button.textContent;
    if (label !== button.dataset.copied) {
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = label; }, 2000);
    }
    document.getElementById("live").textContent = button.dataset.copied;
  }
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A second click on a submit button must not start the work twice while the first answer is on its way.
// The mark ends after a while: the answer to a form may be a file, which leaves the page as it is.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method")?.toLowerCase() !== "post") return;
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  form.setAttribute("aria-busy", "true");
  setTimeout(() => form.removeAttribute("aria-busy"), 8000);
});
// The page may come back out of the browser's cache with its forms still marked.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
});

// Only what a person asked for is marked busy; a fragment that refreshes itself each second is not.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.matches("form, button, a")) event.detail.elt.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", (event) => event.detail.elt.removeAttribute("aria-busy"));
document.addEventListener("htmx:afterSwap", (event) => {
  prepare(document);
  event.detail.target.querySelector("#error-summary")?.focus();
});

// The server shows times in this zone to people who chose none.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `time_zone=${zone}; path=/; max-age=31536000; samesite=lax`;

prepare(document);

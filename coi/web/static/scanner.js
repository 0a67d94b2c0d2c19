// Takes every key that a scanner sends, with its time, and lets the service tell what arrived.
"use strict";
(() => {
  const DONE = 1500; // milliseconds without a key after which the scan is over
  const SILENT = ["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock", "Dead"];
  const box = document.querySelector("[data-raw]");
  const keys = [];
  let timer = null;

  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { box.blur(); return; } // the way out for people who use the keyboard
    event.preventDefault(); // Enter, Tab and Ctrl with a letter are part of what the scanner sends
    if (SILENT.includes(event.key)) return;
    const ctrl = event.ctrlKey && !event.altKey; // AltGr is told as both
    keys.push([event.key, ctrl, Math.round(event.timeStamp * 10) / 10]);
    box.value += event.key.length === 1 && !ctrl ? event.key : "·";
    clearTimeout(timer);
    timer = setTimeout(send, DONE);
  });

  function send() {
    box.form.elements.keys.value = JSON.stringify(keys);
    box.form.requestSubmit();
  }
})();

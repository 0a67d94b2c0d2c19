// Makes scanning quicker; every page works without it.
// A hand scanner types fast and ends with Enter. Wherever the cursor stands, such a burst is a scan: it goes into the
// list of the form that asks for it, or into the box at the top, and never into a number, a choice or a button.
"use strict";
(() => {
  const FAST = Number(document.body.dataset.fastest); // milliseconds between two characters, on average: scanners.wedge
  const PAUSE = Number(document.body.dataset.pause); // a longer pause begins something new
  const OURS = /^[A-Z]{3}-[2-9A-HJ-NP-Z]{13}$/; // the form of our own codes
  const SHORTEST = 4; // characters that make a code

  let burst = [];
  let before = null; // where the burst began, and what stood there

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  function remember(event) {
    const last = burst[burst.length - 1];
    if (!last || event.timeStamp - last.time > PAUSE) {
      burst = [];
      before = { element: event.target, value: event.target.value };
    }
    burst.push({ key: event.key, time: event.timeStamp });
  }

  // Scanners send the separator of GS1 as Ctrl+]; a text field would lose it, and two elements would run together.
  function separator(event) {
    if (burst.length) burst.push({ key: "\u001d", time: event.timeStamp });
  }

  function scanned(enter) {
    const length = burst.length;
    if (length < SHORTEST || enter.timeStamp - burst[length - 1].time > PAUSE) return null;
    const pace = (burst[length - 1].time - burst[0].time) / (length - 1);
    return pace <= FAST ? burst.map((one) => one.key).join("") : null;
  }

  document.addEventListener("keydown", (event) => {
    if (event.target.matches("[data-raw]")) return; // the page that tests scanners takes every key itself
    if (event.ctrlKey && event.key === "]") separator(event);
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key !== "Enter") {
      if (event.key.length === 1) remember(event);
      return;
    }
    const text = scanned(event);
    burst = [];
    finish(event, text);
  }, true);

  function finish(event, text) {
    const target = event.target;
    if (target.matches("[data-scan-input]")) {
      event.preventDefault();
      take(target, text);
    } else if (target.matches("[data-scan-box]")) {
      if (text !== null) target.value = text; // the first characters may have come before the cursor was in the box
      target.form.elements.via.value = text !== null ? "wedge" : "typed";
    } else if (text !== null && !target.matches("input[type=password]")) {
      event.preventDefault();
      event.stopPropagation();
      if (before && before.element === target && "value" in target) target.value = before.value;
      route(text);
    } else if (target.matches("input") && target.form && target.form.matches("[data-step]")) {
      event.preventDefault(); // Enter in a value does not send the step
    }
  }

  // ISBT 128: the product code and the divisions of a label belong to the donation number scanned just before them.
  const PART = /^(\][A-Za-z][0-9A-Za-z])?(?==[<,])/;
  let latest = null; // the item that was added last

  function joined(text, via) {
    const box = latest && latest.querySelector("input");
    const said = box && JSON.parse(box.value);
    if (!PART.test(text) || !said || !/^(\][A-Za-z][0-9A-Za-z])?=/.test(said.text)) return false;
    said.text += text.replace(PART, "");
    said.via = via === "wedge" ? said.via : "typed";
    box.value = JSON.stringify(said);
    latest.querySelector(".code").textContent = said.text;
    onward(latest.closest("[data-scan-field]"));
    return true;
  }

  // A donation number alone names no bag, and a product code that ends in 99 says that the divisions come next.
  const AWAITS = /^(\][A-Za-z][0-9A-Za-z])?=[0-9A-NP-Z]{15}(=<[0-9A-Za-z]{6}99)?$/;

  function awaits(field) {
    const box = latest && field.contains(latest) && latest.querySelector("input");
    return Boolean(box) && box.checked && AWAITS.test(JSON.parse(box.value).text);
  }

  function take(input, text) {
    const value = (text ?? input.value).trim();
    if (!value) return;
    if (joined(value, text === null ? "typed" : "wedge")) {
      input.value = "";
      return;
    }
    const field = fitting(value, input.closest("[data-scan-field]"));
    const via = text === null ? "typed" : "wedge";
    value.split("\n").map((line) => line.trim()).filter(Boolean).forEach((line) => add(field, line, via));
    input.value = "";
    onward(field);
  }

  // The first three letters of our codes say what they name: a label never belongs into the field for the shipper.
  const FITTING = { SHP: ["shipper"], CTR: ["container", "label"], LBL: ["label", "container"], LOC: ["location"] };

  function fitting(text, field) {
    const roles = OURS.test(text) && FITTING[text.slice(0, 3)];
    if (!roles || roles.includes(field.dataset.scanField)) return field;
    const others = all("[data-scan-field]", field.closest("form"));
    const fits = roles.map((role) => others.find((one) => one.dataset.scanField === role && room(one)));
    return fits.find(Boolean) || field;
  }

  function route(text) {
    if (joined(text, "wedge")) return;
    const fields = all("[data-scan-field]");
    const first = fields.find((field) => room(field) && missing(field)) || fields.find(room);
    if (first) {
      const open = fitting(text, first);
      add(open, text, "wedge");
      onward(open);
    } else if (!fields.length) {
      const box = document.querySelector("[data-scan-box]");
      if (!box) return;
      box.value = text;
      box.form.elements.via.value = "wedge";
      box.form.requestSubmit();
    }
  }

  const count = (field) => all("[data-scanned] input:checked", field).length;
  const room = (field) => count(field) < Number(field.dataset.max);
  const missing = (field) => count(field) < Number(field.dataset.min);

  function add(field, text, via) {
    const known = all("[data-scanned] input", field).find((one) => JSON.parse(one.value).text === text);
    if (known) {
      known.checked = true;
      known.closest("li").classList.add("again");
      return;
    }
    const item = document.createElement("li");
    const label = document.createElement("label");
    label.className = "scanned-item";
    const box = document.createElement("input");
    box.type = "checkbox";
    box.className = "form-check-input";
    box.name = "scan";
    box.value = JSON.stringify({ role: field.dataset.scanField, text, via });
    box.checked = true;
    const shown = document.createElement("span");
    shown.className = "code";
    shown.textContent = grouped(text);
    const how = document.createElement("span");
    how.className = "tag";
    how.textContent = via === "wedge" ? "scanner" : "typed";
    label.append(box, " ", shown, " ", how);
    item.append(label);
    field.querySelector("[data-scanned]").append(item);
    latest = item;
  }

  function grouped(text) {
    if (!OURS.test(text)) return text;
    return `${text.slice(0, 3)} ${text.slice(4).match(/.{1,4}/g).join(" ")}`;
  }

  const settle = (field) => field.classList.toggle("scanfield-full", !room(field));

  function onward(field) {
    settle(field);
    const form = field.closest("form");
    if (room(field) || awaits(field)) {
      field.querySelector("[data-scan-input]").focus();
      return;
    }
    if (form.matches("[data-send-when-scanned]")) {
      form.requestSubmit(form.querySelector("[data-send]"));
      return;
    }
    const next = all("[data-scan-field]", form).find((one) => room(one) && missing(one));
    const empty = all("input.form-control, select.form-select", form).find((one) => one.required && !one.value);
    const goal = next ? next.querySelector("[data-scan-input]") : empty || form.querySelector("[data-send]");
    goal.focus();
  }

  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (event.target.matches("[data-scanned] input")) settle(event.target.closest("[data-scan-field]"));
    if (event.target.matches("[data-send-when-chosen]")) form.requestSubmit();
    if (event.target.matches("#value-entry") && form.querySelector("[data-look-again]")) {
      form.requestSubmit(form.querySelector("[data-look-again]")); // what builds on an entry is known to the service only
    }
    if (event.target.matches("[data-read-when-chosen]")) form.requestSubmit(form.querySelector("[data-read-picture]"));
  });

  // Clocks count down by the server's time, whatever the device believes.
  const ahead = Date.now() - Date.parse(document.body.dataset.now);

  function said(seconds) {
    const s = Math.abs(seconds), two = (number) => String(number).padStart(2, "0");
    const text = s >= 86400 ? `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`
      : s >= 3600 ? `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`
      : s >= 60 ? `${Math.floor(s / 60)} min ${two(s % 60)} s` : `${s} s`;
    return seconds >= 0 ? `${text} left` : `over by ${text}`;
  }

  function tick() {
    const now = Date.now() - ahead;
    for (const clock of all("[data-due]")) {
      const seconds = Math.floor((Date.parse(clock.dataset.due) - now) / 1000);
      clock.textContent = said(seconds);
      clock.classList.toggle("left-over", seconds < 0);
      clock.classList.toggle("left-soon", seconds >= 0 && Date.parse(clock.dataset.warn) <= now);
    }
  }

  document.documentElement.classList.add("scripted");
  all("[data-scan-field]").forEach(settle);
  if (document.querySelector("[data-due]")) {
    tick();
    setInterval(tick, 1000);
  }
})();

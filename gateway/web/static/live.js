// Shows each new decision as it comes. Text goes in as text, never as HTML.
"use strict";
(() => {
  const place = document.getElementById("live");
  if (!place) return;
  const source = new EventSource("/admin/live?after=" + encodeURIComponent(place.dataset.from));
  source.onmessage = (event) => {
    const told = JSON.parse(event.data);
    const line = document.createElement("p");
    line.className = "liveline";
    const link = document.createElement("a");
    link.href = told.href;
    const words = document.createElement("bdi");
    words.textContent = told.subject || told.author || place.dataset.nothing;
    link.append(words);
    const badge = document.createElement("span");
    badge.className = "badge " + told.outcome;
    badge.textContent = told.words;
    const reason = document.createElement("span");
    reason.className = "reason";
    reason.textContent = told.why;
    reason.title = told.reason;
    const at = document.createElement("span");
    at.className = "at";
    at.textContent = told.at;
    line.append(at, " ", link, " ", badge, " ", reason);
    place.prepend(line);
    while (place.children.length > 50) place.lastElementChild.remove();
  };
})();

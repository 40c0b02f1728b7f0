// The reader's side of the page: buttons inside HTML, the tooltip of a citation, focus.
// Everything is put in as text (textContent), never as markup.
(() => {
  "use strict";
  const say = (name, detail) =>
    document.dispatchEvent(new CustomEvent("pressmark:" + name, { detail: detail || {} }));
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const busy = () => document.querySelector("#live [aria-busy=true]") !== null;
  let origin = null; // how to find the button that opened the article
  let wanted = null; // which panel is to take the focus once it has changed

  const actions = {
    ask: (b) => say("asked", { question: b.dataset.question }),
    retry: (b) => say("retried", { turn: b.dataset.turn }),
    anytime: (b) => say("retried", { turn: b.dataset.turn, any_time: true }),
    place: (b) => {
      wanted = "annals-reader";
      say("placed", { document: b.dataset.document, start: b.dataset.start, end: b.dataset.end });
    },
    edit: (b) => {
      say("edited", { turn: b.dataset.turn });
      document.querySelector("#question textarea, #question input").focus();
    },
    vote: (b) => {
      const note = document.getElementById("note-" + b.dataset.turn);
      say("voted", { turn: b.dataset.turn, vote: b.dataset.vote, note: note ? note.value : "" });
    },
    recall: (b) => say("recalled", { id: b.dataset.id }),
    forget: (b) => {
      if (confirm("Delete this conversation from this browser?")) say("forgotten", { id: b.dataset.id });
    },
    unscope: () => say("unscoped"),
    "scope-ticked": () => say("chosen", { ids: all(".tick:checked").map((box) => box.value) }),
    "scope-listed": () => say("chosen"),
    read: (b) => {
      wanted = "reader";
      say("read_whole", { document: b.dataset.document });
    },
    remove: (b) => {
      if (confirm("Remove “" + b.dataset.title + "” from the library, for everyone?"))
        say("removed", { document: b.dataset.document });
    },
    open: (b) => {
      origin = path(b);
      wanted = "panel";
      say("opened", { document: b.dataset.document, start: b.dataset.start, end: b.dataset.end });
    },
    close: () => leave(),
    copy: (b) => {
      navigator.clipboard.writeText(b.dataset.text).then(
        () => flash(b, "Copied"),
        () => flash(b, "The browser forbids copying"));
    },
    save: (b) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([b.dataset.text], { type: "text/plain" }));
      link.download = b.dataset.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    },
  };
  const whileBusy = new Set(["open", "close", "copy", "save", "read", "place"]);

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-do]");
    if (!button || !Object.hasOwn(actions, button.dataset.do)) return;
    if (busy() && !whileBusy.has(button.dataset.do)) return;
    hideTip();
    actions[button.dataset.do](button);
  });

  // A button's place, in words that still hold after its parent has been drawn anew.
  function path(button) {
    const host = button.closest("#conversation, #live, #panel, #shelf");
    if (!host) return null;
    const turn = button.closest("[data-turn]");
    const within = turn ? '[data-turn="' + turn.dataset.turn + '"] ' : "";
    const same = Array.from(host.querySelectorAll(within + "[data-do=open]"));
    return { host: host.id, within, at: same.indexOf(button) };
  }

  function leave() {
    const open = document.querySelector("#panel [data-article], #panel [data-do=close]");
    if (!open) return;
    if (origin && origin.host === "panel") wanted = "evidence";
    say("closed");
    if (origin && origin.host !== "panel") refocus();
  }

  function refocus() {
    const host = document.getElementById(origin.host);
    const button = host && host.querySelectorAll(origin.within + "[data-do=open]")[origin.at];
    if (button) button.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (tip.hidden) leave();
    else if (document.querySelector("#panel [data-article]")) { hideTip(); leave(); }
    else hideTip();
  });

  // One tooltip for all citations: the sentence, its title and date.
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true"); // the button's own label says the same
  const sentence = tip.appendChild(document.createElement("q"));
  const where = tip.appendChild(document.createElement("p"));

  function showTip(marker) {
    sentence.textContent = marker.dataset.tip;
    where.textContent = marker.dataset.origin;
    tip.hidden = false;
    const box = marker.getBoundingClientRect();
    const width = Math.min(380, window.innerWidth - 24);
    tip.style.width = width + "px";
    tip.style.left = Math.max(12, Math.min(box.left - 24, window.innerWidth - width - 12)) + "px";
    const below = box.bottom + tip.offsetHeight + 12 < window.innerHeight;
    tip.style.top = (below ? box.bottom + 6 : Math.max(6, box.top - tip.offsetHeight - 6)) + "px";
  }
  function hideTip() { tip.hidden = true; }
  for (const [on, act] of [["mouseover", showTip], ["focusin", showTip], ["mouseout", hideTip], ["focusout", hideTip]])
    document.addEventListener(on, (event) => {
      const marker = event.target.closest && event.target.closest(".marker");
      if (marker) act(marker);
    });
  window.addEventListener("scroll", hideTip, { passive: true });

  function flash(button, text) {
    const before = button.textContent;
    button.textContent = text;
    setTimeout(() => { button.textContent = before; }, 1500);
  }

  // Once an article is there: its sentence in view, the focus inside it.
  function settle() {
    if (wanted === "evidence") {
      if (document.querySelector("#panel [data-article]")) return;
      wanted = null;
      refocus();
      return;
    }
    const host = wanted && document.getElementById(wanted);
    const sheet = host && host.querySelector("[data-article]");
    if (!sheet || sheet.dataset.seen) return;
    sheet.dataset.seen = "1";
    wanted = null;
    const mark = sheet.querySelector("mark.cited");
    sheet.focus({ preventScroll: true });
    if (mark) {
      mark.focus({ preventScroll: true });
      const fixed = getComputedStyle(host).position === "fixed" || window.innerWidth > 900;
      if (fixed) sheet.scrollTop = mark.offsetTop - sheet.clientHeight / 3;
      else mark.scrollIntoView({ block: "center" });
    } else if (window.innerWidth <= 900) sheet.scrollIntoView({ block: "start" });
  }

  // A new question comes into view; a draft that grows is followed while its end is in view.
  let before = "";
  function follow() {
    const live = document.querySelector("#live .turn");
    const asked = live ? live.querySelector(".question").textContent : "";
    if (live && asked !== before) live.scrollIntoView({ block: "start", behavior: "smooth" });
    before = asked;
  }

  // Another tab has written the conversations that both keep: read them again on coming back.
  let stale = false;
  const renew = () => { if (stale && !busy() && document.hasFocus()) location.reload(); };
  window.addEventListener("storage", (event) => {
    if (event.key && event.key.startsWith("pressmark-")) stale = true;
  });
  window.addEventListener("focus", renew);
  document.addEventListener("visibilitychange", renew);

  function start() {
    document.body.append(tip);
    document.documentElement.lang = document.documentElement.lang || "en";
    new MutationObserver(() => { settle(); follow(); })
      .observe(document.body, { childList: true, subtree: true });
  }
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();

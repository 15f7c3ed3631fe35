"use strict";
(() => {
  const $ = (selector, inside = document) => inside.querySelector(selector);
  const $$ = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  // Theme: automatic, light, dark.
  const themes = ["automatic", "light", "dark"];
  const root = document.documentElement;
  const button = $("#theme");
  const showTheme = () => { button.textContent = `Theme: ${root.dataset.theme ?? themes[0]}`; };
  button.addEventListener("click", () => {
    const next = themes[(themes.indexOf(root.dataset.theme ?? themes[0]) + 1) % themes.length];
    if (next === themes[0]) delete root.dataset.theme; else root.dataset.theme = next;
    try {
      if (next === themes[0]) localStorage.removeItem("kms-conformance-theme");
      else localStorage.setItem("kms-conformance-theme", next);
    } catch { /* no storage: it holds for this page */ }
    showTheme();
  });
  showTheme();
  button.hidden = false;

  const start = () => {
    // Filters, kept in the address.
    const form = $("#filters");
    const text = form.elements.q;
    const rows = $$(".matrix tbody tr").map((row) => ({
      row,
      id: row.id.slice("rule-".length),
      subject: row.closest("section").dataset.s,
      evidence: row.dataset.e,
      verdicts: $$("td", row).map((cell) => cell.className),
      text: row.textContent.toLowerCase(),
    }));
    const sections = $$("section.rule").map((section) => ({
      section,
      id: section.id.slice("findings-".length),
      findings: $$("article", section).map((article) => ({
        article,
        targets: article.dataset.t.split(" "),
        text: article.textContent.toLowerCase(),
      })),
    }));
    const total = sections.reduce((sum, { findings }) => sum + findings.length, 0);
    const empty = (section, inner) => { section.hidden = !$$(inner, section).some((part) => !part.hidden); };

    // The verdicts that are told one by one.
    const told = ["deviation", "known-deviation", "unexpected-pass"];
    const apply = () => {
      const want = Object.fromEntries(new FormData(form));
      const words = want.q.toLowerCase().split(/\s+/).filter(Boolean);
      const has = (content) => words.every((word) => content.includes(word));
      const taken = new Map();
      let rules = 0;
      let deviations = 0;
      for (const rule of rows) {
        const verdicts = want.target ? [rule.verdicts[want.target]] : rule.verdicts;
        const fits = (!want.subject || rule.subject === want.subject) && (!want.evidence || rule.evidence === want.evidence) &&
          (!want.verdict || verdicts.includes(want.verdict));
        taken.set(rule.id, { fits, text: rule.text });
        rule.row.hidden = !(fits && has(rule.text));
        if (!rule.row.hidden) rules += 1;
      }
      for (const { section, id, findings } of sections) {
        const rule = taken.get(id);
        for (const { article, targets, text: content } of findings) {
          const shown = rule.fits && (!want.verdict || told.includes(want.verdict)) &&
            (!want.target || targets.includes(want.target)) && has(rule.text + content);
          article.hidden = !shown;
          if (shown) deviations += 1;
        }
        empty(section, "article");
      }
      for (const section of $$("section.subject")) empty(section, "tbody tr, section.rule");
      $("#count").textContent = `${rules} of ${rows.length} rules, ${deviations} of ${total} deviations`;
      const kept = new URLSearchParams(Object.entries(want).filter(([, value]) => value));
      const address = `${location.pathname}${kept.size ? `?${kept}` : ""}${location.hash}`;
      try { history.replaceState(null, "", address); } catch { /* kept nowhere */ }
    };
    for (const [name, value] of new URLSearchParams(location.search)) {
      if (form.elements[name]) form.elements[name].value = value;
    }
    let pending = 0;
    form.addEventListener("input", () => { clearTimeout(pending); pending = setTimeout(apply, 80); });
    form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
    form.addEventListener("reset", () => setTimeout(apply));
    form.hidden = false;
    apply();

    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, select, textarea");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        text.focus();
        text.select();
      } else if (event.key === "Escape" && event.target === text) {
        text.value = "";
        apply();
      }
    });

    // Calls: what is shown once elsewhere is brought in.
    const copyOf = (link) => {
      const shown = $(link.hash);
      const pre = (shown.matches("pre") ? shown : $("pre", shown)).cloneNode(true);
      pre.removeAttribute("id");
      return pre;
    };
    const bringIn = (calls) => {
      if (calls.dataset.whole) return;
      calls.dataset.whole = "yes";
      const commands = [];
      for (const step of $$("li", calls)) {
        for (const link of $$("a", step)) {
          const pre = copyOf(link);
          if (link.hash.startsWith("#c")) {
            link.remove();
            step.append(pre);
          } else {
            const name = link.textContent;
            link.remove();
            step.append(element("details", {}, element("summary", { textContent: name === "exchange" ? "Exchange" : `Exchange with ${name}` }), pre));
          }
        }
        commands.push(...$$("pre.sh", step).map((pre) => pre.textContent));
      }
      if (commands.length) {
        const script = `${$("#preparation").textContent}\n${commands.join("\n")}\n`;
        $("ol", calls).before(copyButton("Copy as a script", () => script));
      }
    };
    const copyButton = (label, content) => {
      const made = element("button", { type: "button", className: "copy", textContent: label });
      made.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(content());
          made.textContent = "Copied";
        } catch { made.textContent = "Cannot copy here"; }
        setTimeout(() => { made.textContent = label; }, 1500);
      });
      return made;
    };
    document.addEventListener("toggle", (event) => {
      if (event.target.matches?.("details.calls[open]")) bringIn(event.target);
    }, true);
    const preparation = $("#preparation");
    preparation?.before(copyButton("Copy the preparation", () => preparation.textContent));

    // Permanent links: to rules and deviations, shown whatever the filters say.
    for (const place of $$("article[id] > h5, .matrix tbody th, section.rule > h4")) {
      const holder = place.closest("[id]");
      place.append(element("a", { href: `#${holder.id}`, className: "permalink", textContent: "#", title: "Permanent link", ariaLabel: `Permanent link to ${holder.id}` }));
    }
    const goTo = () => {
      const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (!place) return;
      if (place.closest("[hidden]")) { form.reset(); apply(); }
      for (let inner = place; inner; inner = inner.parentElement) {
        if (inner.matches("details")) inner.open = true;
      }
      for (const details of $$(":scope > th > details, :scope > details.calls", place)) details.open = true;
      place.scrollIntoView({ behavior: "instant" });
    };
    window.addEventListener("hashchange", goTo);
    goTo();

    // On paper everything is open.
    let closed = [];
    window.addEventListener("beforeprint", () => {
      $$("details.calls").forEach(bringIn);
      closed = $$("details:not([open])");
      for (const details of closed) details.open = true;
    });
    window.addEventListener("afterprint", () => { for (const details of closed) details.open = false; });
  };

  // What is compressed takes the place of its short form.
  const packed = $("#packed");
  const unpack = async () => {
    const bytes = Uint8Array.from(atob(packed.content.textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const { findings, commands, exchanges } = await new Response(stream).json();
    for (const [anchor, markup] of Object.entries(findings)) {
      const article = document.getElementById(anchor);
      article.innerHTML = markup;
      article.classList.remove("short");
    }
    $("#commands").insertAdjacentHTML("beforeend", commands);
    $("#exchanges").insertAdjacentHTML("beforeend", exchanges);
    $("#unpacked").remove();
  };
  if (packed) unpack().catch(() => { /* told in short */ }).finally(start); else start();
})();

"use strict";
// Finds the charts of a report and hands each over as SVG and as PNG, with its words.
(function () {
  const SCALE = 2; // pixels of a PNG for each CSS pixel
  const KEPT = "figcaption, h3, .source, .footnote"; // stay beside the chart

  // Light, on white, whatever the system prefers: before the charts are painted.
  function lighten() {
    for (const sheet of document.styleSheets)
      for (let i = sheet.cssRules.length - 1; i >= 0; i--)
        if (/color-scheme:\s*dark|forced-colors/.test(sheet.cssRules[i].conditionText || ""))
          sheet.deleteRule(i);
    document.documentElement.style.setProperty("--paper", "#ffffff");
  }

  const words = (text) => (text || "").replace(/[ \t\r\n]+/g, " ").trim();

  const DRAWN = "[role=img], td svg.row";
  const BLOCKS = "#answer article, figure"; // a chart with all that belongs to it
  const isDrawn = (node) => node.matches(DRAWN) || node.querySelector(DRAWN) !== null;

  // What else stands in the figure has its own place in the report.
  function alone(figure) {
    if (figure.matches("table, svg")) return;
    for (const child of figure.children) {
      const kept = child.matches(KEPT) || child.querySelector(".source") || isDrawn(child);
      if (!kept || child.matches("details")) child.style.display = "none";
    }
  }

  // A chart that is in no figure: what stands beside other parts of the section.
  function outermost(node) {
    while (!node.parentNode.matches(".body, section, #answer")) node = node.parentNode;
    return node;
  }

  // The answer of a study stands above its chart, as on a narrow screen.
  function stacked(article) {
    article.style.cssText = "display:block;border:0;margin:0;padding:0;max-width:44rem;--panel:#ffffff";
    for (const node of article.querySelectorAll(".rules, .also, .who, details, a")) node.style.display = "none";
    article.querySelector("h2").style.marginTop = article.querySelector(".grade") ? ".4rem" : "0";
    article.querySelector(".say-it").style.margin = ".4rem 0 1rem";
  }

  // A chart in words: its label, or the rows of the table that it is drawn in.
  function labelled(block) {
    const inside = (selector) => [block, ...block.querySelectorAll("*")].filter((n) => n.matches(selector));
    const drawn = inside("[role=img]")[0];
    if (!drawn) return inside("table").filter(isDrawn).map(told).join(". ");
    const described = (drawn.getAttribute("aria-describedby") || "").split(" ");
    const texts = described.map((id) => words(document.getElementById(id)?.textContent));
    return words(drawn.getAttribute("aria-label")) || texts.join(" ");
  }

  function told(table) {
    const rows = [...table.querySelectorAll("tbody tr")].map((row) => {
      const cells = [...row.cells].map((cell) => {
        const copy = cell.cloneNode(true);
        for (const node of copy.querySelectorAll(".detail, .vh, svg")) node.remove();
        return words(copy.textContent);
      });
      return cells.filter(Boolean).join(" ");
    });
    return `${words(table.caption?.textContent)}: ${rows.join("; ")}`;
  }

  // Project, data and run, as they stand at the head of the report.
  function provenance() {
    const pairs = [...document.querySelectorAll(".strip dl > div")].slice(0, 3);
    return pairs.map((pair, i) => {
      const name = words(pair.querySelector("dt").textContent).toLowerCase();
      return (i ? name + " " : "") + words(pair.querySelector("dd").textContent);
    }).join(" · ");
  }

  function pictures() {
    const found = [];
    for (const section of document.querySelectorAll("#answer, main section[id]")) {
      let before = section.querySelector("h1, h2"); // the heading of charts that have none
      let study = "";
      const done = new Set();
      for (const node of section.querySelectorAll(`h3, ${BLOCKS}, ${DRAWN}`)) {
        const heading = node.matches("h3") ? node : node.querySelector("h2, h3") || before;
        const kept = node.matches("article") ? "" : study;
        study = words(heading.querySelector("bdi")?.textContent) || kept;
        if (node.matches("h3")) before = node;
        const block = node.closest(BLOCKS) || outermost(node);
        if (node.matches("h3") || !isDrawn(block) || done.has(block)) continue;
        done.add(block);
        const part = block.matches("article:not(.study)") ? block.classList[0] : section.id;
        found.push(picture(block, part, study, words(heading.textContent)));
      }
    }
    return found;
  }

  function picture(block, section, study, title) {
    for (let fold = block.closest("details"); fold; fold = fold.parentNode.closest("details")) fold.open = true;
    (block.matches("article") ? stacked : alone)(block);
    const drawing = new Drawing(block);
    drawing.element(block);
    drawing.foot(provenance());
    const source = [...block.querySelectorAll(".source")].map((node) => words(node.textContent));
    const alt = labelled(block);
    return { section, study, title, alt, source: [...source, provenance()].join(" · "), ...drawing.finished(title, alt) };
  }

  // Pictures that have not loaded hold the page's own load event back, so there is no clock here.
  function developed(found) {
    return found.map((item) => {
      const image = new Image(item.width, item.height);
      image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(item.svg);
      document.body.append(image);
      return image;
    });
  }

  function png(image) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [SCALE * image.width, SCALE * image.height];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/png").split(",")[1];
  }

  function handed(found) {
    const bytes = new TextEncoder().encode(JSON.stringify(found));
    const text = document.createElement("pre");
    text.id = "mentorlift-images";
    text.textContent = btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));
    document.body.replaceChildren(text);
  }

  lighten();
  document.addEventListener("DOMContentLoaded", () => {
    const found = pictures();
    const images = developed(found);
    window.addEventListener("load", () => handed(found.map((item, i) => ({ ...item, png: png(images[i]) }))));
  });
})();

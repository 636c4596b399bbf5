"use strict";
// A part of the report as a drawing that stands alone: SVG with its own colours, lengths and fonts.
// What is drawn is what the page shows, measured where the page has put it; nothing is computed.
const Drawing = (function () {
  const NS = "http://www.w3.org/2000/svg";
  const PAD = 20; // CSS pixels of paper around a drawing
  const pen = document.createElement("canvas").getContext("2d");

  const round = (value) => String(Math.round(value * 100) / 100);
  const words = (text) => (text || "").replace(/[ \t\r\n]+/g, " ").trim();

  function made(name, attributes) {
    const node = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes))
      if (value !== null && value !== undefined && value !== "") node.setAttribute(key, value);
    return node;
  }

  // [colour, opacity] of a computed colour; null where nothing is to be seen.
  function paint(text) {
    if (!text || text === "none") return null;
    const parts = text.match(/[\d.]+/g).map(Number);
    if (parts[3] === 0) return null;
    const hex = parts.slice(0, 3).map((c) => Math.round(c).toString(16).padStart(2, "0"));
    return ["#" + hex.join(""), parts.length > 3 ? parts[3] : 1];
  }

  function painted(node, key, colour, opacity) {
    const found = paint(colour);
    node.setAttribute(key, found ? found[0] : "none");
    const seen = found ? found[1] * Number(opacity) : 1;
    if (seen < 1) node.setAttribute(key + "-opacity", round(seen));
    return found !== null && seen > 0;
  }

  function stroked(node, style) {
    if (!painted(node, "stroke", style.stroke, style.strokeOpacity)) return node.removeAttribute("stroke");
    node.setAttribute("stroke-width", round(parseFloat(style.strokeWidth)));
    if (style.strokeDasharray !== "none")
      node.setAttribute("stroke-dasharray", style.strokeDasharray.replace(/px/g, ""));
    if (style.strokeLinecap !== "butt") node.setAttribute("stroke-linecap", style.strokeLinecap);
    if (style.strokeLinejoin !== "miter") node.setAttribute("stroke-linejoin", style.strokeLinejoin);
    if (style.vectorEffect !== "none") node.setAttribute("vector-effect", style.vectorEffect);
    if (style.paintOrder !== "normal") node.setAttribute("paint-order", style.paintOrder);
  }

  function lettered(node, style) {
    painted(node, "fill", style.color, 1);
    node.setAttribute("font-family", style.fontFamily.replace(/"/g, "'"));
    node.setAttribute("font-size", round(parseFloat(style.fontSize)));
    if (style.fontWeight !== "400") node.setAttribute("font-weight", style.fontWeight);
    if (style.fontStyle !== "normal") node.setAttribute("font-style", style.fontStyle);
    if (parseFloat(style.letterSpacing)) node.setAttribute("letter-spacing", round(parseFloat(style.letterSpacing)));
  }

  // Lengths may be per cent in the page; a drawing that stands alone has numbers.
  const LENGTHS = {
    line: ["x1", "y1", "x2", "y2"], circle: ["cx", "cy", "r"], ellipse: ["cx", "cy", "rx", "ry"],
    rect: ["x", "y", "width", "height", "rx", "ry"], path: [], polyline: [], polygon: [],
  };

  class Drawing {
    constructor(box) {
      this.box = box.getBoundingClientRect();
      this.clips = new Map();
      this.defs = made("defs", {});
      this.body = made("g", {});
      this.bottom = 0;
    }

    x(value) { return value - this.box.left + PAD; }
    y(value) { return value - this.box.top + PAD; }

    // An element of the page with all that is in it, in the order in which it is painted.
    element(node) {
      const style = getComputedStyle(node);
      if (style.display === "none" || style.visibility === "hidden" || node.matches("script, .vh")) return;
      if (node instanceof SVGSVGElement) return this.outer(node);
      this.panel(node, style);
      for (const child of node.childNodes) {
        if (child.nodeType === Node.TEXT_NODE) this.text(child, style);
        else if (child.nodeType === Node.ELEMENT_NODE) this.element(child);
      }
    }

    panel(node, style) {
      const r = node.getBoundingClientRect();
      if (!r.width || !r.height) return;
      this.bottom = Math.max(this.bottom, this.y(r.bottom));
      const fill = made("rect", { x: round(this.x(r.left)), y: round(this.y(r.top)), width: round(r.width), height: round(r.height) });
      if (painted(fill, "fill", style.backgroundColor, 1)) this.body.append(fill);
      for (const side of ["Top", "Right", "Bottom", "Left"]) {
        const width = parseFloat(style["border" + side + "Width"]);
        if (width && style["border" + side + "Style"] !== "none") this.edge(r, side, width, style["border" + side + "Color"]);
      }
    }

    edge(r, side, width, colour) {
      const half = width / 2;
      const x1 = side === "Right" ? r.right - half : side === "Left" ? r.left + half : r.left;
      const y1 = side === "Bottom" ? r.bottom - half : side === "Top" ? r.top + half : r.top;
      const x2 = side === "Left" || side === "Right" ? x1 : r.right;
      const y2 = side === "Top" || side === "Bottom" ? y1 : r.bottom;
      const line = made("line", { x1: round(this.x(x1)), y1: round(this.y(y1)), x2: round(this.x(x2)), y2: round(this.y(y2)), "stroke-width": round(width) });
      if (painted(line, "stroke", colour, 1)) this.body.append(line);
    }

    // Each line of a text as one text: it can be searched, copied and edited.
    text(node, style) {
      pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      const rise = pen.measureText("x").fontBoundingBoxAscent;
      const ends = style.direction === "rtl" ? style.textAlign !== "left" : /right|end/.test(style.textAlign);
      for (const line of lines(node)) {
        const x = ends ? line.right : style.textAlign === "center" ? (line.left + line.right) / 2 : line.left;
        const drawn = made("text", { x: round(this.x(x)), y: round(this.y(line.top + rise)) });
        lettered(drawn, style);
        const rtl = style.direction === "rtl";
        if (rtl) drawn.setAttribute("direction", "rtl");
        if (style.textAlign === "center") drawn.setAttribute("text-anchor", "middle");
        else if (ends !== rtl) drawn.setAttribute("text-anchor", "end");
        drawn.textContent = line.text;
        this.body.append(drawn);
      }
    }

    outer(node) {
      const r = node.getBoundingClientRect();
      const copy = this.nested(node, this.x(r.left), this.y(r.top), r.width, r.height);
      if (copy) this.body.append(copy);
      this.bottom = Math.max(this.bottom, this.y(r.bottom));
    }

    nested(node, x, y, width, height) {
      const copy = made("svg", {
        x: round(x), y: round(y), width: round(width), height: round(height),
        viewBox: node.getAttribute("viewBox"),
        preserveAspectRatio: node.getAttribute("preserveAspectRatio"),
        overflow: getComputedStyle(node).overflow === "visible" ? "visible" : null,
      });
      for (const child of node.children) this.shape(child, copy);
      return copy.children.length ? copy : null;
    }

    shape(node, into) {
      const style = getComputedStyle(node);
      const name = node.tagName.toLowerCase();
      if (style.display === "none" || style.visibility === "hidden") return;
      let copy = null;
      if (name === "svg") {
        const [x, y, w, h] = ["x", "y", "width", "height"].map((key) => node[key].baseVal.value);
        copy = this.nested(node, x, y, w, h);
      } else if (name === "g") copy = this.group(node);
      else if (name === "use") copy = this.used(node);
      else if (name === "text") copy = this.label(node, style);
      else if (name in LENGTHS) copy = this.mark(node, name, style);
      if (!copy) return;
      if (style.opacity !== "1") copy.setAttribute("opacity", round(Number(style.opacity)));
      if (name !== "svg" && node.getAttribute("transform")) copy.setAttribute("transform", node.getAttribute("transform"));
      const clip = /url\("?[^"]*#([^")]+)"?\)/.exec(style.clipPath);
      if (clip) copy.setAttribute("clip-path", `url(#${this.clip(clip[1])})`);
      into.append(copy);
    }

    group(node) {
      const copy = made("g", {});
      for (const child of node.children) this.shape(child, copy);
      return copy.children.length ? copy : null;
    }

    used(node) {
      const symbol = document.getElementById((node.getAttribute("href") || "").slice(1));
      const r = node.ownerSVGElement.getBoundingClientRect();
      if (!symbol) return null;
      const copy = made("svg", { width: round(r.width), height: round(r.height), viewBox: symbol.getAttribute("viewBox") });
      for (const child of symbol.children) this.shape(child, copy);
      return copy.children.length ? copy : null;
    }

    mark(node, name, style) {
      const copy = made(name, { d: node.getAttribute("d"), points: node.getAttribute("points") });
      for (const key of LENGTHS[name])
        if (node.hasAttribute(key)) copy.setAttribute(key, round(node[key].baseVal.value));
      const filled = painted(copy, "fill", style.fill, style.fillOpacity);
      if (filled && style.fillRule !== "nonzero") copy.setAttribute("fill-rule", style.fillRule);
      stroked(copy, style);
      return filled || copy.hasAttribute("stroke") ? copy : null;
    }

    label(node, style) {
      const copy = this.placed("text", node);
      lettered(copy, style);
      painted(copy, "fill", style.fill, style.fillOpacity);
      stroked(copy, style);
      if (style.textAnchor !== "start") copy.setAttribute("text-anchor", style.textAnchor);
      if (style.dominantBaseline !== "auto") copy.setAttribute("dominant-baseline", style.dominantBaseline);
      if (!words(node.textContent)) return null;
      for (const child of node.childNodes) {
        if (child.nodeType === Node.TEXT_NODE) copy.append(child.data);
        else if (child.tagName === "tspan") copy.append(this.part(child, style));
      }
      return copy;
    }

    part(node, outer) {
      const copy = this.placed("tspan", node);
      const style = getComputedStyle(node);
      for (const [key, name] of [["fontWeight", "font-weight"], ["fontSize", "font-size"]])
        if (style[key] !== outer[key]) copy.setAttribute(name, style[key].replace("px", ""));
      if (style.fill !== outer.fill) painted(copy, "fill", style.fill, style.fillOpacity);
      for (const child of node.childNodes)
        copy.append(child.nodeType === Node.TEXT_NODE ? child.data : this.part(child, style));
      return copy;
    }

    placed(name, node) {
      const copy = made(name, {});
      for (const key of ["x", "y", "dx", "dy"])
        if (node[key].baseVal.numberOfItems) copy.setAttribute(key, round(node[key].baseVal.getItem(0).value));
      return copy;
    }

    clip(id) {
      if (!this.clips.has(id)) {
        const copy = made("clipPath", { id: "clip-" + (this.clips.size + 1) });
        this.clips.set(id, copy.id);
        for (const child of document.getElementById(id).children) {
          const shape = made(child.tagName, { d: child.getAttribute("d") });
          for (const key of LENGTHS[child.tagName]) if (child.hasAttribute(key)) shape.setAttribute(key, round(child[key].baseVal.value));
          copy.append(shape);
        }
        this.defs.append(copy);
      }
      return this.clips.get(id);
    }

    // Which run it is from, as small as a note, below everything.
    foot(text) {
      const style = getComputedStyle(document.querySelector("footer"));
      const line = made("text", { x: PAD, y: round(this.bottom + 20) });
      lettered(line, style);
      line.textContent = text;
      this.body.append(line);
      this.bottom += 24;
    }

    finished(title, text) {
      const [width, height] = [Math.ceil(this.box.width + 2 * PAD), Math.ceil(this.bottom + PAD)];
      const root = made("svg", {
        width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
        "aria-labelledby": "title desc", style: "font-variant-numeric:tabular-nums lining-nums",
      });
      for (const [name, content] of [["title", title], ["desc", text]]) {
        const node = made(name, { id: name });
        node.textContent = content;
        root.append(node);
      }
      if (this.defs.children.length) root.append(this.defs);
      root.append(made("rect", { width, height, fill: "#ffffff" }), this.body);
      return { width, height, svg: new XMLSerializer().serializeToString(root) };
    }
  }

  // The lines on which a text stands: words that share a height, whole.
  function lines(node) {
    const found = [];
    const range = document.createRange();
    for (const word of node.data.matchAll(/[^ \t\r\n]+/g))
      for (const [start, end] of unbroken(range, node, word.index, word.index + word[0].length)) {
        range.setStart(node, start);
        range.setEnd(node, end);
        const r = range.getBoundingClientRect();
        if (!r.width) continue;
        const last = found[found.length - 1];
        if (last && Math.abs(last.top - r.top) < 2) {
          last.text += (last.end < start ? " " : "") + node.data.slice(start, end);
          [last.left, last.right, last.end] = [Math.min(last.left, r.left), Math.max(last.right, r.right), end];
        } else found.push({ text: node.data.slice(start, end), left: r.left, right: r.right, top: r.top, end });
      }
    return found;
  }

  // A word that the page broke, in the pieces it was broken into.
  function unbroken(range, node, start, end) {
    range.setStart(node, start);
    range.setEnd(node, end);
    const tops = new Set([...range.getClientRects()].map((r) => Math.round(r.top)));
    if (tops.size < 2 || end - start < 2) return [[start, end]];
    return Array.from({ length: end - start }, (_, i) => [start + i, start + i + 1]);
  }

  return Drawing;
})();

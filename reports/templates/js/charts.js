"use strict";
// Draws the charts over time, in the colours the page has at that moment: light, dark or paper.
(function () {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const paper = window.matchMedia("print");
  const forced = window.matchMedia("(forced-colors: active)");
  const charts = Array.from(document.querySelectorAll("[data-figure]"));

  // A colour as the page computes it, so that system colours have a value too.
  function colours() {
    const probe = document.body.appendChild(document.createElement("span"));
    probe.style.forcedColorAdjust = "none";
    const known = {};
    return {
      of(role) {
        if (!known[role]) {
          probe.style.color = "var(--" + role + ")";
          known[role] = window.getComputedStyle(probe).color;
        }
        return known[role];
      },
      done: () => probe.remove(),
    };
  }

  function painted(figure, colour) {
    for (const trace of figure.data) {
      if (trace.fill) trace.fillcolor = colour(trace.meta);
      if (trace.line) trace.line.color = colour(trace.meta);
      if (trace.marker) {
        trace.marker.color = colour(trace.meta);
        trace.marker.line = { color: colour("paper"), width: 1 };
        trace.error_y.color = colour(trace.meta);
      }
    }
    const layout = figure.layout;
    layout.font.color = colour("ink-2");
    for (const note of layout.annotations || []) note.font.color = colour(note.name);
    for (const shape of layout.shapes || []) shape.line.color = colour(shape.name);
    layout.yaxis.gridcolor = colour("rule");
    return figure;
  }

  function draw() {
    const palette = colours();
    const colour = palette.of;
    for (const chart of charts) {
      chart.hidden = false;
      const source = document.getElementById(chart.dataset.figure).textContent;
      const figure = painted(JSON.parse(source), colour);
      window.Plotly.react(chart, figure.data, figure.layout, {
        staticPlot: true,
        displayModeBar: false,
        responsive: true,
      });
      // On paper the drawing shrinks to the page, which needs its own coordinates.
      for (const svg of chart.querySelectorAll(".main-svg")) {
        svg.setAttribute("viewBox", "0 0 " + svg.getAttribute("width") + " " + svg.getAttribute("height"));
      }
    }
    palette.done();
  }

  draw();
  // The table is the chart for readers without script: folded only once there is a chart.
  for (const chart of charts) {
    document.getElementById(chart.dataset.numbers).open = false;
  }
  dark.addEventListener("change", draw);
  paper.addEventListener("change", draw);
  forced.addEventListener("change", draw);
})();

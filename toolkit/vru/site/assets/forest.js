/* A forest plot as inline SVG, by the rules of vru/site/axis.py and forest.py; a test keeps the two alike. */
(function () {
  "use strict";
  var LEFT = 262, RIGHT = 552, WIDTH = 760, ROW = 42, TOP = 34, FOOT = 34, MARGIN = 0.06;
  var APART = { log_rate_ratio: 52, count_difference: 86, mean_difference: 86, risk_difference: 86 };
  var LEAST = { log_rate_ratio: Math.log(1.1), count_difference: 1, mean_difference: 1e-6, risk_difference: 0.01 };
  var WAYS = { count_difference: ["fewer", "more"], mean_difference: ["lower", "higher"], risk_difference: ["points lower", "points higher"] };
  var LARGEST = Math.log(8);
  var RATIOS = [[1, "no change"], [0.5, "−50%"], [2, "+100%"], [0.75, "−25%"], [1.5, "+50%"], [0.25, "−75%"],
    [4, "+300%"], [1.25, "+25%"], [0.9, "−10%"], [1.1, "+10%"], [0.125, "−88%"], [8, "+700%"]];
  var UNIT = { log_rate_ratio: "change in per cent, on a ratio scale", count_difference: "change in number",
    mean_difference: "change in units of the measure", risk_difference: "change in percentage points" };

  function steps(low, high, scale) {
    var unit = scale === "risk_difference" ? 0.01 : 1;
    var rough = (high - low) / unit / 3;
    var power = Math.pow(10, Math.floor(Math.log10(rough)));
    var step = [1, 2, 5, 10].map(function (m) { return m * power; }).filter(function (s) { return s >= rough; })[0];
    var marks = [[0, "no change"]];
    for (var i = 1; i < 5; i += 1) {
      var size = i * step;
      var words = size >= 1 ? Math.round(size).toLocaleString("en-GB") : String(Number(size.toPrecision(6)));
      marks.push([-size * unit, words + " " + WAYS[scale][0]], [size * unit, words + " " + WAYS[scale][1]]);
    }
    return marks;
  }

  function axis(values, scale) {
    var ratio = scale === "log_rate_ratio";
    var least = LEAST[scale];
    if (ratio) { values = values.map(function (v) { return Math.min(Math.max(v, -LARGEST), LARGEST); }); }
    var low = Math.min.apply(null, values.concat(-least)), high = Math.max.apply(null, values.concat(least));
    var margin = MARGIN * (high - low);
    var made = { low: low - margin, high: high + margin, ticks: [] };
    made.x = function (v) {
      return LEFT + (Math.min(Math.max(v, made.low), made.high) - made.low) / (made.high - made.low) * (RIGHT - LEFT);
    };
    made.beyond = function (v) { return v < made.low || v > made.high; };
    var marks = ratio ? RATIOS.map(function (r) { return [Math.log(r[0]), r[1]]; }) : steps(low, high, scale);
    marks.forEach(function (m) {
      var clear = made.ticks.every(function (k) { return Math.abs(made.x(m[0]) - made.x(k[0])) >= APART[scale]; });
      if (!made.beyond(m[0]) && clear) { made.ticks.push(m); }
    });
    made.ticks.sort(function (a, b) { return a[0] - b[0]; });
    return made;
  }

  function node(parent, name, attributes, words) {
    var made = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.keys(attributes).forEach(function (key) { made.setAttribute(key, attributes[key]); });
    if (words !== undefined) { made.textContent = words; }
    parent.appendChild(made);
    return made;
  }

  function text(svg, x, y, words, kind) { node(svg, "text", { "class": kind, x: x, y: y }, words); }
  function clip(words, limit) { return words.length <= limit ? words : words.slice(0, limit - 1).trimEnd() + "…"; }
  function fixed(x) { return x.toFixed(1); }

  function arrow(svg, drawn, value, y) {
    if (!drawn.beyond(value)) { return; }
    var x = value < drawn.low ? LEFT : RIGHT, way = value < drawn.low ? 1 : -1;
    node(svg, "polyline", { "class": "vru-forest__arrow",
      points: fixed(x + 7 * way) + "," + (y - 5) + " " + fixed(x) + "," + y + " " + fixed(x + 7 * way) + "," + (y + 5) });
  }

  function line(svg, drawn, mark, y) {
    text(svg, 0, y - 2, clip(mark.label, 34), "vru-forest__label");
    text(svg, 0, y + 14, clip(mark.note, 40), "vru-forest__note");
    text(svg, WIDTH, y - 2, clip(mark.size, 26), "vru-forest__label vru-forest__end");
    text(svg, WIDTH, y + 14, clip(mark.interval, 34), "vru-forest__note vru-forest__end");
    if (mark.low !== null && mark.high !== null) {
      node(svg, "line", { "class": "vru-forest__interval", x1: fixed(drawn.x(mark.low)), x2: fixed(drawn.x(mark.high)), y1: y, y2: y });
      arrow(svg, drawn, mark.low, y);
      arrow(svg, drawn, mark.high, y);
    }
    if (drawn.beyond(mark.estimate)) { arrow(svg, drawn, mark.estimate, y); return; }
    node(svg, "rect", { "class": "vru-forest__point" + (mark.exercise || mark.low === null ? " vru-forest__hollow" : ""),
      x: fixed(drawn.x(mark.estimate) - 5), y: y - 5, width: 10, height: 10 });
  }

  window.vruForest = function (marks, scale, title, name) {
    var values = [];
    marks.forEach(function (m) {
      [m.estimate, m.low, m.high].forEach(function (v) { if (v !== null) { values.push(v); } });
    });
    var drawn = axis(values, scale), bottom = TOP + ROW * marks.length;
    var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "vru-forest");
    svg.setAttribute("role", "img");
    svg.setAttribute("viewBox", "0 0 " + WIDTH + " " + (bottom + FOOT));
    svg.setAttribute("aria-labelledby", name + "-title " + name + "-desc");
    node(svg, "title", { id: name + "-title" }, title);
    node(svg, "desc", { id: name + "-desc" }, marks.length + (marks.length === 1 ? " result, " : " results, ") + UNIT[scale] +
      ", each with its interval. The table after the figure gives every number.");
    text(svg, 0, 16, "Evaluation", "vru-forest__head");
    text(svg, LEFT, 16, UNIT[scale][0].toUpperCase() + UNIT[scale].slice(1), "vru-forest__head");
    text(svg, WIDTH, 16, "Effect and interval", "vru-forest__head vru-forest__end");
    node(svg, "line", { "class": "vru-forest__axis", x1: LEFT, x2: RIGHT, y1: bottom, y2: bottom });
    drawn.ticks.forEach(function (tick) {
      var x = fixed(drawn.x(tick[0]));
      node(svg, "line", { "class": tick[0] === 0 ? "vru-forest__null" : "vru-forest__grid", x1: x, x2: x, y1: TOP - 8, y2: bottom + 5 });
      text(svg, x, bottom + 22, tick[1], "vru-forest__tick");
    });
    marks.forEach(function (mark, i) { line(svg, drawn, mark, TOP + ROW * i + ROW / 2); });
    return svg;
  };
}());

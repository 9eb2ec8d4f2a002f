/* Ticked evaluations side by side. Which ones is in the address, after "#"; only their parts of the data are loaded. */
(function () {
  "use strict";
  var box = document.getElementById("compare");
  if (!box || !window.vruForest) { return; }
  var parts = Number(box.dataset.parts), nonce = document.currentScript.nonce;
  var AT_MOST = 6;
  var SCALES = { log_rate_ratio: "a change in per cent", count_difference: "a number of events",
    mean_difference: "a change in units of the measure", risk_difference: "a change in percentage points" };

  function byId(id) { return document.getElementById(id); }
  var status = byId("compare-status"), faults = byId("compare-faults");
  var figures = byId("compare-figures"), table = byId("compare-table");

  function decode(text) { try { return decodeURIComponent(text); } catch (error) { return ""; } }

  function hashParts() { return window.location.hash.slice(1).split("&").filter(Boolean); }

  function keys() {
    var given = hashParts().filter(function (p) { return p.indexOf("compare=") === 0; })[0] || "";
    var all = given.slice(8).split(",").map(decode).filter(Boolean);
    return all.filter(function (key, i) { return all.indexOf(key) === i; }).slice(0, AT_MOST);
  }

  function write(chosen) {
    var rest = hashParts().filter(function (p) { return p.indexOf("compare=") !== 0; });
    if (chosen.length) { rest.push("compare=" + chosen.map(encodeURIComponent).join(",").replace(/%2F/g, "/")); }
    window.history.replaceState(null, "", rest.length ? "#" + rest.join("&") : window.location.pathname);
  }

  function partOf(key) {
    var found = 0;
    for (var i = 0; i < key.length; i += 1) { found = (found * 31 + key.charCodeAt(i)) % 1000003; }
    return found % parts;
  }

  function load(needed, then) {
    var loaded = window.VRU_COMPARE || {};
    var missing = needed.filter(function (p, i) { return !(p in loaded) && needed.indexOf(p) === i; });
    var left = missing.length;
    if (left === 0) { then(); return; }
    missing.forEach(function (p) {
      var script = document.createElement("script");
      script.src = "assets/compare/" + p + ".js";
      script.nonce = nonce;
      script.onload = script.onerror = function () { left -= 1; if (left === 0) { then(); } };
      document.body.appendChild(script);
    });
  }

  function add(parent, name, className, text) {
    var made = document.createElement(name);
    if (className) { made.className = className; }
    if (text !== undefined) { made.textContent = text; }
    parent.appendChild(made);
    return made;
  }

  function find(key) {
    var part = (window.VRU_COMPARE || {})[partOf(key)];
    return part && Object.prototype.hasOwnProperty.call(part, key) ? part[key] : null;
  }

  function unique(list) { return list.filter(function (x, i) { return list.indexOf(x) === i; }); }

  // Results of one scale share an axis; of means, only those of one measure do.
  function axisOf(r) { return r.main.scale + (r.main.scale === "mean_difference" ? "/" + r.main.measure : ""); }

  function drawFigures(records) {
    figures.replaceChildren();
    var kinds = unique(records.map(axisOf));
    if (kinds.length > 1) {
      var told = unique(records.map(function (r) { return SCALES[r.main.scale]; }));
      add(figures, "p", "govuk-inset-text", "Not drawn on one axis: " + (told.length > 1 ? "some of these results are " +
        told.join(" and others ") : "these results are in units of different measures") +
        ". A length on one cannot be compared with a length on the other, so each kind has its own figure.");
    }
    kinds.forEach(function (kind, i) {
      var group = records.filter(function (r) { return axisOf(r) === kind; }), scale = group[0].main.scale;
      var outcomes = unique(group.map(function (r) { return r.main.outcome; }));
      add(figures, "h2", "govuk-heading-m", "Main results as " + SCALES[scale]);
      if (outcomes.length > 1) {
        add(figures, "p", "govuk-body", "These results measure different outcomes (" + outcomes.join("; ") +
          "). Compare their directions, not their sizes.");
      }
      if (scale === "count_difference" && group.length > 1) {
        add(figures, "p", "govuk-body", "A number of events depends on how large each area is and how long it was followed: a larger number is not a better result.");
      }
      var figure = add(figures, "figure");
      var region = add(figure, "div", "vru-scroll");
      region.setAttribute("role", "region");
      region.setAttribute("aria-label", "Figure: main results as " + SCALES[scale]);
      region.tabIndex = 0;
      region.appendChild(window.vruForest(group.map(function (r) {
        return { label: r.title, note: (r.exercise ? "Exercise, not evidence. " : "") + r.organisation, estimate: r.main.estimate,
          low: r.main.low, high: r.main.high, size: r.main.size, interval: r.main.span, exercise: r.exercise };
      }), scale, "Main results of the ticked evaluations side by side, as " + SCALES[scale], "compare-" + i));
      add(figure, "figcaption", "", "Square: the estimate. Line: its interval." +
        (group.some(function (r) { return r.exercise; }) ? " Hollow square: an exercise, in which nothing was tried." : ""));
    });
  }

  function result(cell, one) {
    add(cell, "strong", "", one.size);
    add(cell, "span", "vru-under", one.measure);
    add(cell, "span", "vru-under", one.interval + ". " + one.reading + ".");
    add(cell, "span", "vru-under", "Events prevented: " + one.prevented + ".");
  }

  function row(body, name, records, fill) {
    var tr = add(body, "tr", "govuk-table__row");
    add(tr, "th", "govuk-table__header", name).scope = "row";
    records.forEach(function (r) { fill(add(tr, "td", "govuk-table__cell vru-lines"), r); });
  }

  function drawTable(records, chosen) {
    table.replaceChildren();
    add(table, "h2", "govuk-heading-m", "Side by side");
    var region = add(table, "div", "vru-scroll");
    region.setAttribute("role", "region");
    region.setAttribute("aria-label", "Evaluations side by side");
    region.tabIndex = 0;
    var made = add(region, "table", "govuk-table vru-compare");
    add(made, "caption", "govuk-table__caption govuk-visually-hidden", "Evaluations side by side, one column each");
    var head = add(add(made, "thead", "govuk-table__head"), "tr", "govuk-table__row");
    add(head, "th", "govuk-table__header", "Evaluation").scope = "col";
    records.forEach(function (r, i) {
      var th = add(head, "th", "govuk-table__header");
      th.scope = "col";
      add(th, "a", "govuk-link", r.title).href = r.href;
      add(th, "span", "vru-under", r.organisation);
      if (r.disclaimer) { add(th, "span", "vru-under vru-caution", r.disclaimer); }
      var button = add(th, "button", "govuk-button govuk-button--secondary vru-remove vru-noprint", "Remove");
      button.type = "button";
      add(button, "span", "govuk-visually-hidden", ": " + r.title);
      button.addEventListener("click", function () { remove(chosen[i], r.title, i); });
    });
    var body = add(made, "tbody", "govuk-table__body");
    row(body, "Main result", records, function (cell, r) { result(cell, r.main); });
    row(body, "Against what was hoped for", records, function (cell, r) { cell.textContent = r.main.direction; });
    row(body, "Other outcomes", records, function (cell, r) {
      if (!r.others.length) { cell.textContent = "none"; }
      r.others.forEach(function (one) { result(add(cell, "div", "vru-other"), one); });
    });
    records[0].facts.forEach(function (fact, i) {
      row(body, fact[0], records, function (cell, r) { cell.textContent = r.facts[i][1]; });
    });
  }

  function remove(key, title, at) {
    var chosen = keys().filter(function (k) { return k !== key; });
    write(chosen);
    show("Removed " + title + ". ");
    var buttons = table.querySelectorAll(".vru-remove");
    (buttons[Math.min(at, buttons.length - 1)] || byId("compare-search")).focus();
  }

  function show(before) {
    var asked = keys();
    byId("compare-search").href = "search.html" + window.location.hash;
    byId("compare-search").textContent = asked.length ? "Choose other evaluations" : "Choose evaluations in the search";
    load(asked.map(partOf), function () {
      var chosen = asked.filter(find), records = chosen.map(find);
      faults.replaceChildren();
      asked.filter(function (key) { return !find(key); }).forEach(function (key) {
        add(faults, "p", "govuk-body vru-caution", "This copy holds no current evaluation " + key.slice(0, 140) + ".");
      });
      figures.replaceChildren();
      table.replaceChildren();
      if (records.length) { drawFigures(records); drawTable(records, chosen); }
      status.textContent = (before || "") + (records.length === 0 ? "Nothing is ticked yet. Tick evaluations in the search, then come back here." :
        records.length === 1 ? "One evaluation is ticked. Tick at least one more to compare." :
        "Comparing " + records.length + " evaluations.");
    });
  }

  byId("compare-without").hidden = true;
  box.hidden = false;
  window.addEventListener("hashchange", function () { show(""); });
  show("");
}());

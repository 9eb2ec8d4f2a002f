/* Search inside the page: no server, no fetch, no modules, so that it works from a network drive.
   The words searched for, the filters and the ticks live in the address, after "#". */
(function () {
  "use strict";
  var data = window.VRU_SEARCH;
  if (!data || !window.MiniSearch) { return; }
  var records = data.records, facets = data.facets;
  var KEY = 0, VERSION = 1, TITLE = 2, ON = 3, RESULT = 4, DISCLAIMER = 5, ANSWERS = 6;
  var SHOWN = 50, AT_MOST = 6;
  var nonce = document.currentScript.nonce;
  var index = null, loading = false, shown = SHOWN, ordered = [], picked = [], some = false;
  var chosen = facets.map(function () { return new Set(); });
  var place = {};
  facets.forEach(function (f, i) { place[f.id] = i; });
  var known = new Map(records.map(function (r, i) { return [r[KEY], i]; }));

  function byId(id) { return document.getElementById(id); }
  var query = byId("query"), status = byId("status"), found = byId("found"), more = byId("more"), clear = byId("clear");
  var pickedBox = byId("picked"), pickedStatus = byId("picked-status"), pickedLink = byId("picked-link");
  var chips = byId("chosen"), heading = byId("found-heading");

  /* The index is large, so it comes after the page can be used; typing before that waits for it. */
  function loadIndex() {
    if (loading) { return; }
    loading = true;
    var script = document.createElement("script");
    script.src = "assets/search-index.js";
    script.nonce = nonce;
    script.onload = function () {
      index = window.MiniSearch.loadJSON(window.VRU_INDEX, { fields: ["title", "text"] });
      window.VRU_INDEX = null;
      if (query.value.trim() !== "") { update(); }
    };
    document.body.appendChild(script);
  }

  function textHits() {
    var text = query.value.trim();
    some = false;
    if (text === "") { return records.map(function (_, i) { return i; }); }
    if (!index) { loadIndex(); return null; }
    function search(how) {
      return index.search(text, {
        /* One letter would begin most words of the library, which is no search. */
        prefix: function (term) { return term.length > 1; }, combineWith: how, boost: { title: 3 },
        fuzzy: function (term) { return term.length > 4 ? 0.2 : false; }
      });
    }
    var hits = search("AND");
    /* A question typed in full has words that no record has: then the records that have most of them, and say so. */
    some = hits.length === 0;
    if (some) { hits = search("OR"); }
    return hits.map(function (hit) { return hit.id; });
  }

  /* A record that fails one facet alone still counts for that facet's other answers. */
  function narrow(hits) {
    var counts = facets.map(function (f) { return new Array(f.values.length).fill(0); });
    var kept = [];
    hits.forEach(function (at) {
      var answers = records[at][ANSWERS], failed = -1, fails = 0;
      for (var f = 0; f < facets.length && fails < 2; f += 1) {
        if (chosen[f].size && !answers[f].some(function (a) { return chosen[f].has(a); })) { failed = f; fails += 1; }
      }
      if (fails === 0) { kept.push(at); }
      if (fails > 1) { return; }
      for (f = 0; f < facets.length; f += 1) {
        if (fails === 0 || f === failed) { answers[f].forEach(function (a) { counts[f][a] += 1; }); }
      }
    });
    return { kept: kept, counts: counts };
  }

  function element(parent, name, className, text) {
    var made = document.createElement(name);
    if (className) { made.className = className; }
    if (text !== undefined) { made.textContent = text; }
    parent.appendChild(made);
    return made;
  }

  function isExercise(at) { return facets[place.kind].values[records[at][ANSWERS][place.kind][0]][0] === "exercise"; }

  function counted(n, one, many) { return n.toLocaleString("en-GB") + " " + (n === 1 ? one : many); }

  function words(at, facet) {
    var f = place[facet];
    return records[at][ANSWERS][f].map(function (a) { return facets[f].values[a][1]; }).join(", ");
  }

  function item(at) {
    var record = records[at], li = document.createElement("li");
    var link = element(li, "a", "govuk-link vru-found__title", record[TITLE]);
    link.href = "records/" + record[KEY] + "/v" + record[VERSION] + "/index.html";
    element(li, "span", "vru-under", [words(at, "organisation"), words(at, "intervention"), record[ON]].filter(Boolean).join(", "));
    if (record[DISCLAIMER]) { element(li, "span", "vru-under vru-caution", record[DISCLAIMER]); }
    element(li, "span", "vru-found__result", record[RESULT]);
    element(li, "span", "vru-under", "How sure: " + words(at, "rating") + ".");
    var box = element(element(li, "div", "govuk-checkboxes govuk-checkboxes--small"), "div", "govuk-checkboxes__item");
    var tick = element(box, "input", "govuk-checkboxes__input");
    tick.type = "checkbox";
    tick.autocomplete = "off";
    tick.id = "tick-" + at;
    tick.checked = picked.indexOf(record[KEY]) >= 0;
    tick.addEventListener("change", function () { pick(record[KEY], tick); });
    var label = element(box, "label", "govuk-label govuk-checkboxes__label", "Tick to compare");
    label.htmlFor = tick.id;
    element(label, "span", "govuk-visually-hidden", ": " + record[TITLE]);
    return li;
  }

  function pick(key, tick) {
    picked = picked.filter(function (k) { return k !== key; });
    var full = tick.checked && picked.length >= AT_MOST;
    if (tick.checked && !full) { picked.push(key); }
    if (full) { tick.checked = false; }
    write();
    tell(full ? "At most " + AT_MOST + " can be compared. Untick one first. " : "");
  }

  function tell(before) {
    pickedBox.hidden = picked.length === 0;
    pickedStatus.textContent = picked.length === 0 ? "" :
      before + picked.length + (picked.length === 1 ? " evaluation ticked. Tick at least one more to compare." : " evaluations ticked.");
    pickedLink.hidden = picked.length < 2;
  }

  function showMore(focus) {
    var fragment = document.createDocumentFragment(), from = found.children.length;
    ordered.slice(from, shown).forEach(function (at) { fragment.appendChild(item(at)); });
    found.appendChild(fragment);
    more.hidden = ordered.length <= shown;
    if (focus && found.children[from]) { found.children[from].querySelector("a").focus(); }
  }

  function showFacets(counts) {
    var any = false;
    chips.replaceChildren();
    facets.forEach(function (facet, f) {
      var shownValues = 0;
      facet.values.forEach(function (value, v) {
        var box = byId("facet-" + facet.id + "-" + v), n = counts[f][v], on = chosen[f].has(v);
        box.checked = on;
        box.parentNode.hidden = n === 0 && !on;
        shownValues += box.parentNode.hidden ? 0 : 1;
        box.parentNode.querySelector(".vru-facet__count").textContent = "(" + n.toLocaleString("en-GB") + ")";
        if (on) {
          any = true;
          var button = element(element(chips, "li"), "button", "vru-chip", facet.label + ": " + value[1]);
          button.type = "button";
          element(button, "span", "govuk-visually-hidden", ", remove this filter");
          button.addEventListener("click", function () { chosen[f].delete(v); update(); heading.focus(); });
        }
      });
      byId("chosen-" + facet.id).textContent = chosen[f].size ? " " + chosen[f].size + " chosen" : "";
      byId("facet-" + facet.id).hidden = shownValues === 0;
    });
    chips.hidden = !any;
    clear.hidden = !any && query.value === "";
  }

  /* Whoever searches for one kind of intervention is told where everything about it is gathered. */
  function showKnown(real, asked) {
    var first = real.slice(0, 20), counts = {}, best = -1, f = place.intervention;
    first.forEach(function (at) {
      var kind = records[at][ANSWERS][f][0];
      counts[kind] = (counts[kind] || 0) + 1;
      if (best < 0 || counts[kind] > counts[best]) { best = kind; }
    });
    var shown = asked && best >= 0 && counts[best] * 2 > first.length;
    byId("known").hidden = !shown;
    if (!shown) { return; }
    byId("known-link").href = data.kinds[best];
    byId("known-link").textContent = "What is known about " + facets[f].values[best][1] + ", all results together";
  }

  function update() {
    var hits = textHits();
    write();
    if (hits === null) { status.textContent = "Getting the words ready…"; return; }
    var result = narrow(hits);
    /* Exercises stand after evaluations, whatever their words: they are no evidence. */
    var real = result.kept.filter(function (at) { return !isExercise(at); });
    var exercises = result.kept.length - real.length;
    ordered = exercises ? real.concat(result.kept.filter(isExercise)) : real;
    shown = SHOWN;
    found.replaceChildren();
    showMore(false);
    showFacets(result.counts);
    var n = ordered.length;
    showKnown(real, query.value.trim() !== "" || !chips.hidden);
    status.textContent = n === 0 ? "No evaluations match. Try fewer or shorter words, or take a filter away." :
      (some ? "No evaluation has all these words. " : "") + counted(real.length, "evaluation", "evaluations") + (exercises ? " and " + counted(exercises, "exercise", "exercises") : "") +
      (some ? (n === 1 ? " has" : " have") + " some of them" : n === 1 ? " matches" : " match") + (n > SHOWN ? "; the first " + SHOWN + " are shown." : ".");
    heading.hidden = n === 0;
  }

  function write() {
    var parts = [];
    if (query.value.trim() !== "") { parts.push("q=" + encodeURIComponent(query.value.trim())); }
    facets.forEach(function (facet, f) {
      if (chosen[f].size) {
        parts.push(facet.id + "=" + Array.from(chosen[f], function (v) { return encodeURIComponent(facet.values[v][0]); }).join(","));
      }
    });
    if (picked.length) { parts.push("compare=" + picked.join(",")); }
    var hash = parts.length ? "#" + parts.join("&") : "";
    pickedLink.href = "compare.html" + hash;
    if (hash !== window.location.hash) { window.history.replaceState(null, "", hash || window.location.pathname); }
  }

  function decode(text) { try { return decodeURIComponent(text); } catch (error) { return ""; } }

  function read() {
    var given = {};
    window.location.hash.slice(1).split("&").forEach(function (part) {
      var at = part.indexOf("=");
      if (at > 0) { given[part.slice(0, at)] = part.slice(at + 1); }
    });
    query.value = decode(given.q || "");
    facets.forEach(function (facet, f) {
      var codes = (given[facet.id] || "").split(",").map(decode);
      chosen[f] = new Set();
      facet.values.forEach(function (value, v) { if (given[facet.id] && codes.indexOf(value[0]) >= 0) { chosen[f].add(v); } });
      if (chosen[f].size) { byId("facet-" + facet.id).open = true; }
    });
    picked = (given.compare || "").split(",").map(decode).filter(function (key) { return known.has(key); }).slice(0, AT_MOST);
    update();
    tell("");
  }

  facets.forEach(function (facet, f) {
    facet.values.forEach(function (_, v) {
      byId("facet-" + facet.id + "-" + v).addEventListener("change", function (event) {
        if (event.target.checked) { chosen[f].add(v); } else { chosen[f].delete(v); }
        update();
      });
    });
  });
  var waiting = null;
  query.addEventListener("input", function () { window.clearTimeout(waiting); waiting = window.setTimeout(update, 60); });
  more.addEventListener("click", function () { shown += SHOWN; showMore(true); });
  clear.addEventListener("click", function () {
    query.value = "";
    chosen.forEach(function (set) { set.clear(); });
    update();
    query.focus();
  });
  byId("unpick").addEventListener("click", function () {
    picked = [];
    found.querySelectorAll("input:checked").forEach(function (tick) { tick.checked = false; });
    write();
    tell("");
    heading.focus();
  });
  window.addEventListener("hashchange", read);
  byId("search").hidden = false;
  byId("all").hidden = true;
  /* On a narrow screen the filters would push every result off the page, so they start closed. */
  if (window.innerWidth < 641) {
    facets.forEach(function (facet) { byId("facet-" + facet.id).open = false; });
  }
  read();
  window.setTimeout(loadIndex, 0);
}());

/* Search inside the page: no server, no fetch, no modules, so that it works from a network drive. */
(function () {
  "use strict";
  var records = window.VRU_RECORDS;
  var MiniSearch = window.MiniSearch;
  if (!records || !MiniSearch) { return; }

  var SHOWN = 50;
  var FIELDS = ["title", "intervention", "organisation", "measure", "rating", "text"];
  var index = new MiniSearch({
    fields: FIELDS,
    searchOptions: { prefix: true, fuzzy: function (term) { return term.length > 4 ? 0.2 : false; },
      combineWith: "AND", boost: { title: 3, intervention: 2, measure: 2 } }
  });
  index.addAll(records);

  function byId(id) { return document.getElementById(id); }
  var query = byId("query"), type = byId("type"), organisation = byId("organisation");
  var status = byId("status"), found = byId("found"), heading = byId("found-heading"), all = byId("all");

  function matches() {
    var text = query.value.trim();
    return index.search(text === "" ? MiniSearch.wildcard : text, {
      filter: function (hit) {
        var record = records[hit.id];
        return (type.value === "" || record.intervention === type.value) &&
          (organisation.value === "" || record.organisation === organisation.value);
      }
    });
  }

  function line(parent, name, className, text) {
    var element = document.createElement(name);
    element.className = className;
    element.textContent = text;
    parent.appendChild(element);
    return element;
  }

  function item(record) {
    var li = document.createElement("li");
    var link = line(li, "a", "govuk-link vru-found__title", record.title);
    link.href = record.href;
    line(li, "span", "vru-under", [record.organisation, record.intervention, record.published_on].filter(Boolean).join(", "));
    if (record.disclaimer) { line(li, "span", "vru-under vru-caution", record.disclaimer); }
    line(li, "span", "vru-found__result", record.measure + ": " + record.size + " (" + record.interval + "). " +
      record.reading + ". Strength of evidence: " + record.rating + ".");
    return li;
  }

  function update() {
    var idle = query.value.trim() === "" && type.value === "" && organisation.value === "";
    var hits = idle ? [] : matches();
    var fragment = document.createDocumentFragment();
    hits.slice(0, SHOWN).forEach(function (hit) { fragment.appendChild(item(records[hit.id])); });
    found.replaceChildren(fragment);
    found.hidden = heading.hidden = hits.length === 0;
    all.hidden = !idle;
    status.textContent = idle ? "" : hits.length === 0
      ? "No evaluations match. Try fewer or shorter words."
      : hits.length + (hits.length === 1 ? " evaluation matches" : " evaluations match") +
        (hits.length > SHOWN ? "; the " + SHOWN + " closest are shown." : ".");
  }

  var waiting = null;
  function soon() { window.clearTimeout(waiting); waiting = window.setTimeout(update, 150); }
  query.addEventListener("input", soon);
  type.addEventListener("change", update);
  organisation.addEventListener("change", update);
  byId("search").hidden = false;
  update();
}());

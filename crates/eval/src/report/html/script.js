
// Sorting, filtering and lighting up the map. Without it the page says the same.
// Written without the signs that markup uses, so that the page stays well-formed XML too.
(function () {
  "use strict";
  var all = function (selector, within) { return Array.from((within || document).querySelectorAll(selector)); };

  function lightUp() {
    var drawing = document.getElementById("drawing");
    if (!drawing) { return; }
    var edges = all(".edge", drawing);
    var show = function (node) {
      edges.forEach(function (edge) {
        edge.classList.toggle("lit", edge.dataset.client === node || edge.dataset.server === node);
      });
      drawing.classList.add("lit");
    };
    var dark = function () { drawing.classList.remove("lit"); };
    all("[data-node]", drawing).forEach(function (node) {
      ["mouseenter", "focus"].forEach(function (event) {
        node.addEventListener(event, function () { show(node.dataset.node); });
      });
      ["mouseleave", "blur"].forEach(function (event) { node.addEventListener(event, dark); });
    });
  }

  // What is sorted: the rows, or where each entry has a body of its own, the bodies.
  function entries(table) {
    var bodies = Array.from(table.tBodies);
    return bodies.length === 1 ? Array.from(bodies[0].rows) : bodies;
  }

  function valueOf(entry, column) {
    var row = entry.rows ? entry.rows[0] : entry;
    var cell = row.cells[column];
    var value = cell.dataset.value;
    return value === undefined ? cell.textContent.trim() : Number(value);
  }

  function compare(a, b) {
    if (typeof a === "number") { return a - b; }
    return a.localeCompare(b, "en", { numeric: true });
  }

  function sortable(table) {
    if (entries(table).length === 1) { return; }
    var heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach(function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", function () {
        var order = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
        heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", order);
        var sign = order === "ascending" ? 1 : -1;
        var sorted = entries(table).sort(function (a, b) {
          return sign * compare(valueOf(a, column), valueOf(b, column));
        });
        sorted.forEach(function (entry) { entry.parentNode.appendChild(entry); });
      });
    });
  }

  function filterable(section) {
    var table = section.querySelector("table");
    if (!table || entries(table).length === 1) { return; }
    var controls = document.createElement("div");
    controls.className = "controls";
    var input = document.createElement("input");
    input.type = "search";
    input.placeholder = "Filter, for example an address";
    input.setAttribute("aria-label", "Filter this table");
    input.addEventListener("input", function () {
      var wanted = input.value.trim().toLowerCase();
      entries(table).forEach(function (entry) {
        entry.hidden = !entry.textContent.toLowerCase().includes(wanted);
      });
    });
    controls.appendChild(input);
    if (section.querySelector("details")) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = "Open or close all alphabets";
      button.addEventListener("click", function () {
        var closed = all("details", section).some(function (one) { return !one.open; });
        all("details", section).forEach(function (one) { one.open = closed; });
      });
      controls.appendChild(button);
    }
    section.querySelector("h2").after(controls);
  }

  lightUp();
  all("main table").filter(function (table) { return !table.closest("details"); }).forEach(sortable);
  all("#findings, #conversations, #internet, #devices").forEach(filterable);
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = all("details").filter(function (one) { return !one.open; });
    opened.forEach(function (one) { one.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (one) { one.open = false; });
  });
})();

// The only script of the page: lets readers sort tables, names what scrolls, and opens everything for the printer. The page is whole without it.
(function () {
  'use strict';

  // What a cell sorts by: its number in full (data-sort), else the one it shows, or its text. Cells without a value come last either way.
  function keyOf(row, column, numeric) {
    var cell = row.cells[column], given = cell && cell.getAttribute('data-sort');
    if (!numeric) return cell ? (given || cell.textContent).trim() : '';
    if (given) return Number(given);
    var shown = cell && given === null ? cell.textContent.replace(/[<>,\s]/g, '').replace('\u2212', '-') : '';
    return shown !== '' && isFinite(shown) ? Number(shown) : null;
  }

  function sort(table, column, direction) {
    var body = table.tBodies[0], head = headings(table)[column], numeric = head.classList.contains('number');
    var sign = direction === 'ascending' ? 1 : -1;
    var rows = Array.prototype.map.call(body.rows, function (row, index) {
      return { row: row, key: keyOf(row, column, numeric), index: index };
    });
    rows.sort(function (a, b) {
      if (numeric) {
        if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.index - b.index;
        return sign * (a.key - b.key) || a.index - b.index;
      }
      return sign * a.key.localeCompare(b.key, 'en', { numeric: true }) || a.index - b.index;
    });
    rows.forEach(function (r) { body.appendChild(r.row); });
    headings(table).forEach(function (h) { if (h.hasAttribute('aria-sort')) h.setAttribute('aria-sort', 'none'); });
    head.setAttribute('aria-sort', direction);
  }

  function headings(table) {
    return Array.prototype.slice.call(table.tHead.rows[0].cells);
  }

  // The heading becomes a button; the first press puts the best on top.
  function makeSortable(table) {
    headings(table).forEach(function (head, column) {
      var button = document.createElement('button');
      button.type = 'button';
      while (head.firstChild) button.appendChild(head.firstChild);
      head.appendChild(button);
      if (!head.hasAttribute('aria-sort')) head.setAttribute('aria-sort', 'none');
      button.addEventListener('click', function () {
        var now = head.getAttribute('aria-sort'), first = head.getAttribute('data-first') || 'ascending';
        sort(table, column, now === 'none' ? first : now === 'ascending' ? 'descending' : 'ascending');
      });
    });
  }

  document.querySelectorAll('table.sortable').forEach(makeSortable);

  // Who goes from table to table by the keyboard hears which one it is: the beginning of its caption.
  document.querySelectorAll('.scroll').forEach(function (box) {
    var caption = box.querySelector('caption');
    if (caption) box.setAttribute('aria-label', 'Table: ' + caption.textContent.trim().split(/[.;:(]/)[0].slice(0, 90));
  });

  // Paper has nothing to press: what is folded is printed open, but for tables of many hundred points.
  var opened = [];
  window.addEventListener('beforeprint', function () {
    document.querySelectorAll('details:not([open]):not(.long)').forEach(function (d) { d.open = true; opened.push(d); });
  });
  window.addEventListener('afterprint', function () {
    opened.forEach(function (d) { d.open = false; });
    opened = [];
  });
}());

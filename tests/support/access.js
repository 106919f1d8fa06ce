/* What a page must keep so that people can use it who do not see it, do not see colours, or have no mouse: the rules of
 * WCAG 2.2 that matter most for a page of text, tables and plots, checked without any library. An expression for
 * browse.py: opens what is folded and gives a list of complaints. Contrast is computed from the colours as shown, so it
 * holds for the scheme (light or dark) that is set. */
(() => {
  'use strict';
  const wrong = new Set();
  const all = (selector, from) => [...(from || document).querySelectorAll(selector)];
  const text = e => (e ? e.textContent : '').replace(/\s+/g, ' ').trim();
  const show = e => e.outerHTML.slice(0, 90);
  const complain = (rule, e) => wrong.add(`${rule}: ${show(e)}`);
  const shown = e => e.getClientRects().length > 0;
  all('details').forEach(d => { d.open = true; });

  /* ---- the page and its headings ---- */
  if (!document.documentElement.lang) wrong.add('the page does not say its language');
  if (!document.title.trim()) wrong.add('the page has no title');
  if (all('main').length !== 1) wrong.add('the page has not one main part');
  if (all('h1').length !== 1) wrong.add('the page has not one h1');
  if (/user-scalable\s*=\s*no|maximum-scale/.test((document.querySelector('meta[name=viewport]') || {}).content || ''))
    wrong.add('the page forbids to zoom');
  let level = 0;
  for (const h of all('h1, h2, h3, h4, h5, h6')) {
    if (Number(h.tagName[1]) > level + 1) complain('a heading leaves out a level', h);
    if (!text(h)) complain('a heading without words', h);
    level = Number(h.tagName[1]);
  }
  const ids = all('[id]').map(e => e.id);
  ids.filter((id, i) => ids.indexOf(id) !== i).forEach(id => wrong.add(`two elements have the id ${id}`));

  /* ---- tables ---- */
  for (const table of all('table')) {
    if (!text(table.caption)) complain('a table without a caption', table);
    if (!table.tHead || !table.tHead.rows.length) complain('a table without a head', table);
    all('th', table).forEach(th => {
      if (!['col', 'row'].includes(th.scope)) complain('a heading of a table without scope', th);
      if (!text(th)) complain('a heading of a table without words', th);
    });
    all('tbody tr', table).forEach(row => {
      if (!row.querySelector('th[scope=row]')) complain('a row without a name', row);
    });
    all('[aria-sort]', table).forEach(th => {
      if (!['none', 'ascending', 'descending'].includes(th.getAttribute('aria-sort'))) complain('no such order', th);
    });
  }

  /* ---- plots and pictures ---- */
  for (const svg of all('svg')) {
    if (svg.parentElement.closest('svg') || svg.getAttribute('aria-hidden') === 'true') continue;
    const title = svg.firstElementChild;
    if (svg.getAttribute('role') !== 'img' || !title || title.tagName !== 'title' || !text(title))
      complain('a plot without a name', svg);
    if (!text(svg.querySelector(':scope > desc'))) complain('a plot without a description', svg);
  }
  all('img').forEach(img => { if (!(img.alt || '').trim()) complain('a picture without words', img); });
  /* a colour never stands alone */
  all('.swatch').forEach(s => { if (!text(s.parentElement)) complain('a colour without a name', s); });
  all('.wins, .loses').forEach(cell => { if (!text(cell)) complain('a coloured cell without words', cell); });

  /* ---- what can be pressed or reached by the keyboard ---- */
  const seen = new Set();
  for (const e of all('a, button, summary, input, select, textarea, [tabindex]')) {
    const name = e.getAttribute('aria-label') || text(e);
    if (!name) complain('nothing says what this does', e);
    if (e.tabIndex > 0) complain('the keyboard jumps to it out of order', e);
    const to = e.tagName === 'A' ? e.getAttribute('href') : null;
    if (to && to[0] === '#' && !document.getElementById(to.slice(1))) complain('a link to nothing', e);
    if (e.hasAttribute('tabindex') && !e.getAttribute('role')) complain('reached by the keyboard, but is nothing', e);
    const kind = e.tagName + '.' + e.className;
    if (seen.has(kind) || !shown(e) || e.tabIndex < 0) continue;
    seen.add(kind);
    e.focus({ focusVisible: true, preventScroll: true });
    const style = getComputedStyle(e);
    if (document.activeElement !== e) complain('cannot be reached by the keyboard', e);
    else if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 1) complain('does not show that it has the focus', e);
    e.blur();
  }
  all('nav').forEach(nav => { if (!nav.getAttribute('aria-label')) complain('a list of links without a name', nav); });
  /* what scrolls sideways can be scrolled by the keyboard, too */
  for (const e of all('body *')) {
    if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
        && e.tabIndex < 0) complain('scrolls, but not by the keyboard', e);
  }

  /* ---- contrast: 4.5 to 1 for text, 3 to 1 for large text and for what a plot draws ---- */
  const rgba = colour => {
    const n = (colour.match(/[\d.]+/g) || []).map(Number);
    return n.length < 3 ? [0, 0, 0, 0] : [n[0], n[1], n[2], n.length > 3 ? n[3] : 1];
  };
  const over = (top, below) => [0, 1, 2].map(i => top[3] * top[i] + (1 - top[3]) * below[i]).concat(1);
  const luminance = c => {
    const [r, g, b] = c.slice(0, 3).map(v => v / 255).map(v => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = new Map();
  const background = e => {
    if (!e) return [255, 255, 255, 1];
    if (!behind.has(e)) {
      const own = rgba(getComputedStyle(e).backgroundColor);
      behind.set(e, own[3] === 1 ? own : over(own, background(e.parentElement)));
    }
    return behind.get(e);
  };
  const hold = (colour, e, least, what) => {
    const c = ratio(over(rgba(colour), background(e)), background(e));
    if (!(c >= least)) wrong.add(`${what} with a contrast of ${c.toFixed(2)}, not ${least}: ${show(e)}`);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const done = new Set();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.data.trim() || ['SCRIPT', 'STYLE', 'title', 'desc'].includes(e.tagName) || done.has(e) || !shown(e)) continue;
    done.add(e);
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    hold(e.closest('svg') ? style.fill : style.color, e, large ? 3 : 4.5, 'text');
  }
  const drawn = { '.swatch': 'backgroundColor', '.dot, .diamond': 'fill', '.reach, .way, .curve, .blob, .whisker, .cut, .frontier': 'stroke' };
  for (const [selector, property] of Object.entries(drawn)) {
    const kinds = new Set();
    for (const e of all(selector)) {
      const colour = getComputedStyle(e)[property];
      if (kinds.has(colour) || !shown(e)) continue;
      kinds.add(colour);
      const c = ratio(rgba(colour), background(e.parentElement));
      if (!(c >= 3)) wrong.add(`drawn with a contrast of ${c.toFixed(2)}, not 3: ${show(e)}`);
    }
  }
  return [...wrong];
})()

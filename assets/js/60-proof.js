/* The proof of a figure: which figures can be reached and how, and the sheet over the right third that shows what stands behind one. */
(function () {
  var panorama = window.panorama, IDLE = 60000, PATIENCE = 15000;
  var OPEN_KEYS = ['Enter', ' '], ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  var make = panorama.make, fill = panorama.fill, button = panorama.button;
  var read = panorama.answered('本屏或本账号的授权已失效，或没有取证的权限', '服务器暂时不能取证');
  var sheet = null, opener = null, asked = null, turn = 0, idle = null;

  /* ---- figures ---- */

  function visible(element) { return element.getClientRects().length > 0; }
  function figures() {
    return Array.from(document.querySelectorAll('.wall [data-proof]')).filter(visible);
  }

  /* While a figure changes, the old text still fades out beside the new one. */
  function textOf(element) {
    var now = element.querySelector('.leaf-now');
    return (now || element).textContent.trim();
  }

  function middle(element) {
    var box = element.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  }

  /* The nearest figure in a direction; what lies off to the side counts as farther away than it is. */
  function neighbour(from, way) {
    var here = middle(from), best = null, least = Infinity;
    figures().forEach(function (other) {
      var there = middle(other), x = there[0] - here[0], y = there[1] - here[1];
      var ahead = x * way[0] + y * way[1], aside = Math.abs(x * way[1]) + Math.abs(y * way[0]);
      if (other === from || ahead <= 2) return;
      if (ahead + 2.5 * aside < least) { least = ahead + 2.5 * aside; best = other; }
    });
    return best;
  }

  function steer(event) {
    var here = document.activeElement, on = here && here.closest && here.closest('[data-proof]');
    var next = on ? neighbour(on, ARROWS[event.key]) : figures()[0];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  /* ---- the sheet ---- */

  function open(key, element) {
    mark(false);
    opener = { element: element, key: key };
    mark(true);
    asked = { key: key, page: 1, screen: element ? textOf(element) : null };
    if (!sheet) raise();
    sheet.found = null;
    fill(sheet.title);
    [sheet.body, sheet.verdict, sheet.pager].forEach(function (part) { fill(part); });
    sheet.close.focus();
    load();
  }

  /* The figure whose proof is open stands out on the wall; React knows nothing of this attribute and leaves it alone. */
  function mark(on) {
    var element = opener && opener.element;
    if (!element) return;
    if (on) element.setAttribute('aria-expanded', 'true'); else element.removeAttribute('aria-expanded');
  }

  function raise() {
    var title = make('h2', 'proof-title'), body = make('div', 'proof-body'), say = make('p', 'proof-say');
    var verdict = make('p', 'proof-verdict'), pager = make('div', 'proof-pager');
    var leave = button('关闭', 'proof-close', close);
    var root = make('section', 'proof', make('header', 'proof-head', title, leave), say, body, make('footer', 'proof-foot', verdict, pager));
    title.id = 'proof-title';
    root.setAttribute('role', 'dialog');
    root.setAttribute('aria-labelledby', title.id);
    say.setAttribute('role', 'status');
    body.tabIndex = -1;
    document.body.append(root);
    sheet = { root: root, title: title, body: body, say: say, verdict: verdict, pager: pager, close: leave, found: null };
    rest();
  }

  function close() {
    if (!sheet) return;
    clearTimeout(idle);
    turn += 1;
    mark(false);
    sheet.root.remove();
    sheet = null;
    /* The wall may have put a new element in the figure's place meanwhile. */
    var back = opener.element;
    if (back && !back.isConnected) back = figures().filter(function (one) { return one.dataset.proof === opener.key; })[0];
    if (back) back.focus();
  }

  /* A wall that everybody has left goes back to itself, and the mark on its figure goes too. */
  function rest() {
    clearTimeout(idle);
    idle = setTimeout(function () {
      close();
      if (document.activeElement && document.activeElement.closest('[data-proof]')) document.activeElement.blur();
    }, IDLE);
  }

  /* ---- asking ---- */

  /* Of a generation, of a past moment, or further pages of what was found first. */
  function address() {
    var found = asked.page > 1 ? sheet.found : null, past = found ? found.past : panorama.held;
    var shown = found ? found.generation : document.body.dataset.generation, page = '/proof?figure=' + encodeURIComponent(asked.key) + '&page=' + asked.page;
    if (past) return page + '&asof=' + encodeURIComponent(past.at.replace(' ', 'T')) + '&known=' + past.known;
    return page + (shown ? '&generation=' + encodeURIComponent(shown) : '');
  }

  function load() {
    var mine = ++turn;
    sheet.root.classList.add('waiting');
    sheet.root.classList.remove('failed');
    fill(sheet.say, '正在取证');
    var late = setTimeout(function () { if (mine === turn) fail('等了十五秒，服务器没有应答'); }, PATIENCE);
    fetch(address(), { credentials: 'same-origin', headers: { Accept: 'application/json' } }).then(read).then(function (found) {
      clearTimeout(late);
      if (mine === turn) show(found);
    }, function (error) {
      clearTimeout(late);
      if (mine === turn) fail(error.words || '连不上服务器');
    });
  }

  function fail(words) {
    turn += 1;
    var again = button('重试', 'proof-button', load), held = sheet.root.contains(document.activeElement);
    sheet.root.classList.remove('waiting');
    sheet.root.classList.add('failed');
    fill(sheet.say, make('span', '', '没有取到证据：' + words), again);
    if (held) again.focus();
  }

  function show(found) {
    sheet.found = found;
    sheet.root.classList.remove('waiting');
    fill(sheet.say);
    fill(sheet.title, found.title);
    fill(sheet.body, head(found), facts(found), sql(found), list(found));
    sheet.body.scrollTop = 0;
    judge(found);
    page(found);
    if (!sheet.root.contains(document.activeElement)) sheet.close.focus();
  }

  /* ---- what it says ---- */

  function tone(found) { return /_cents$/.test(found.metric.name) ? 'gold' : 'jade'; }

  function head(found) {
    var size = make('p', 'proof-figure ' + tone(found), make('span', 'n', found.shown.text), make('span', 'u', found.shown.unit));
    var exact = make('p', 'proof-exact', '精确值 ', make('span', 'n', found.exact_words));
    return make('div', 'proof-top', size, exact, found.past ? past(found.past) : null);
  }

  /* Which moment and whose knowledge of it; what came to be known otherwise stands beside it. */
  function past(told) {
    var words = make('p', 'proof-past', '回看 ', make('span', 'n', told.at), told.known === 'then' ? ' · 按当时所知' : ' · 按现在所知');
    if (!told.revised) return words;
    var both = make('span', 'proof-both', '当时所知 ', make('span', 'n', told.then_words), '，现在所知 ', make('span', 'n', told.now_words));
    words.append(make('span', 'proof-revised', '修'), both);
    return words;
  }

  function facts(found) {
    var state = make('span', found.reconciled.ok ? '' : 'proof-bad', found.reconciled.words);
    var rows = [
      ['口径', found.metric.label + '：' + found.metric.definition],
      ['期间', number(found.period.from + ' 至 ' + found.period.to + '（结关日）')],
      ['截至', number(found.as_of.slice(0, 19).replace('T', ' '))], ['代次', number(found.generation)], ['对账', state]
    ];
    found.filters.forEach(function (one) { rows.splice(1, 0, [one.label, one.values.join('、')]); });
    return rows.reduce(function (told, row) {
      told.append(make('dt', '', row[0]), make('dd', '', row[1]));
      return told;
    }, make('dl', 'proof-facts'));
  }

  function number(words) { return make('span', 'n', words); }

  function sql(found) {
    var steps = make('ol', ''), words = found.sql.words.map(function (step) { return make('li', '', step + '。'); });
    words.forEach(function (step) { steps.append(step); });
    return make('details', 'proof-sql', make('summary', '', '怎样算出，与可重算的 SQL'), steps, make('pre', '', make('code', '', found.sql.text)));
  }

  function list(found) {
    if (found.rows === null) return make('p', 'proof-reserved', found.reserved);
    if (!found.rows.length) return make('p', 'proof-reserved', '没有符合条件的报关单');
    var names = ['统一编号', '结关日', '台', '元'], line = make('tr', ''), body = make('tbody', '');
    names.forEach(function (name) {
      var cell = make('th', '', name);
      cell.scope = 'col';
      line.append(cell);
    });
    found.rows.forEach(function (row) { body.append(first(row), second(row)); });
    return make('table', 'proof-list', make('caption', '', '报关单，按结关日从新到旧'), make('thead', '', line), body);
  }

  function first(row) {
    return make('tr', '', make('td', 'n', row.seq_no), make('td', 'n', row.day), make('td', 'n jade', row.count), make('td', 'n gold', row.cny));
  }
  function second(row) {
    var cell = make('td', '', row.enterprise + ' · ' + row.countries.join('、') + ' · ' + row.models.join('、'));
    cell.colSpan = 4;
    return make('tr', 'proof-more', cell);
  }

  /* Both must hold: the rows add up to the figure of the cubes, and that is what stands on the screen. */
  function judge(found) {
    var current = document.body.dataset.generation === found.generation && opener.element && opener.element.isConnected;
    var screen = current ? textOf(opener.element) : asked.screen;
    var partly = found.scope !== 'all', same = screen === null || screen === found.shown.text;
    var sum = total(found), end = '，与' + (screen === null ? '本代数字' : '屏上数字') + '相符';
    if (partly) end = '，是您有权查看的部分；屏上是全市数字';
    else if (!found.agrees) end = '，与本代数字 ' + found.exact_words + ' 不符';
    else if (!same) end = '，与屏上数字 ' + screen + ' 不符';
    var good = found.agrees && (partly || same);
    sheet.root.dataset.verdict = partly && good ? 'part' : good ? 'same' : 'different';
    sheet.verdict.classList.toggle('proof-bad', !good);
    fill(sheet.verdict, sum + end);
  }

  function total(found) {
    var name = found.metric.name, count = found.sum_words.declarations;
    if (name === 'declarations') return '共 ' + count;
    return count + (found.metric.unit === '个' || found.metric.unit === '家' ? '，涉及 ' : '，合计 ') + found.found_words;
  }

  function page(found) {
    var again = button('重新取证', 'proof-button', function () { asked.page = 1; load(); });
    if (found.rows === null || found.pages < 2) { fill(sheet.pager, again); return; }
    var back = button('上一页', 'proof-button', function () { go(-1); }), on = button('下一页', 'proof-button', function () { go(1); });
    back.disabled = found.page <= 1;
    on.disabled = found.page >= found.pages;
    fill(sheet.pager, back, make('span', 'n', found.page + ' / ' + found.pages), on, again);
  }

  function go(step) {
    var found = sheet && sheet.found;
    if (!found || found.page === null || sheet.root.classList.contains('waiting')) return;
    var wanted = found.page + step;
    if (wanted < 1 || wanted > found.pages) return;
    asked.page = wanted;
    load();
  }

  /* ---- hands ---- */

  function inSheet(event) {
    if (event.key === 'Escape' || event.key === 'GoBack') { event.preventDefault(); close(); return; }
    if (event.key === 'Tab') { circle(event); return; }
    var way = ARROWS[event.key];
    if (!way) return;
    event.preventDefault();
    if (way[0]) go(way[0]); else sheet.body.scrollTop += way[1] * sheet.body.clientHeight / 3;
  }

  /* Tab stays within the sheet while it is open: the figures behind it wait. */
  function circle(event) {
    var stops = Array.from(sheet.root.querySelectorAll('button:not(:disabled), summary')), last = stops.length - 1;
    var here = stops.indexOf(document.activeElement);
    if (event.shiftKey ? here > 0 : here >= 0 && here < last) return;
    event.preventDefault();
    stops[event.shiftKey ? last : 0].focus();
  }

  document.addEventListener('keydown', function (event) {
    rest();
    if (event.altKey || event.ctrlKey || event.metaKey || !document.querySelector('.wall')) return;
    if (sheet) { inSheet(event); return; }
    if (ARROWS[event.key]) { steer(event); return; }
    var on = OPEN_KEYS.indexOf(event.key) >= 0 && event.target.closest && event.target.closest('.wall [data-proof]');
    if (!on) return;
    event.preventDefault();
    open(on.dataset.proof, on);
  });

  document.addEventListener('click', function (event) {
    var on = event.target.closest && event.target.closest('.wall [data-proof]');
    if (on) open(on.dataset.proof, on);
  });

  ['mousemove', 'mousedown', 'wheel', 'touchstart'].forEach(function (name) {
    document.addEventListener(name, rest, { passive: true });
  });

  /* A country of the map and a month of the columns tell of a click by an attribute (10-echart.js), which is set anew each time. */
  function keyOfPlot(plot) {
    var named = plot.dataset.clicked || '';
    if (/^[A-Z]{3}$/.test(named)) return 'year/vehicles/country=' + named;
    return /^\d{4}-\d{2}$/.test(named) ? named + '/cny_cents' : null;
  }
  new MutationObserver(function (changes) {
    var plot = changes[changes.length - 1].target, key = plot.closest('.wall') && keyOfPlot(plot);
    if (key) open(key, null);
  }).observe(document.documentElement, { subtree: true, attributes: true, attributeFilter: ['data-clicked'] });

  panorama.proof = { open: open, close: close };
})();

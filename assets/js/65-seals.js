/* Red seals: marks on the wall the very figures that do not reconcile, and takes the marks off once they do. */
(function () {
  var panorama = window.panorama;
  var EVERY = '*', MONTHS_OF_TREND = 24;

  /* A key as datasources/figure_keys.py writes it, for example year/vehicles/country=KAZ,RUS; a share is one of vehicles. */
  function figureOf(key) {
    var parts = key.split('/'), filters = {};
    parts.slice(2).forEach(function (part) {
      var at = part.indexOf('=');
      filters[part.slice(0, at)] = part.slice(at + 1).split(',').map(decodeURIComponent);
    });
    return { period: parts[0], metric: parts[1] === 'vehicles_share' ? 'vehicles' : parts[1], filters: filters };
  }

  /* Whether a period (year and month run until `today`, 'YYYY-MM-DD') holds a month 'YYYY-MM'. */
  function covers(period, month, today) {
    if (period === 'year') return month.slice(0, 4) === today.slice(0, 4);
    return month === (period === 'month' ? today.slice(0, 7) : period);
  }

  function meets(line, values) { return line.keys.some(function (key) { return values.indexOf(key) >= 0; }); }

  /* Whether a figure is concerned: a total by any line of its metric, one of some keys by lines that name all it is filtered by. */
  panorama.unproved = function (key, lines, today) {
    var figure = figureOf(key), dimensions = Object.keys(figure.filters);
    var near = lines.filter(function (line) { return line.metric === figure.metric && covers(figure.period, line.period, today); });
    return near.some(function (one) {
      var month = near.filter(function (line) { return line.period === one.period; });
      return one.dimension === EVERY || dimensions.every(function (dimension) {
        return month.some(function (line) { return line.dimension === dimension && meets(line, figure.filters[dimension]); });
      });
    });
  };

  /* Figures on a canvas can not be marked one by one: the head of their panel says it. Chart -> what it shows, by year or
     by each of the months of a trend. */
  var BOTH = ['year/cny_cents', 'year/vehicles'], FIVE = '/country=KAZ,KGZ,TJK,TKM,UZB';
  var CHARTS = {
    trend: ['*/cny_cents'], map: BOTH, lens: [BOTH[0] + FIVE, BOTH[1] + FIVE], xian: ['year/vehicles'],
    'asia-trend': ['*/cny_cents' + FIVE], 'asia-each': ['*/vehicles' + FIVE], 'asia-map': BOTH, 'asia-whole': BOTH,
    'enterprises-map': ['year/vehicles'], 'enterprises-months': ['*/enterprises']
  };

  /* The months of a trend and of the year before it, as 'YYYY-MM'. */
  function months(today) {
    return Array.from({ length: MONTHS_OF_TREND }, function (_, back) {
      return new Date(Date.UTC(Number(today.slice(0, 4)), Number(today.slice(5, 7)) - 1 - back, 1)).toISOString().slice(0, 7);
    });
  }

  function drawnWrong(key, lines, today) {
    var keys = key[0] === '*' ? months(today).map(function (month) { return month + key.slice(1); }) : [key];
    return keys.some(function (one) { return panorama.unproved(one, lines, today); });
  }

  function headOf(element) {
    var panel = element && element.closest('#wall > *');
    return panel && panel.querySelector('h2');
  }

  function heads(wall, lines, today) {
    var wrong = Object.keys(CHARTS).filter(function (name) {
      return CHARTS[name].some(function (key) { return drawnWrong(key, lines, today); });
    }).map(function (name) { return headOf(document.getElementById('wall-chart-' + name)); });
    return wrong.concat(Array.from(wall.querySelectorAll('.hero .figure [data-unproved]')).map(headOf));
  }

  function set(element, on) {
    if (element.hasAttribute('data-unproved') !== on) element.toggleAttribute('data-unproved', on);
  }

  function seal() {
    var wall = document.getElementById('wall'), said = panorama.said || {}, today = said.as_of || '';
    var lines = said.fault && !panorama.wall.isHeld() && said.unproved || [];
    if (!wall || !lines.length && !watched) return;
    wall.querySelectorAll('[data-proof]').forEach(function (element) {
      set(element, panorama.unproved(element.dataset.proof, lines, today));
    });
    var wrong = lines.length ? heads(wall, lines, today) : [];
    wall.querySelectorAll('h2').forEach(function (head) { set(head, wrong.indexOf(head) >= 0); });
    wall.toggleAttribute('data-located', lines.length > 0);
    watch(lines.length > 0 ? wall : null);
  }

  /* A row that gets another country between two ticks gets the right mark at once. */
  var observer = new MutationObserver(seal), watched = null;
  function watch(wall) {
    if (watched === wall) return;
    observer.disconnect();
    watched = wall;
    if (wall) observer.observe(wall, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-proof'] });
  }

  window.addEventListener('panorama:shown', seal);
  window.addEventListener('panorama:pulse', seal);
})();

/* Plays a screen's programme: the faces of the wall in turn, by hours and weekdays of Xi'an. Twin of backend/screens/programme.py. */
(function () {
  var panorama = window.panorama, KEY = 'panorama-programme', HOME = 'overview', SHANGHAI = 8 * 3600000, LOOK = 1000, REST = 5000;
  /* The item in front (its place in the list, -1 for none), until when it stays, and whether the wall went home for want of one. */
  var items = [], at = -1, until = 0, home = false;

  function minutes(time) { return Number(time.slice(0, 2)) * 60 + Number(time.slice(3)); }

  /* The places of the items shown in turn at a moment (ms). Hours that end before they begin belong to the day on which they begin. */
  panorama.itemsNow = function (list, moment) {
    var local = new Date(moment + SHANGHAI), weekday = local.getUTCDay() || 7, minute = local.getUTCHours() * 60 + local.getUTCMinutes();
    function dayOf(item) {
      var from = minutes(item.from), to = minutes(item.to);
      if (from <= to) return from <= minute && minute < to ? weekday : 0;
      return minute >= from ? weekday : minute < to ? (weekday + 5) % 7 + 1 : 0;
    }
    return list.map(function (item, place) {
      var day = dayOf(item);
      return day && (!item.weekdays.length || item.weekdays.indexOf(day) >= 0) ? place : -1;
    }).filter(function (place) { return place >= 0; });
  };

  /* What a browser has kept may come from an older version. */
  function sound(item) {
    var times = item ? [item.from, item.to] : [];
    return times.length && Array.isArray(item.weekdays) && item.seconds >= 1 && times.every(function (time) { return /^\d\d:\d\d$/.test(time); });
  }
  function list(programme) {
    return programme && Array.isArray(programme.items) ? programme.items.filter(sound) : [];
  }
  function remembered() {
    try { return JSON.parse(localStorage.getItem(KEY)); } catch (no) { return null; }
  }
  function remember(programme) {
    try {
      if (programme) localStorage.setItem(KEY, JSON.stringify(programme)); else localStorage.removeItem(KEY);
    } catch (no) { /* A browser that may keep nothing waits for the first heartbeat. */ }
  }

  /* A face that the address names stays, and so does what somebody looks at: a past moment, the proof of a figure. Before
     the first figures no face can be shown. */
  function free() {
    return document.body.dataset.generation && document.documentElement.dataset.layout === 'wall' &&
      document.getElementById('wall') && !document.querySelector('.proof') && !/[?&](asof|show)=/.test(location.search);
  }

  /* A face that is not there or cannot be drawn must not be seen to fail. */
  function bring(face) {
    try {
      return panorama.faces.current() === face || panorama.faces.show(face) === true;
    } catch (no) { return false; }
  }

  /* The next one that can be shown; one that fails gets its next chance in the next round. */
  function advance(now) {
    var later = now.filter(function (place) { return place > at; })[0], start = Math.max(0, now.indexOf(later));
    var round = now.slice(start).concat(now.slice(0, start));
    var shown = round.find(function (place) { return bring(items[place].face); });
    if (shown === undefined) return rest();
    at = shown;
    home = false;
    until = performance.now() + items[shown].seconds * 1000;
    return undefined;
  }
  function rest() {
    at = -1;
    home = bring(HOME);
    until = performance.now() + REST;
  }

  function turn() {
    if (!items.length || !free()) return;
    var now = panorama.itemsNow(items, panorama.now());
    if (!now.length) {
      at = -1;
      until = 0;
      home = home || bring(HOME);
    } else if (performance.now() >= until || at >= 0 && now.indexOf(at) < 0) advance(now);
  }

  /* A changed programme takes the place of the old one at once; an item that is in both goes on. */
  function take(programme) {
    var before = JSON.stringify(items), playing = JSON.stringify(items[at]), had = items.length > 0;
    items = list(programme);
    remember(items.length ? programme : null);
    if (JSON.stringify(items) === before) return;
    at = items.findIndex(function (item) { return JSON.stringify(item) === playing; });
    if (at < 0) until = 0;
    home = false;
    if (had && !items.length && free()) bring(HOME);
    turn();
  }

  window.addEventListener('panorama:programme', function (event) { take(event.detail); });
  items = list(remembered());
  /* The only timer: hours, weekdays and seconds are all judged by the clocks, however late it comes. */
  setInterval(turn, LOOK);
})();

/* The wall of a past moment (?asof=2026-03-05T09:00): holds its payload, and the bar over the foot that plays and scrubs through time. */
(function () {
  var panorama = window.panorama, root = document.documentElement;
  var HOUR = 60, DAY = 1440, SHORT = 3 * DAY, BEAT = 1000, PATIENCE = 20000, FORGOTTEN = 600000, NEAR = 6000;
  var make = panorama.make, fill = panorama.fill, button = panorama.button;
  var read = panorama.answered('本屏或本账号的授权已失效', '服务器暂时不能回看');
  var KNOWN = { then: '按当时所知', now: '按现在所知' };
  /* What the wall shows while nothing of the moment is here yet: its dashes, and not the figures of today. */
  var BLANK = { generation: 'asof-wait', as_of: '', reconciled: true, text: {}, charts: {} };
  /* The bar while it is open; the moment asked for; what was told of the moment shown; the rounds of asking. */
  var bar = null, wanted = null, told = null, turn = 0, busy = false, playing = false, timer = null, visit = null;

  /* ---- moments: whole minutes of Xi'an since 1970, and text as 2026-03-05T09:00 ---- */

  function minutesOf(text) {
    var found = /^\s*(\d{4})-(\d\d?)-(\d\d?)(?:[T ]+(\d\d?):(\d\d))?\s*$/.exec(text || '');
    if (!found) return null;
    var made = Date.UTC(found[1], found[2] - 1, found[3], found[4] || 0, found[5] || 0) / 60000;
    return textOf(made).slice(8, 10) === two(Number(found[3])) ? made : null;
  }
  function two(n) { return (n < 10 ? '0' : '') + n; }
  function textOf(minutes) { return new Date(minutes * 60000).toISOString().slice(0, 16); }

  function from() { return minutesOf(told.first_day + 'T00:00'); }
  function to() { return minutesOf(told.latest); }
  function unit() { return to() - from() < SHORT ? HOUR : DAY; }
  function within(minutes) { return Math.max(from(), Math.min(to(), minutes)); }

  /* ---- the address ---- */

  function asked() {
    var given = new URLSearchParams(location.search);
    return given.get('asof') === null ? null : { at: given.get('asof'), known: given.get('known') || '' };
  }
  function write(moment) {
    var others = location.search.slice(1).split('&').filter(function (one) { return one && !/^(asof|known)=/.test(one); });
    var ours = moment ? ['asof=' + moment.at, 'known=' + moment.known] : [];
    var search = others.concat(ours.filter(function (one) { return !/=$/.test(one); })).join('&');
    history.replaceState(history.state, '', location.pathname + (search ? '?' + search : ''));
  }

  /* ---- asking: one question at a time; of all that were asked meanwhile only the last counts ---- */

  function go(at, known) {
    wanted = { at: at, known: known };
    clearTimeout(timer);
    write(wanted);
    reflect();
    if (!busy) ask();
  }

  /* Before the platform knew anything there is no knowledge of then; further on the choice holds again. */
  function move(minutes) {
    var at = textOf(within(minutes)), known = wanted.choice || wanted.known || told.known;
    go(at, at < told.earliest ? 'now' : known);
    wanted.choice = known;
  }

  function ask() {
    var mine = ++turn, question = wanted, stop = new AbortController();
    var late = setTimeout(function () { stop.abort(); }, PATIENCE);
    busy = true;
    bar.root.classList.add('waiting');
    fetch('/asof/wall?at=' + encodeURIComponent(question.at) + (question.known ? '&known=' + question.known : ''),
      { credentials: 'same-origin', signal: stop.signal, headers: { Accept: 'application/json' } }).then(read).then(function (got) {
      if (mine === turn) take(got, question);
    }, function (error) {
      if (mine === turn) fail(error.words || '服务器没有应答');
    }).finally(function () {
      clearTimeout(late);
      if (mine !== turn) return;
      busy = false;
      if (bar && wanted !== question) ask(); else if (bar) bar.root.classList.remove('waiting');
    });
  }

  function take(got, question) {
    told = got.asof;
    panorama.held = told;
    if (wanted === question) {
      wanted.known = told.known;
      write(wanted);
    }
    bar.root.classList.remove('failed');
    root.classList.add('lookback');
    panorama.wall.hold(got);
    reflect();
    if (playing) timer = setTimeout(onward, BEAT);
  }

  /* The picture stays as it was; a first moment that cannot be shown leaves the wall of today. */
  function fail(words) {
    play(false);
    bar.root.classList.add('failed');
    fill(bar.words, make('span', '', '没有取到这一刻：' + words + (told ? '' : '。屏上是实时数据')), button('重试', '', ask));
    if (!told) panorama.wall.release();
  }

  /* ---- playing ---- */

  function play(on) {
    playing = on;
    clearTimeout(timer);
    if (!bar) return;
    bar.play.textContent = on ? '暂停' : '播放';
    bar.play.setAttribute('aria-pressed', on);
    if (on && told) onward();
  }
  function onward() {
    var here = minutesOf(wanted.at), fresh = bar.play.dataset.fresh === 'yes';
    bar.play.dataset.fresh = '';
    if (here >= to() && !fresh) { play(false); return; }
    move(here >= to() ? from() : here + unit());
  }
  function toggle() {
    bar.play.dataset.fresh = 'yes'; /* At the end, playing begins anew. */
    play(!playing);
  }
  function step(minutes) {
    if (!told) return;
    play(false);
    move(minutesOf(wanted.at) + minutes);
  }

  /* ---- coming and going ---- */

  function enter(moment) {
    if (!bar) raise();
    go(moment.at, moment.known);
  }
  function leave() {
    play(false);
    clearTimeout(visit);
    turn += 1;
    busy = false;
    if (bar) bar.root.remove();
    bar = wanted = told = panorama.held = null;
    root.classList.remove('lookback');
    write(null);
    panorama.wall.release();
  }

  /* Somebody looked back from a live wall and went away: it goes back to today by itself. An address that names a moment stays. */
  function stay() {
    clearTimeout(visit);
    if (bar && bar.visit) visit = setTimeout(function () { if (playing) stay(); else leave(); }, FORGOTTEN);
  }

  /* ---- the bar ---- */

  function raise() {
    var slider = field('range', '时间轴'), moment = field('text', '回看的时刻，如 2026-03-05 09:00'), ticks = make('div', 'asof-ticks');
    var play = button('播放', 'asof-play', toggle), words = make('p', 'asof-words'), choices = {};
    var steps = [['上一天', -DAY], ['上一小时', -HOUR], ['下一小时', HOUR], ['下一天', DAY]].map(function (one) {
      return button(one[0], '', function () { step(one[1]); });
    });
    var both = Object.keys(KNOWN).map(function (known) {
      choices[known] = button(KNOWN[known], '', function () { choose(known); });
      return choices[known];
    });
    var key = make('p', 'asof-key', make('i', 'more'), '其后调高', make('i', 'less'), '其后调低');
    var track = make('div', 'asof-line', play, make('div', 'asof-track', slider, ticks), button('返回实时', 'asof-leave', leave));
    var hands = make('div', 'asof-line', make('div', 'asof-group', ...steps), moment, make('div', 'asof-group', ...both), words, key);
    bar = { root: make('section', 'asof-bar', track, hands), slider: slider, moment: moment, ticks: ticks, play: play, words: words,
      choices: choices, span: '', visit: false };
    bar.root.setAttribute('aria-label', '回看');
    words.setAttribute('role', 'status');
    slider.addEventListener('input', function () { step(scrubbed() - minutesOf(wanted.at)); });
    moment.addEventListener('change', typed);
    document.body.append(bar.root);
  }
  function field(type, label) {
    var made = document.createElement('input');
    made.type = type;
    made.setAttribute('aria-label', label);
    made.autocomplete = 'off';
    return made;
  }

  /* A long line is scrubbed by whole hours; its right end is the newest minute there is. */
  function scrubbed() {
    var at = Number(bar.slider.value), grain = unit() === DAY ? HOUR : 1;
    return at >= to() - grain ? to() : Math.round(at / grain) * grain;
  }
  function typed() {
    var at = minutesOf(bar.moment.value);
    play(false);
    if (at !== null && told) { move(at); return; }
    fill(bar.words, make('span', '', '时刻应写作 2026-03-05 09:00'));
    bar.root.classList.add('failed');
  }
  function choose(known) {
    if (!told || bar.choices[known].getAttribute('aria-disabled') === 'true') return;
    play(false);
    go(wanted.at, known);
  }

  function reflect() {
    if (!bar) return;
    if (document.activeElement !== bar.moment || told) bar.moment.value = wanted.at.replace('T', ' ');
    Object.keys(KNOWN).forEach(function (known) {
      bar.choices[known].setAttribute('aria-pressed', (wanted.known || (told || {}).known) === known);
      bar.choices[known].setAttribute('aria-disabled', Boolean(told) && known === 'then' && wanted.at < told.earliest);
    });
    if (!told) { fill(bar.words, make('span', '', '正在读取')); return; }
    line();
    if (bar.root.classList.contains('failed')) return;
    fill(bar.words, make('span', '', told.words));
    bar.words.title = told.words;
  }

  /* The line from the first clearance to the newest data, and where on it the moment stands. */
  function line() {
    var span = to() - from(), at = within(minutesOf(wanted.at));
    bar.slider.min = from();
    bar.slider.max = to();
    bar.slider.value = at;
    bar.slider.setAttribute('aria-valuetext', wanted.at.replace('T', ' '));
    bar.slider.style.setProperty('--at', (at - from()) / span * 100 + '%');
    if (bar.span === told.first_day + told.latest.slice(0, 10)) return;
    bar.span = told.first_day + told.latest.slice(0, 10);
    fill(bar.ticks, ...ticks().map(tick));
    began();
  }

  /* From where on there is knowledge of then. */
  function began() {
    var place = (minutesOf(told.earliest) - from()) / (to() - from()), made = make('i', 'asof-began');
    made.title = '自 ' + told.earliest.replace('T', ' ') + ' 起有当时所知';
    made.style.left = place * 100 + '%';
    if (place > 0 && place <= 1) bar.ticks.append(made);
  }

  /* Months, days of less than two months, or every third hour of a few days; as many as can be read. */
  function ticks() {
    var all = [], span = to() - from(), monthly = span > 60 * DAY, grain = span < SHORT ? 3 * HOUR : DAY, most = panorama.isWide() ? 30 : 24;
    if (monthly) {
      for (var at = new Date(from() * 60000); at.getTime() / 60000 <= to(); at.setUTCMonth(at.getUTCMonth() + 1, 1)) all.push(at.getTime() / 60000);
    } else {
      for (var next = from(); next <= to(); next += grain) all.push(next);
    }
    var every = Math.ceil(all.length / most);
    return all.filter(function (_, n) { return n % every === 0; }).map(function (minutes) {
      return { place: (minutes - from()) / span, words: named(new Date(minutes * 60000), monthly) };
    });
  }
  function named(day, monthly) {
    var month = day.getUTCMonth() + 1;
    if (monthly) return month === 1 ? day.getUTCFullYear() + '年' : month + '月';
    return day.getUTCHours() ? two(day.getUTCHours()) + ':00' : month + '月' + day.getUTCDate() + '日';
  }
  /* The line begins on any day: its first word gives way to that of the month that begins soon after. */
  function tick(one, n, all) {
    var close = one.place > 0.97 || n + 1 < all.length && all[n + 1].place - one.place < 0.7 / all.length;
    var made = make('span', '', close ? '' : one.words);
    made.style.left = one.place * 100 + '%';
    return made;
  }

  /* ---- the way in: a word below the clock while somebody's pointer is near it; Tab reaches it too ---- */

  var door = button('回看', 'asof-door', function () {
    var said = panorama.said || {}, now = said.as_of ? Date.parse(said.as_of) : panorama.now();
    enter({ at: textOf(Math.floor(now / 60000) + 8 * HOUR), known: 'then' });
    bar.visit = true;
    stay();
    bar.slider.focus();
  });
  var away = null;

  function clock() { return document.querySelector('#wall > .head .clock'); }
  function place() {
    var box = clock().getBoundingClientRect(), head = clock().closest('.head').getBoundingClientRect();
    door.style.top = head.bottom + 'px';
    door.style.left = box.left + box.width / 2 + 'px';
    return box;
  }
  function near(event) {
    stay();
    if (!clock() || bar) { root.classList.remove('asof-near'); return; }
    var box = place(), room = NEAR / 1000 * panorama.rootSize();
    var close = event.clientX > box.left - room && event.clientX < box.right + room && event.clientY < box.bottom + room;
    root.classList.toggle('asof-near', close);
    clearTimeout(away);
    if (close) away = setTimeout(function () { root.classList.remove('asof-near'); }, NEAR);
  }
  document.addEventListener('mousemove', near);
  door.addEventListener('focus', function () { if (clock()) place(); });

  /* ---- hands: ← → step, space plays, Escape goes back to today; figures and their proofs have the keys first ---- */

  function keys(event) {
    var on = event.target, figure = on.closest && on.closest('[data-proof]'), typing = on === (bar || {}).moment;
    stay();
    if (!bar || event.altKey || event.ctrlKey || event.metaKey || document.querySelector('.proof')) return;
    if (event.key === 'Escape') {
      if (typing) on.blur(); else leave();
    } else if (typing || figure || !deed(event, on)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }
  function deed(event, on) {
    var way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (way && told) step(way * (event.shiftKey ? HOUR : unit()));
    else if (event.key === ' ' && on.tagName !== 'BUTTON') toggle();
    else return false;
    return true;
  }
  document.addEventListener('keydown', keys, true);

  /* ---- the address decides: at the start, and when it was changed by going back or to another page ---- */

  function look() {
    var here = document.getElementById('wall'), moment = asked();
    if (!here) {
      if (bar) leave();
      door.remove();
      return;
    }
    if (!door.isConnected) document.body.append(door);
    if (moment && !bar) { panorama.wall.hold(BLANK); enter(moment); }
    else if (moment && moment.at !== wanted.at) go(moment.at, moment.known);
    else if (!moment && bar) leave();
  }
  function begin() { if (document.getElementById('wall')) look(); else setTimeout(begin, 100); }
  window.addEventListener('popstate', look);
  window.addEventListener('panorama:pulse', look);
  begin();

  panorama.asof = { isPlaying: function () { return playing; } };
})();

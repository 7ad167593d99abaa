/* A wall's heartbeat: tells what the screen really shows, and does once what it is asked: reload, identify, show a message. */
(function () {
  var panorama = window.panorama;
  var ASK_AGAIN = 60000, PATIENCE = 7000, ADDRESS = '/screen/beat';
  /* In ms; backend/screens/rhythm.py says how soon silence is an alert. A test's wall may beat faster. */
  var RHYTHM = Object.assign({ first: 3000, every: 15000, again: 4000, settled: 1500 }, panorama.rhythm);
  /* What goes on within one generation (age, clock, alerts, ticker) is no figure of it. */
  var LIVE = '.head, .foot, .alerts, [data-live]', NOTE = 'screen-note';
  /* Who looks at this wall: not asked yet (''), a screen, a person, or somebody whom the server refuses. */
  var who = '', done = 0, build = '', failed = 0;

  function onWall() { return document.documentElement.dataset.layout === 'wall' && Boolean(document.getElementById('wall')); }
  function generation() { return document.body.dataset.generation || null; }
  function wait(ms) { return new Promise(function (go) { setTimeout(go, ms); }); }

  /* A changed text fades out beside the new one for half a second; only the new one is what the screen says. */
  function textOf(element) {
    if (element.querySelector('.leaf-was')) {
      element = element.cloneNode(true);
      element.querySelectorAll('.leaf-was').forEach(function (was) { was.remove(); });
    }
    return element.textContent.trim();
  }
  function figures() {
    return Array.from(document.querySelectorAll('#wall .n')).filter(function (n) { return !n.closest(LIVE); })
      .map(textOf).join('\n');
  }

  /* Browsers have crypto.subtle on loopback and over TLS only; FNV-1a serves screens on a plain local network. */
  function hex(number) { return ('0000000' + (number >>> 0).toString(16)).slice(-8); }
  function fnv(bytes, start) {
    return hex(bytes.reduce(function (sum, byte) { return Math.imul(sum ^ byte, 16777619); }, start));
  }
  panorama.hashed = function (text, plain) {
    var bytes = new TextEncoder().encode(text);
    if (plain || !window.crypto || !window.crypto.subtle) {
      return Promise.resolve('fnv1a:' + fnv(bytes, 0x811c9dc5) + fnv(bytes, 0x9747b28c));
    }
    return window.crypto.subtle.digest('SHA-256', bytes).then(function (sum) {
      return 'sha256:' + Array.from(new Uint8Array(sum)).map(function (b) { return hex(b).slice(-2); }).join('');
    });
  };

  /* The mark of a generation is set a moment before its figures are drawn: look when it has stood for a while. */
  function settled() {
    var before = generation();
    /* While the past is played no picture stands long enough to be looked at; the screen tells that it lives. */
    if (panorama.asof && panorama.asof.isPlaying()) return Promise.resolve(null);
    return wait(RHYTHM.settled).then(function () { return generation() === before ? before : settled(); });
  }

  function look(shown) {
    var root = panorama.rootSize(), said = panorama.said || {}, scale = window.devicePixelRatio || 1;
    var smallest = parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--t-min')) * root * panorama.tallness();
    var text = figures();
    build = build || said.build || '';
    var told = {
      size: Math.round(innerWidth * scale) + 'x' + Math.round(innerHeight * scale), text_share: smallest / innerHeight,
      build: build, view: (location.pathname + location.search).slice(0, 120), generation: shown,
      as_of: said.generation === shown ? said.as_of || null : null, hash: null, done: done,
      face: panorama.faces ? panorama.faces.current() : '', scale: document.documentElement.dataset.scale
    };
    if (!shown) return Promise.resolve(told);
    return panorama.hashed(text).then(function (hash) { told.hash = hash; return told; });
  }

  function ask(method, told) {
    var stop = new AbortController(), timer = setTimeout(function () { stop.abort(); }, PATIENCE);
    var mark = /(?:^|;\s*)(?:__Host-)?panorama_csrf=([^;]*)/.exec(document.cookie);
    var headers = { 'Content-Type': 'application/json', 'X-CSRFToken': mark ? decodeURIComponent(mark[1]) : '' };
    return fetch(ADDRESS, { method: method, credentials: 'same-origin', signal: stop.signal,
      headers: told ? headers : {}, body: told && JSON.stringify(told) }).then(function (answer) {
      if (answer.status === 401 || answer.status === 403) who = 'refused';
      if (!answer.ok) throw new Error('beat ' + answer.status);
      return answer.json();
    }).finally(function () { clearTimeout(timer); });
  }

  /* An order counts as taken before it is done: a reload would forget it, and do it again and again. */
  function obey(command, told) {
    if (!command || command.number <= done) return undefined;
    return ask('POST', Object.assign({}, told, { done: command.number })).then(function () {
      done = command.number;
      deeds[command.kind](command);
    });
  }

  var deeds = {
    reload: function () { location.reload(); },
    identify: function (c) {
      put('screen-mark', [['b', c.screen, 'n'], ['strong', c.name], ['span', c.place], ['small', c.text]], c.seconds);
    },
    message: function (c) { put('screen-message', [['span', '通知', 'tag'], ['strong', c.text]], c.seconds); }
  };

  /* Over the wall and outside of what Dash keeps; texts only. */
  function put(kind, parts, seconds) {
    document.querySelectorAll('.' + kind).forEach(function (old) { old.remove(); });
    var note = document.createElement('div'), head = document.querySelector('.wall > .head');
    note.className = NOTE + ' ' + kind;
    note.setAttribute('role', 'status');
    parts.filter(function (part) { return part[1]; }).forEach(function (part) {
      var line = document.createElement(part[0]);
      line.className = part[2] || '';
      line.textContent = part[1];
      note.appendChild(line);
    });
    if (head) note.style.setProperty('--below', Math.max(0, head.getBoundingClientRect().bottom) / panorama.rootSize() + 'rem');
    document.body.appendChild(note);
    setTimeout(function () { note.remove(); }, seconds * 1000);
  }

  /* What to play and how to scale, for 55-player.js and 35-scale.js; nothing of it is kept in a person's browser. */
  function tell(programme) { window.dispatchEvent(new CustomEvent('panorama:programme', { detail: programme || null })); }

  function beat() {
    return settled().then(look).then(function (told) {
      return ask('POST', told).then(function (answer) {
        tell(answer.programme);
        return obey(answer.command, told);
      });
    });
  }
  panorama.beat = beat;

  /* A person who looks at the wall is no screen: nothing more is asked, and nothing is ever sent for him. */
  function learn() {
    return ask('GET').then(function (answer) {
      who = answer.screen ? 'screen' : 'person';
      return answer.screen ? beat() : tell(null);
    });
  }

  function turn() {
    var work = !onWall() ? Promise.resolve() : who === 'screen' ? beat() : learn();
    /* Nothing of a failure may be seen on the wall. The first one is made good soon, so that it is no silence; while the server
       stays away the screens go on in their own rhythm. */
    work.then(function () { failed = 0; }, function () { failed += 1; }).then(function () {
      if (who === 'person') return;
      setTimeout(turn, panorama.jitter(who === 'refused' ? ASK_AGAIN : failed === 1 ? RHYTHM.again : RHYTHM.every));
    });
  }
  setTimeout(turn, panorama.jitter(RHYTHM.first));
})();

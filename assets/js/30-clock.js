/* The tick of all pages: keeps server time, takes up again by itself however long the server was away, follows a new build. */
(function () {
  var panorama = window.panorama, clientside = window.dash_clientside = window.dash_clientside || {};
  /* Within 15 s of its server's return a wall is itself again: one answer given up, one pause, the answer, the figures. The
     pause therefore never grows; a screen that gets no answer asks no oftener than one that does. */
  var PATIENCE = 6000, OVERDUE = 13000, FIRST_WORD = 20000, LOOK = 1000, AGAIN = 5000;
  var rhythm = 0, asked = 0, build = null, renewing = false;

  function setRhythm(ms) { clientside.set_props('tick', { interval: panorama.jitter(ms), disabled: false }); }

  /* Asks, and hands over the answer once all of it is here. It is given up when nothing has arrived for PATIENCE; a slow
     answer that moves is waited for. */
  panorama.patiently = function (address, how, ask) {
    var stop = new AbortController(), timer = 0;
    function moved() {
      clearTimeout(timer);
      timer = setTimeout(function () { stop.abort(); }, PATIENCE);
    }
    function drain(reader) {
      return reader.read().then(function (part) {
        moved();
        return part.done ? null : drain(reader);
      });
    }
    moved();
    return (ask || window.fetch)(address, Object.assign({}, how, { signal: stop.signal })).then(function (answer) {
      moved();
      return answer.body ? drain(answer.clone().body.getReader()).then(function () { return answer; }) : answer;
    }).finally(function () { clearTimeout(timer); });
  };

  /* Dash leaves a timer off for good whose callback got no answer or half of one: to it, such a tick has nothing to update. */
  var ask = window.fetch;
  window.fetch = function (address, how) {
    var tick = /\/_dash-update-component/.test(String(address)) && how && /"tick\.n_intervals"/.test(String(how.body));
    if (!tick) return ask.apply(this, arguments);
    return panorama.patiently(address, how, ask).then(function (answer) {
      return answer.ok ? answer : new Response(null, { status: 204 });
    }, function () { return new Response(null, { status: 204 }); });
  };

  clientside.clock = {
    count: function (n, interval) {
      if (!rhythm) { rhythm = interval; setRhythm(rhythm); }
      asked = performance.now();
      return clientside.no_update;
    },
    /* The server answered: {now, build, generation, as_of, fault, unproved}. */
    pulse: function (said) {
      if (!said) return clientside.no_update;
      panorama.heard = Date.now();
      panorama.offset = said.now - panorama.heard;
      panorama.said = said;
      if (build && build !== said.build) renew(3000 + Math.random() * 20000);
      build = said.build;
      window.dispatchEvent(new Event('panorama:pulse'));
      return clientside.no_update;
    }
  };

  /* Loads the page anew once its server would give it: a reload into an outage, or into a sign-in, would take the last good
     picture from the screen. `needless` is asked before. */
  function renew(pause, needless) {
    if (renewing) return;
    renewing = true;
    setTimeout(function () {
      if (needless && needless()) { renewing = false; return; }
      panorama.patiently(location.href, { credentials: 'same-origin', cache: 'no-store' }).then(function (answer) {
        if (!answer.ok || answer.redirected) throw new Error('document ' + answer.status);
        location.reload();
      }).catch(function () {
        renewing = false;
        renew(panorama.jitter(AGAIN), needless);
      });
    }, pause);
  }

  function begun() {
    var content = document.getElementById('content');
    return Boolean(panorama.heard && content && content.firstElementChild);
  }
  /* A page that was opened just when its server went away never gets its content by itself. */
  setTimeout(function () { renew(0, begun); }, panorama.jitter(FIRST_WORD));

  /* Whatever else keeps the timer off: wake it. */
  setInterval(function () {
    if (!asked || performance.now() - asked < OVERDUE) return;
    asked = performance.now();
    setRhythm(rhythm);
  }, LOOK);
})();

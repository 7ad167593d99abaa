/* The wall's minute: fetches the payload of a new generation and hands its parts to the components. Old data stay until new ones are here. */
(function () {
  var panorama = window.panorama, clientside = window.dash_clientside = window.dash_clientside || {};
  var PAUSE = 3000;
  var wanted = null, live = null, held = null, timer = null, inFlight = null, given = {};

  /* Only what differs from what the component has: an unchanged panel is not touched. */
  function give(id, name, value) {
    var element = document.getElementById(id), text = JSON.stringify(value), props = {};
    if (!element || given[id] && given[id].element === element && given[id].text === text) return;
    given[id] = { element: element, text: text };
    props[name] = value;
    clientside.set_props(id, props);
  }

  /* The payload, and over it what the last tick said: a fault may arise, and data may be found still current, within one
     generation. A payload that is held (a moment of the past) stands still. */
  function show() {
    var payload = held || live, said = held ? {} : panorama.said || {};
    if (!payload || !document.getElementById('wall')) return;
    var text = Object.assign({}, payload.text, said.fault);
    Object.keys(text).forEach(function (name) { give('wall-' + name, 'tree', text[name]); });
    Object.keys(payload.charts).forEach(function (name) { give('wall-chart-' + name, 'option', payload.charts[name]); });
    give('wall-fresh', 'asOf', said.generation === payload.generation ? said.as_of : payload.as_of);
    give('wall', 'className', 'wall ' + (payload.reconciled && !payload.fault && !said.fault ? '' : 'unreconciled'));
    failed(payload.failed || {});
    if (document.body.dataset.generation !== payload.generation) clientside.set_props('wall-shown', { data: payload.generation });
    document.body.dataset.generation = payload.generation;
    window.dispatchEvent(new Event('panorama:shown'));
  }
  window.addEventListener('panorama:pulse', show);

  /* Part -> since when it could not be made, or not be drawn here: its panel keeps the old figures and says so in its head. */
  function failed(parts) {
    document.querySelectorAll('#wall [data-failed]').forEach(function (head) { head.removeAttribute('data-failed'); });
    Object.keys(parts).forEach(function (id) { say(document.getElementById(id), parts[id]); });
    document.querySelectorAll('#wall [data-undrawn]').forEach(function (element) { say(element, element.dataset.undrawn); });
  }
  function say(element, since) {
    var panel = element && element.closest('#wall > *'), head = panel && (panel.querySelector('h2') || panel);
    if (head) head.dataset.failed = '本栏更新失败 ' + since;
  }
  panorama.undrawn = function (element, failure) {
    if (!element || !failure === !element.dataset.undrawn) return;
    if (failure) element.dataset.undrawn = panorama.minute(); else delete element.dataset.undrawn;
    show();
  };

  /* Shows another payload instead of the live one until it is released, which is kept up to date meanwhile. */
  panorama.wall = {
    isHeld: function () { return Boolean(held); },
    hold: function (payload) { held = payload; show(); },
    release: function () { held = null; show(); }
  };

  /* A sign-in page or an error is not a payload: whatever is not our JSON leaves the screen as it is. */
  function read(answer) {
    var json = /^application\/json/.test(answer.headers.get('Content-Type') || '');
    if (!answer.ok || answer.redirected || !json) throw new Error('payload ' + answer.status);
    return answer.json();
  }

  /* The pause never grows (see 30-clock.js): the screen must be itself again soon after its server is. */
  function load() {
    var generation = wanted;
    clearTimeout(timer);
    if (inFlight) return;
    inFlight = generation;
    panorama.patiently('/payload/wall?g=' + encodeURIComponent(generation), { credentials: 'same-origin' }).then(read).then(function (got) {
      inFlight = null;
      live = got;
      show();
      if (generation !== wanted) load();
    }).catch(function () {
      inFlight = null;
      timer = setTimeout(load, panorama.jitter(PAUSE));
    });
  }

  clientside.wall = {
    /* Form (b): bytes of the generation from their own address. With ?delivery=callback form (a): through a plain Dash callback. */
    want: function (generation) {
      if (!generation) return clientside.no_update;
      var known = generation === wanted;
      wanted = generation;
      if (/[?&]delivery=callback(&|$)/.test(location.search)) return generation;
      if (known && live) show(); else load();
      return clientside.no_update;
    },
    take: function (got) {
      live = got || live;
      show();
      return clientside.no_update;
    }
  };

  /* No pointer on a wall that nobody has touched for five seconds. */
  var idle = null;
  document.addEventListener('mousemove', function () {
    document.documentElement.classList.remove('idle');
    clearTimeout(idle);
    idle = setTimeout(function () { document.documentElement.classList.add('idle'); }, 5000);
  });
})();

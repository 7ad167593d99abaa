/* The wall's minute: fetches the payload of a new generation and hands its parts to the components. Old data stay until new ones are here. */
(function () {
  var panorama = window.panorama, clientside = window.dash_clientside = window.dash_clientside || {};
  var FIRST_PAUSE = 2000, MOST = 60000;
  var wanted = null, payload = null, timer = null, inFlight = null, given = {};

  /* Only what differs from what the component has: an unchanged panel is not touched. */
  function give(id, name, value) {
    var element = document.getElementById(id), text = JSON.stringify(value), props = {};
    if (!element || given[id] && given[id].element === element && given[id].text === text) return;
    given[id] = { element: element, text: text };
    props[name] = value;
    clientside.set_props(id, props);
  }

  /* The payload, and over it what the last tick said: a fault may arise, and data may be found still current, within one generation. */
  function show() {
    if (!payload || !document.getElementById('wall')) return;
    var said = panorama.said || {}, text = Object.assign({}, payload.text, said.fault);
    Object.keys(text).forEach(function (name) { give('wall-' + name, 'tree', text[name]); });
    Object.keys(payload.charts).forEach(function (name) { give('wall-chart-' + name, 'option', payload.charts[name]); });
    give('wall-fresh', 'asOf', said.generation === payload.generation ? said.as_of : payload.as_of);
    give('wall', 'className', 'wall ' + (payload.reconciled && !payload.fault && !said.fault ? '' : 'unreconciled'));
    if (document.body.dataset.generation !== payload.generation) clientside.set_props('wall-shown', { data: payload.generation });
    document.body.dataset.generation = payload.generation;
  }
  window.addEventListener('panorama:pulse', show);

  /* A sign-in page or an error is not a payload: whatever is not our JSON leaves the screen as it is. */
  function read(answer) {
    var json = /^application\/json/.test(answer.headers.get('Content-Type') || '');
    if (!answer.ok || answer.redirected || !json) throw new Error('payload ' + answer.status);
    return answer.json();
  }

  function load(pause) {
    var generation = wanted;
    clearTimeout(timer);
    if (inFlight) return;
    inFlight = generation;
    fetch('/payload/wall?g=' + encodeURIComponent(generation), { credentials: 'same-origin' }).then(read).then(function (got) {
      inFlight = null;
      payload = got;
      show();
      if (generation !== wanted) load(FIRST_PAUSE);
    }).catch(function () {
      inFlight = null;
      timer = setTimeout(function () { load(Math.min(pause * 2, MOST)); }, panorama.jitter(pause));
    });
  }

  clientside.wall = {
    /* Form (b): bytes of the generation from their own address. With ?delivery=callback form (a): through a plain Dash callback. */
    want: function (generation) {
      if (!generation) return clientside.no_update;
      var known = generation === wanted;
      wanted = generation;
      if (/[?&]delivery=callback(&|$)/.test(location.search)) return generation;
      if (known && payload) show(); else load(FIRST_PAUSE);
      return clientside.no_update;
    },
    take: function (got) {
      payload = got || payload;
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

/* The wall's minute: fetches the payload of a new generation and hands its parts to the components. Old data stay until new ones are here. */
(function () {
  var panorama = window.panorama, clientside = window.dash_clientside = window.dash_clientside || {};
  var FIRST_PAUSE = 2000, MOST = 60000;
  var wanted = null, timer = null, inFlight = null;

  function give(id, props) { if (document.getElementById(id)) clientside.set_props(id, props); }

  function show(payload) {
    Object.keys(payload.text).forEach(function (name) { give('wall-' + name, { tree: payload.text[name] }); });
    Object.keys(payload.charts).forEach(function (name) { give('wall-chart-' + name, { option: payload.charts[name] }); });
    give('wall-fresh', { asOf: payload.as_of });
    give('wall', { className: 'wall ' + (payload.reconciled && !payload.fault ? '' : 'unreconciled') });
    clientside.set_props('wall-shown', { data: payload.generation });
    document.body.dataset.generation = payload.generation;
  }

  /* A sign-in page or an error is not a payload: whatever is not our JSON leaves the screen as it is. */
  function read(answer) {
    var json = /^application\/json/.test(answer.headers.get('Content-Type') || '');
    if (!answer.ok || answer.redirected || !json) throw new Error('payload ' + answer.status);
    return answer.json();
  }

  function load(generation, pause) {
    clearTimeout(timer);
    if (inFlight === generation) return;
    inFlight = generation;
    fetch('/payload/wall?g=' + encodeURIComponent(generation), { credentials: 'same-origin' }).then(read).then(function (payload) {
      inFlight = null;
      if (generation === wanted) show(payload); else load(wanted, FIRST_PAUSE);
    }).catch(function () {
      inFlight = null;
      timer = setTimeout(function () { load(wanted, Math.min(pause * 2, MOST)); }, panorama.jitter(pause));
    });
  }

  clientside.wall = {
    /* Form (b): bytes of the generation from their own address. With ?delivery=callback form (a): through a plain Dash callback. */
    want: function (generation) {
      if (!generation || generation === wanted) return clientside.no_update;
      wanted = generation;
      if (/[?&]delivery=callback(&|$)/.test(location.search)) return generation;
      load(generation, FIRST_PAUSE);
      return clientside.no_update;
    },
    take: function (payload) {
      if (payload) show(payload);
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

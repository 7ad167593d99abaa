/* The tick of all pages: keeps server time, slows down while the server is away, takes up again by itself, follows a new build. */
(function () {
  var panorama = window.panorama, clientside = window.dash_clientside = window.dash_clientside || {};
  var MOST = 60000, GIVE_UP_WAITING = 90000;
  var rhythm = 0, missed = 0, asked = 0, build = null;

  function setRhythm(ms) { clientside.set_props('tick', { interval: panorama.jitter(ms), disabled: false }); }

  clientside.clock = {
    /* Every tick counts as missed until the server's pulse says otherwise; from the third on the pause doubles. */
    count: function (n, interval) {
      if (!rhythm) { rhythm = interval; setRhythm(rhythm); }
      asked = Date.now();
      missed += 1;
      if (missed > 2) setRhythm(Math.min(rhythm * Math.pow(2, missed - 2), MOST));
      return clientside.no_update;
    },
    /* The server answered: {now, build, generation, as_of, fault}. */
    pulse: function (said) {
      if (!said) return clientside.no_update;
      panorama.heard = Date.now();
      panorama.offset = said.now - panorama.heard;
      panorama.said = said;
      if (missed > 2) setRhythm(rhythm);
      missed = 0;
      if (build && build !== said.build) setTimeout(function () { location.reload(); }, 3000 + Math.random() * 20000);
      build = said.build;
      window.dispatchEvent(new Event('panorama:pulse'));
      return clientside.no_update;
    }
  };

  /* An answer that never comes would keep the timer off for good: wake it. */
  setInterval(function () {
    if (asked && Date.now() - asked > GIVE_UP_WAITING) {
      asked = Date.now();
      setRhythm(rhythm || MOST);
    }
  }, 5000);
})();

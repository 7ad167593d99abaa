/* What the server refuses: a page leads to sign-in, a wall keeps its last figures and says so. */
(function () {
  var panorama = window.panorama, ask = window.fetch;
  panorama.refused = 0;

  function heard(answer) {
    var was = panorama.refused;
    panorama.refused = answer.status === 401 || answer.status === 403 ? answer.status : answer.ok ? 0 : was;
    if (panorama.refused && panorama.refused !== was) leave(panorama.refused);
    /* Dash would read the words of a refusal twice and fail; that there is nothing to update is all it need know. */
    return panorama.refused && /_dash-update-component/.test(answer.url) ? new Response(null, { status: 204 }) : answer;
  }

  /* On a wall there is nobody who could sign in. A page whose rights changed is asked for anew, once. */
  function leave(status) {
    if (document.documentElement.dataset.layout === 'wall') return;
    var here = location.pathname + location.search, key = 'panorama-left';
    if (status === 401) { location.assign('/sign-in?next=' + encodeURIComponent(here)); return; }
    if (sessionStorage.getItem(key) === here) return;
    sessionStorage.setItem(key, here);
    location.reload();
  }

  function refusal(words) {
    var error = new Error(words);
    error.words = words;
    return error;
  }

  /* Reads a JSON answer; any other is an error whose `words` are for people: what is denied, or what cannot be done. */
  panorama.answered = function (denied, unable) {
    return function (answer) {
      var json = /^application\/json/.test(answer.headers.get('Content-Type') || '');
      if (answer.status === 401 || answer.status === 403) throw refusal(denied);
      if (!json) throw refusal(unable + '（' + answer.status + '）');
      return answer.json().then(function (found) {
        if (!answer.ok) throw refusal(found.message || unable + '（' + answer.status + '）');
        return found;
      });
    };
  };

  window.fetch = function (asked) {
    var address = typeof asked === 'string' ? asked : asked && asked.url || '';
    var ours = /\/_dash-|\/payload\//.test(address);
    return ours ? ask.apply(this, arguments).then(heard) : ask.apply(this, arguments);
  };
})();

/* Dash components panorama.Fresh, panorama.Clock and panorama.Frame: age of the data in words, time of day, root size. */
(function () {
  var panorama = window.panorama, React = window.React, h = React.createElement;
  var SHANGHAI = 8 * 3600000, LATE = 60, STALE = 300, SILENT = 45000;

  function useSecond() {
    var state = React.useState(0);
    React.useEffect(function () {
      var again = function () { state[1](function (n) { return n + 1; }); }, timer = setInterval(again, 1000);
      window.addEventListener('panorama:shown', again);
      return function () { clearInterval(timer); window.removeEventListener('panorama:shown', again); };
    }, []);
  }
  function two(n) { return (n < 10 ? '0' : '') + n; }
  function shanghai(ms) { return new Date(ms + SHANGHAI); }

  function agoWords(seconds) {
    if (seconds < 60) return seconds + ' 秒前';
    if (seconds < 3600) return Math.floor(seconds / 60) + ' 分钟前';
    if (seconds < 86400) return Math.floor(seconds / 3600) + ' 小时前';
    return Math.floor(seconds / 86400) + ' 天前';
  }

  /* Up to 60 s is normal, up to 300 s late, then stale: by the data's own time, not by when this page last heard of it. */
  panorama.freshness = function (asOf, now) {
    var seconds = Math.max(0, Math.floor((now - Date.parse(asOf)) / 1000));
    var state = seconds <= LATE ? 'fresh' : seconds <= STALE ? 'late' : 'stale';
    return { state: state, words: agoWords(seconds) + '，' + { fresh: '正常', late: '迟到', stale: '已陈旧' }[state] };
  };

  function asOfWords(asOf, now) {
    var at = shanghai(Date.parse(asOf)), today = shanghai(now);
    var time = two(at.getUTCHours()) + ':' + two(at.getUTCMinutes()) + ':' + two(at.getUTCSeconds());
    var same = at.toISOString().slice(0, 10) === today.toISOString().slice(0, 10);
    return same ? time : two(at.getUTCMonth() + 1) + '-' + two(at.getUTCDate()) + ' ' + time;
  }

  /* A past moment (70-asof.js) has no age: it says which moment it is and whose knowledge of it is shown. */
  function past(id, held) {
    return h('span', { id: id, className: 'fresh past' }, h('i'), '回看 ', h('span', { className: 'n' }, held.at.replace('T', ' ')),
      h('span', { className: 'dot' }, ' · '), h('b', null, held.known === 'then' ? '按当时所知' : '按现在所知'));
  }

  panorama.Fresh = function (props) {
    useSecond();
    if (panorama.held) return past(props.id, panorama.held);
    if (!props.asOf) return h('span', { id: props.id, className: 'fresh wait' }, h('i'), '正在读取');
    var now = panorama.now(), told = panorama.freshness(props.asOf, now);
    var silent = panorama.heard && Date.now() - panorama.heard > SILENT;
    return h('span', { id: props.id, className: 'fresh ' + told.state }, h('i'), '数据截至 ',
      h('span', { className: 'n' }, asOfWords(props.asOf, now)), h('span', { className: 'dot' }, ' · '), h('b', null, told.words),
      panorama.refused ? h('em', null, '本屏授权已失效，数字不再更新') : silent ? h('em', null, '连接中断，正在重试') : null);
  };

  panorama.Clock = function (props) {
    useSecond();
    var at = shanghai(panorama.held ? Date.parse(panorama.held.at + ':00+08:00') : panorama.now()), week = '日一二三四五六'[at.getUTCDay()];
    var date = at.getUTCFullYear() + '年' + (at.getUTCMonth() + 1) + '月' + at.getUTCDate() + '日 星期' + week;
    return h('span', { id: props.id, className: 'clock n' }, h('span', { className: 'u' }, date),
      two(at.getUTCHours()) + ':' + two(at.getUTCMinutes()));
  };

  /* A wall is dark and a page is light, unless the address says otherwise (as in assets/head/theme.js for the first page). */
  panorama.Frame = function (props) {
    React.useLayoutEffect(function () {
      var root = document.documentElement;
      root.dataset.layout = props.layout || 'page';
      if (!/[?&]theme=/.test(location.search)) root.dataset.theme = props.layout === 'wall' ? 'dark' : 'light';
      if (props.title) document.title = props.title;
    }, [props.layout, props.title]);
    return h('span', { id: props.id, hidden: true });
  };
})();

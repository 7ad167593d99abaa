/* Dash components panorama.Live and panorama.Roll: element trees sent as data (see dashboard/markup.py), with texts that cross-fade. */
(function () {
  var panorama = window.panorama, React = window.React, h = React.createElement;
  var SETTLE = 480;
  /* What a tree may contain. Nothing here can load, run or navigate away by itself. */
  var TAGS = ('div aside span b i s em small strong p ul ol li dl dt dd h2 h3 table thead tbody tr td th caption time svg path rect').split(' ');
  var ATTRIBUTES = ('className style title role scope colSpan lang dateTime viewBox d width height x y fill stroke strokeWidth ' +
    'strokeDasharray aria-label aria-hidden data-key data-proof data-revised').split(' ');

  function allowed(given) {
    if (typeof given === 'string') return given ? { className: given } : {};
    /* A figure with a proof (60-proof.js) can be reached by keyboard and remote. */
    var reached = given && given['data-proof'] ? { tabIndex: 0, role: 'button' } : {};
    return Object.keys(given || {}).reduce(function (result, name) {
      if (ATTRIBUTES.indexOf(name) >= 0) result[name] = given[name];
      return result;
    }, reached);
  }

  /* A text that remembers its last value for as long as the old one needs to fade. */
  function Leaf(props) {
    var state = React.useState({ now: props.text, was: null }), shown = state[0], set = state[1];
    if (shown.now !== props.text) {
      shown = { now: props.text, was: panorama.isStill() ? null : shown.now };
      set(shown);
    }
    React.useEffect(function () {
      if (shown.was === null) return undefined;
      var timer = setTimeout(function () { set({ now: props.text, was: null }); }, SETTLE);
      return function () { clearTimeout(timer); };
    }, [props.text]);
    if (shown.was === null) return shown.now;
    return h('span', { className: 'leaf' }, h('span', { className: 'leaf-now', key: shown.now }, shown.now),
      h('span', { className: 'leaf-was', 'aria-hidden': true }, shown.was));
  }

  function render(node, key) {
    if (node === null || node === undefined) return null;
    if (typeof node === 'string') return h(Leaf, { text: node, key: key });
    if (node[0] === 'fresh') return h(panorama.Fresh, { asOf: node[1].asOf, key: key });
    var children = node.slice(2).map(render);
    if (node[0] === '') return h(React.Fragment, { key: key }, children);
    if (TAGS.indexOf(node[0]) < 0) return null;
    return h(node[0], Object.assign({ key: key }, allowed(node[1])), children);
  }
  panorama.render = render;

  /* A tree that cannot be drawn must not take the page with it: the last good one stays, and its panel says so. */
  function useDrawn(id, tree, draw) {
    var good = React.useRef(null), failure = null;
    try { good.current = tree === undefined || tree === null ? null : draw(tree); } catch (error) { failure = error; }
    React.useEffect(function () { panorama.undrawn(document.getElementById(id), failure); });
    return good.current;
  }

  panorama.Live = function (props) {
    var drawn = useDrawn(props.id, props.tree, function (tree) {
      return Array.isArray(tree) && Array.isArray(tree[0]) ? tree.map(render) : render(tree, 0);
    });
    return h(props.tag || 'div', { id: props.id, className: props.className }, drawn);
  };

  panorama.Roll = function (props) {
    var state = React.useState(0), wide = useWide(), per = (props.per || [1, 1])[wide ? 1 : 0], groups = [];
    var items = useDrawn(props.id, props.tree, function (tree) { return tree.map(render); }) || [];
    for (var i = 0; i < items.length; i += per) groups.push(items.slice(i, i + per));
    React.useEffect(function () {
      if (groups.length < 2) return undefined;
      var timer = setInterval(function () { state[1](function (n) { return n + 1; }); }, (props.seconds || 6) * 1000);
      return function () { clearInterval(timer); };
    }, [groups.length, props.seconds]);
    var on = groups.length ? state[0] % groups.length : 0;
    return h('div', { id: props.id, className: 'roll ' + (props.className || ''), 'aria-label': props.label, role: 'group' },
      groups.map(function (group, n) {
        return h('div', { key: n, className: n === on ? 'on' : '', 'aria-hidden': n !== on }, group);
      }));
  };

  function useWide() {
    var state = React.useState(panorama.isWide());
    React.useEffect(function () {
      var query = matchMedia('(min-aspect-ratio: 3/1)'), follow = function () { state[1](panorama.isWide()); };
      query.addListener(follow);
      window.addEventListener('panorama:scale', follow);
      return function () { query.removeListener(follow); window.removeEventListener('panorama:scale', follow); };
    }, []);
    return state[0];
  }
})();

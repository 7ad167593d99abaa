/* Dash component panorama.EChart: one ECharts instance for the life of the page; made once, merged into, disposed on unmount. */
(function () {
  var panorama = window.panorama, React = window.React;
  var FACES = ['400 1em "Noto Sans SC Variable"', '500 1em "Noto Sans SC Variable"', '700 1em "Noto Serif SC Variable"',
    '500 1em "IBM Plex Sans Condensed"', '600 1em "IBM Plex Sans Condensed"'];
  var lettersReady = {}, outlines = {};

  /* A canvas does not repaint when a web font arrives, and CJK fonts come in slices: load the slices of exactly these letters. */
  function fontsFor(option) {
    var fresh = Array.from(new Set(JSON.stringify(option))).filter(function (c) { return !lettersReady[c]; });
    if (!fresh.length) return Promise.resolve();
    return Promise.all(FACES.map(function (face) { return document.fonts.load(face, fresh.join('')); })).then(function () {
      fresh.forEach(function (c) { lettersReady[c] = true; });
    }, function () { /* A font that cannot be had must not keep the chart from being drawn. */ });
  }

  /* Each outline is fetched once per page load, and asked for again after a pause while the server is away. */
  function outline(name) {
    if (!outlines[name]) outlines[name] = fetchOutline(name);
    return outlines[name];
  }
  function fetchOutline(name) {
    return panorama.patiently('/geo/' + name + '.json', { credentials: 'same-origin' }).then(function (answer) {
      if (!answer.ok) throw new Error('outline ' + answer.status);
      return answer.json();
    }).then(function (shape) { window.echarts.registerMap(name, shape); }, function () {
      return new Promise(function (done) { setTimeout(done, panorama.jitter(2000)); }).then(function () {
        return fetchOutline(name);
      });
    });
  }

  function drawing(element, latest) {
    var chart = null, turn = 0, ended = false;

    function begin() {
      chart = window.echarts.init(element, null, { renderer: 'canvas', locale: 'ZH' });
      panorama.charts = panorama.charts || {};
      panorama.charts[element.id] = chart;
      chart.on('click', function (event) {
        element.dataset.clicked = event.data && event.data.key || event.name;
        latest.current.setProps({ clickData: { series: event.seriesId || null, kind: event.componentType, name: event.name,
          key: event.data && event.data.key || null, value: event.value === undefined ? null : event.value, at: Date.now() } });
      });
    }

    /* Hidden panels (the lens on a 16:9 wall) have no size and get no canvas until they do. */
    function draw() {
      var mine = ++turn, props = latest.current;
      if (!element.clientWidth || !element.clientHeight) return;
      Promise.all((props.maps || []).map(outline).concat(fontsFor([props.base, props.option]))).then(function () {
        if (ended || mine !== turn || !element.clientWidth) return;
        if (!chart) begin(); else chart.resize();
        var around = panorama.surroundings(element, props.crop);
        if (props.base) chart.setOption(panorama.resolve(props.base, around), { lazyUpdate: Boolean(props.option) });
        if (props.option) chart.setOption(panorama.resolve(props.option, around));
        element.dataset.drawn = props.option ? 'data' : 'base';
        panorama.undrawn(element, null);
      }).catch(function (error) { panorama.undrawn(element, error); });
    }

    function end() {
      ended = true;
      if (!chart) return;
      chart.dispose();
      delete panorama.charts[element.id];
    }
    return { draw: draw, end: end };
  }

  function EChart(props) {
    var place = React.useRef(null), work = React.useRef(null), latest = React.useRef(props);
    latest.current = props;
    React.useEffect(function () {
      var mine = work.current = drawing(place.current, latest);
      var size = new ResizeObserver(mine.draw), theme = new MutationObserver(mine.draw);
      size.observe(place.current);
      theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'data-layout', 'data-scale'] });
      return function () { size.disconnect(); theme.disconnect(); mine.end(); };
    }, []);
    React.useEffect(function () { work.current.draw(); }, [props.base, props.option]);
    return React.createElement('div', { id: props.id, ref: place, className: 'plot ' + (props.className || ''), role: 'img' });
  }

  panorama.EChart = EChart;
})();

// The panel beside a page: fills it from the data, draws the marks on the page, and moves between the
// two. The page is in a frame of its own in which no script runs; this one reaches into it.
'use strict';
{
  const data = JSON.parse(document.getElementById('data').textContent);
  const { report, removals, kept, marks } = data;
  const frame = document.getElementById('page');
  const byId = (id) => document.getElementById(id);
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  const colour = (kind) => getComputedStyle(document.documentElement).getPropertyValue(`--kind-${kind}`) || 'gray';

  // What is shown: the kinds that are switched off, and the two buttons.
  const state = { off: [], clean: false, unfold: false, current: null };
  // The page's document, the sheet with our marks, and the elements of each mark.
  let page = null;
  let sheet = null;
  let roots = [];
  let rescue = [];
  const elements = new Map();
  const buttons = new Map();

  const number = (n) => n.toLocaleString('en');
  const percent = (part) => (report.text ? `${((100 * part) / report.text).toFixed(1)} %` : '–');
  const counted = (n, one, many) => `${number(n)} ${n === 1 ? one : many}`;

  function make(name, properties, ...children) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  }

  // The panel.

  function fillHeader() {
    const all = Object.values(report.dropped);
    const total = (what) => all.reduce((sum, kind) => sum + kind[what], 0);
    byId('sum').textContent =
      `${counted(total('elements'), 'element', 'elements')} would go, with ${percent(total('text'))} of the text.`;
    const facts = [
      ['Site', report.site ?? 'not known'],
      ['Encoding', report.encoding + (report.malformed ? `, ${number(report.malformed)} malformed` : '')],
      ['Text', counted(report.text, 'character', 'characters')],
      ['Cut short', report.truncated ? `yes: “${report.prompt}” (${report.prompt_rule})` : 'nothing says so'],
      ['Kept', `${number(report.protected)} by a [keep]`],
      ['Undecided', `${number(report.undecided)} at the hold limit`],
    ];
    if (report.unfiltered) facts.push(['Unfiltered', report.unfiltered]);
    for (const [term, text] of facts) {
      byId('facts').append(make('dt', { textContent: term }), make('dd', { textContent: text }));
    }
    byId('problem').textContent = data.problem ?? '';
    byId('problem').hidden = !data.problem;
    document.querySelector('.back').hidden = !data.served;
  }

  function fillKinds() {
    for (const kind of data.kinds) {
      const tally = report.dropped[kind];
      if (!tally) continue;
      const button = make(
        'button', { type: 'button' },
        make('span', { className: 'knob' }), make('span', { className: 'kind', textContent: kind }),
        make('span', { className: 'number elements', textContent: number(tally.elements), title: 'elements' }),
        make('span', { className: 'number share', textContent: percent(tally.text), title: 'of the text' }),
      );
      button.setAttribute('role', 'switch');
      button.setAttribute('aria-label',
        `${kind}: ${counted(tally.elements, 'element', 'elements')}, ${percent(tally.text)} of the text`);
      button.dataset.kind = kind;
      button.style.setProperty('--kind', `var(--kind-${kind})`);
      button.style.setProperty('--share', report.text ? tally.text / report.text : 0);
      button.addEventListener('click', () => {
        state.off = state.off.includes(kind) ? state.off.filter((k) => k !== kind) : [...state.off, kind];
        show();
      });
      byId('kinds').append(make('li', {}, button));
    }
    if (!byId('kinds').children.length) byId('kinds').append(make('li', { className: 'empty', textContent: 'Nothing would go.' }));
  }

  function fillList(list, items) {
    for (const item of items) {
      const { mark } = item;
      const button = make(
        'button', { type: 'button' },
        make('span', { className: 'words' }, item.text ? `${item.text} ` : make('code', { textContent: item.element })),
        make('span', { className: 'detail' }, `${item.kind} `, make('span', { className: 'rule', textContent: `${item.file}:${item.line}` })),
        make('span', { className: 'detail rule', textContent: item.selector }),
      );
      if (item.why) button.append(make('span', { className: 'why', textContent: `kept: ${item.why}` }));
      button.dataset.kind = item.kind;
      button.style.setProperty('--kind', `var(--kind-${item.kind})`);
      button.addEventListener('click', () => goTo(mark));
      button.addEventListener('focus', () => tipBeside(button, item));
      button.addEventListener('blur', hideTip);
      button.addEventListener('mouseenter', () => tipBeside(button, item));
      button.addEventListener('mouseleave', hideTip);
      if (!buttons.has(mark)) buttons.set(mark, { button, item });
      list.append(make('li', {}, button));
    }
  }

  // The rule of an item, beside what has the pointer or the focus.

  function tip(item, x, y) {
    const box = byId('tip');
    box.replaceChildren(
      make('strong', { textContent: item.why ? `${item.kind}, kept: ${item.why}` : item.kind }),
      make('span', { className: 'rule', textContent: `${item.file}:${item.line}` }),
      make('span', { className: 'rule', textContent: item.selector }),
      make('span', { textContent: `${item.element}, ${counted(Math.round(item.text_length), 'character', 'characters')} of text` }),
    );
    box.style.setProperty('--kind', item.why ? 'var(--kept)' : `var(--kind-${item.kind})`);
    box.hidden = false;
    box.style.left = `${Math.max(4, Math.min(x, innerWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${y + box.offsetHeight + 8 > innerHeight ? Math.max(4, y - box.offsetHeight - 28) : y}px`;
  }

  function tipBeside(button, item) {
    const { right, bottom, left, top } = button.getBoundingClientRect();
    const isBeside = innerWidth > 768;
    tip(item, isBeside ? right + 8 : left, isBeside ? top : bottom + 4);
  }

  function hideTip() { byId('tip').hidden = true; }

  function hideOnEscape(event) { if (event.key === 'Escape') hideTip(); }

  // The page.

  // Three ids that no element has: it counts for more than what pages say.
  const strong = (selector) => `:is(${selector}, #d#d#d)`;

  // A page that waits for a script to be shown, or to be scrolled, waits in vain.
  function rescued() {
    const roots = [page.documentElement, page.body].filter(Boolean).map(styleOf);
    const css = [];
    if (roots.some((style) => ['hidden', 'clip'].includes(style.overflowY))) {
      css.push(`${strong('html')} { overflow: auto !important; } ${strong('body')} { overflow: visible !important; }`);
    }
    if (roots.some((style) => style.visibility !== 'visible' || style.opacity === '0' || style.display === 'none')) {
      css.push(`${strong('html, body')} { display: block !important; opacity: 1 !important; visibility: visible !important; }`);
    }
    return css;
  }

  // What is drawn on the page.
  function rules() {
    const css = [
      ...rescue,
      // Without their style sheets, drawings are as large as the window.
      ':where(svg) { max-height: 2.5rem; max-width: 2.5rem } :where(img, video, iframe) { max-width: 100% }',
    ];
    if (!state.clean) {
      css.push(`${strong(`[${marks.kept}]`)} { outline: 2px dashed #9a9a9a !important; outline-offset: 0 !important; }`);
    }
    for (const kind of data.kinds) {
      if (state.off.includes(kind)) continue;
      const marked = `[${marks.removed}^="${kind}-"]`;
      const c = colour(kind);
      css.push(state.clean
        ? `${strong(marked)} { display: none !important; }`
        : `${strong(marked)} { box-shadow: inset 0 0 0 100vmax color-mix(in srgb, ${c} 22%, transparent) !important;
             opacity: 0.5 !important; outline: 3px solid ${c} !important; outline-offset: 0 !important; transition: none !important; }
           ${strong(`${marked}:is(:hover, :focus-within)`)} { opacity: 1 !important; }`);
    }
    if (state.unfold && !state.clean) {
      css.push(`${strong(`[${marks.unfold}]`)} { visibility: visible !important; position: static !important; transform: none !important;
        clip: auto !important; clip-path: none !important; max-height: none !important; }`);
      for (const display of ['block', ...new Set(Object.values(DISPLAYS))]) {
        css.push(`${strong(`[${marks.unfold}="${display}"]`)} { display: ${display} !important; }`);
      }
    }
    if (state.current && !state.clean) {
      const current = ['removed', 'kept'].map((what) => `[${marks[what]}="${state.current}"]`).join(', ');
      css.push(`${strong(current)} { opacity: 1 !important; outline-width: 5px !important; outline-style: solid !important; }`);
    }
    return css.join('\n');
  }

  function show() {
    for (const button of byId('kinds').querySelectorAll('button')) {
      button.setAttribute('aria-checked', String(!state.off.includes(button.dataset.kind)));
    }
    for (const button of byId('removals').querySelectorAll('button')) {
      button.classList.toggle('off', state.off.includes(button.dataset.kind));
    }
    for (const what of ['clean', 'unfold']) byId(what).setAttribute('aria-pressed', String(state[what]));
    if (!page) return;
    if (state.unfold) unfold();
    sheet.replaceSync(rules());
    if (!state.clean) noteUnseen();
  }

  function isSeen(element) {
    return element.checkVisibility({ visibilityProperty: true })
      && [element, ...element.children].some((e) => [...e.getClientRects()].some((r) => r.width > 1 && r.height > 1));
  }

  // Says in the list what cannot be seen on the page, and what lies over it.
  function noteUnseen() {
    for (const [mark, { button, item }] of buttons) {
      const found = elements.get(mark) ?? [];
      const notes = [];
      if (!found.length) notes.push('not in the browser’s tree');
      else if (!found.some(isSeen)) notes.push('not visible');
      else if (found.some(liesOver)) notes.push('lies over the page');
      if (found.length > 1) notes.push(`in ${found.length} places`);
      button.querySelectorAll('.note').forEach((note) => note.remove());
      button.querySelector('.words').append(...notes.map((text) => make('span', { className: 'note', textContent: text })));
    }
  }

  const styleOf = (element) => frame.contentWindow.getComputedStyle(element);

  function liesOver(element) {
    return ['fixed', 'sticky'].includes(styleOf(element).position);
  }

  const NEVER_SEEN = ['head', 'link', 'meta', 'script', 'style', 'template', 'title'];
  const DISPLAYS = {
    a: 'inline', b: 'inline', em: 'inline', i: 'inline', label: 'inline', li: 'list-item', span: 'inline', strong: 'inline',
    table: 'table', tbody: 'table-row-group', td: 'table-cell', tfoot: 'table-row-group', th: 'table-cell',
    thead: 'table-row-group', tr: 'table-row',
  };

  // Lays out in the page what would go and is hidden, or floats over it.
  function unfold() {
    for (const marked of [...elements.values()].flat()) {
      for (let e = marked; e && e !== page.body; e = e.parentElement ?? e.getRootNode().host) {
        const { display, visibility } = styleOf(e);
        if (e.localName === 'details') e.open = true;
        if (display === 'none' && !NEVER_SEEN.includes(e.localName)) {
          e.setAttribute(marks.unfold, DISPLAYS[e.localName] ?? 'block');
        } else if (visibility === 'hidden' || liesOver(e)) {
          e.setAttribute(marks.unfold, '');
        }
      }
      for (const e of marked.querySelectorAll('*')) if (liesOver(e)) e.setAttribute(marks.unfold, '');
    }
  }

  // The mark of the innermost element around an event that has one.
  function markOf(event) {
    for (const what of ['removed', 'kept']) {
      const element = event.composedPath().find((e) => e.hasAttribute?.(marks[what]));
      if (element) return element.getAttribute(marks[what]);
    }
    return null;
  }

  function isShown(mark) {
    const known = buttons.get(mark);
    return known && !state.clean && (known.item.why || !state.off.includes(known.item.kind)) ? known : null;
  }

  // Makes an item the one that is looked at.
  function setCurrent(mark) {
    buttons.get(state.current)?.button.removeAttribute('aria-current');
    state.current = mark;
    buttons.get(mark)?.button.setAttribute('aria-current', 'true');
    show();
  }

  function goTo(mark) {
    setCurrent(mark);
    const found = elements.get(mark) ?? [];
    const seen = found.find(isSeen);
    if (seen) seen.scrollIntoView({ block: 'center', behavior: calm.matches ? 'auto' : 'smooth' });
    byId('status').textContent = seen ? 'Shown on the page.' : 'Not visible on the page.';
  }

  // A document or shadow tree, and the shadow trees in it that its markup declares.
  function treesOf(root) {
    const hosts = [...root.querySelectorAll('*')].filter((element) => element.shadowRoot);
    return [root, ...hosts.flatMap((host) => treesOf(host.shadowRoot))];
  }

  // The element of a place in the page that a link leads to.
  function placeOf(link) {
    const fragment = /^#(.+)/.exec(link.getAttribute('href') ?? '')?.[1] ?? '';
    try {
      return page.getElementById(decodeURIComponent(fragment));
    } catch {
      return page.getElementById(fragment);
    }
  }

  // The page is there.
  function start() {
    page = frame.contentDocument;
    sheet = new frame.contentWindow.CSSStyleSheet();
    roots = treesOf(page);
    for (const root of roots) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    rescue = rescued();
    for (const what of ['removed', 'kept']) {
      for (const element of roots.flatMap((root) => [...root.querySelectorAll(`[${marks[what]}]`)])) {
        const mark = element.getAttribute(marks[what]);
        elements.set(mark, [...(elements.get(mark) ?? []), element]);
      }
    }

    // Nothing on the page leads anywhere but to places in it.
    page.addEventListener('click', (event) => {
      const link = event.composedPath().find((e) => ['a', 'area'].includes(e.localName));
      if (link) {
        event.preventDefault();
        placeOf(link)?.scrollIntoView();
      }
      const mark = markOf(event);
      if (isShown(mark)) {
        setCurrent(mark);
        buttons.get(mark).button.scrollIntoView({ block: 'nearest' });
      }
    }, true);
    for (const kind of ['auxclick', 'submit', 'dragstart']) {
      page.addEventListener(kind, (event) => event.preventDefault(), true);
    }
    page.addEventListener('mousemove', (event) => {
      const known = isShown(markOf(event));
      if (!known) return hideTip();
      const { left, top } = frame.getBoundingClientRect();
      tip(known.item, left + event.clientX + 12, top + event.clientY + 18);
    });
    page.addEventListener('mouseout', hideTip);
    page.addEventListener('focusin', (event) => {
      const known = isShown(markOf(event));
      if (!known) return hideTip();
      const { left, top } = frame.getBoundingClientRect();
      const { left: x, bottom: y } = event.target.getBoundingClientRect();
      tip(known.item, left + x, top + y + 6);
      byId('status').textContent =
        `${known.item.why ? 'Nearly went' : 'Would go'}: ${known.item.kind}, ${known.item.file}, line ${known.item.line}`;
    });
    page.addEventListener('focusout', hideTip);
    page.addEventListener('keydown', hideOnEscape);
    page.addEventListener('scroll', hideTip, { passive: true });

    show();
    restore();
    document.documentElement.dataset.ready = 'true';
  }

  // What was looked at before a page that is served was loaded again.
  const memory = `dehusk ${location.pathname}`;

  function remember() {
    if (!data.served || !page) return;
    const scroll = [page.scrollingElement?.scrollTop ?? 0, byId('panel').scrollTop];
    sessionStorage.setItem(memory, JSON.stringify({ ...state, current: null, scroll }));
  }

  function restore() {
    if (!data.served) return;
    const was = JSON.parse(sessionStorage.getItem(memory) ?? 'null');
    if (!was) return;
    Object.assign(state, { off: was.off, clean: was.clean, unfold: was.unfold });
    show();
    page.scrollingElement.scrollTop = was.scroll[0];
    byId('panel').scrollTop = was.scroll[1];
  }

  fillHeader();
  fillKinds();
  fillList(byId('removals'), removals);
  fillList(byId('kept'), kept);
  byId('kept-section').hidden = !kept.length;
  for (const what of ['clean', 'unfold']) {
    byId(what).addEventListener('click', () => {
      state[what] = !state[what];
      show();
    });
  }
  addEventListener('keydown', hideOnEscape);
  addEventListener('pagehide', remember);
  addEventListener('resize', () => page && !state.clean && noteUnseen());
  show();
  // A new frame has another document until its page is there.
  const there = frame.contentDocument;
  if (there?.URL === 'about:srcdoc' && there.readyState === 'complete') start();
  else frame.addEventListener('load', start, { once: true });
}

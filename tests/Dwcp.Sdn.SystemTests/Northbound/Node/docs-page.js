'use strict';

// Opens the page at an address, as a browser does, and tells what was fetched, what went wrong, and what the page shows.
// A second argument, such as /a=/b, has /b fetched instead of /a.
const { JSDOM, ResourceLoader, VirtualConsole } = require('jsdom');

const address = new URL(process.argv[2]);
const [asked, instead] = (process.argv[3] ?? '=').split('=');
const fetched = [];
const errors = [];
const log = new VirtualConsole();
log.on('jsdomError', (error) => errors.push(error.message));
log.on('error', (...words) => errors.push(words.join(' ')));

class Recorder extends ResourceLoader {
  fetch(url, options) {
    fetched.push(new URL(url).href);
    return super.fetch(url, options);
  }
}

const text = (element) => element.textContent.trim();

const show = async () => {
  const dom = await JSDOM.fromURL(address.href, {
    resources: new Recorder(),
    runScripts: 'dangerously',
    pretendToBeVisual: true,
    virtualConsole: log,
    beforeParse(window) {
      // jsdom lacks these two: the one asks the network, the other needs a layout.
      window.fetch = (target) => {
        const url = new URL(target === asked ? instead : target, window.location.href);
        fetched.push(url.href);
        return fetch(url);
      };
      window.Element.prototype.scrollIntoView = function () { this.setAttribute('data-shown', ''); };
    },
  });
  const { document } = dom.window;
  for (let waited = 0; !document.getElementById('schemas') && !document.querySelector('.error') && waited < 20000; waited += 20) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }

  const operations = [...document.querySelectorAll('details:not([id^="schema-"])')].map((operation) => ({
    id: operation.id,
    open: operation.open,
    shown: operation.hasAttribute('data-shown'),
    verb: text(operation.querySelector('.verb')),
    path: text(operation.querySelector('summary code')),
    summary: text(operation.querySelector('summary .dim')),
    parameters: [...operation.querySelectorAll('tbody tr')].map((row) => text(row.querySelector('code')).replace(' *', '')),
    answers: [...operation.querySelectorAll('p > strong')].map(text),
    examples: [...operation.querySelectorAll('pre')].map(text),
  }));
  const schemas = [...document.querySelectorAll('details[id^="schema-"]')].map((schema) => ({
    name: text(schema.querySelector('summary code')),
    fields: [...schema.querySelectorAll('tbody tr')].map((row) => text(row.querySelector('code')).replace(' *', '')),
  }));
  const targets = [...document.querySelectorAll('a[href^="#"]')].map((link) => link.getAttribute('href').slice(1));
  console.log(JSON.stringify({
    fetched,
    errors,
    error: document.querySelector('.error')?.textContent ?? null,
    index: [...document.querySelectorAll('#index a')].map(text),
    dangling: targets.filter((target) => !document.getElementById(target)),
    operations,
    schemas,
  }));
  dom.window.close();
};

show().catch((error) => { console.error(error); process.exitCode = 1; });

'use strict';

// Renders /openapi.json. Text only ever enters the page as text, never as markup.
const make = (tag, attributes = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};

let api;
const resolve = (node) => node?.$ref
  ? node.$ref.slice(2).split('/').reduce((at, key) => at[key], api)
  : node;

const nameOf = (schema) => schema.$ref ? schema.$ref.split('/').pop() : null;

const typeOf = (schema) => {
  const name = nameOf(schema);
  if (name) return make('a', { href: `#schema-${name}` }, name);
  if (schema.type === 'array') return make('span', {}, 'list of ', typeOf(schema.items));
  if (schema.additionalProperties) return make('span', {}, 'map to ', typeOf(schema.additionalProperties));
  if (schema.enum) return make('span', {}, schema.enum.join(' | '));
  return make('span', {}, schema.format ? `${schema.type} (${schema.format})` : schema.type ?? 'any');
};

const table = (headings, rows) => make('table', {},
  make('thead', {}, make('tr', {}, ...headings.map((heading) => make('th', {}, heading)))),
  make('tbody', {}, ...rows.map((cells) => make('tr', {}, ...cells.map((cell) => make('td', {}, cell ?? ''))))));

const example = (content) => Object.entries(content ?? {})
  .filter(([, media]) => media.example !== undefined)
  .map(([type, media]) => make('div', {}, make('p', { className: 'dim' }, type),
    make('pre', {}, typeof media.example === 'string' ? media.example : JSON.stringify(media.example, null, 2))));

const bodies = (content) => Object.entries(content ?? {})
  .map(([type, media]) => make('p', {}, make('code', {}, type), ': ', typeOf(media.schema)));

const renderOperation = (path, verb, operation) => {
  const inner = make('div');
  if (operation.parameters?.length) {
    inner.append(make('h4', {}, 'Parameters'), table(['Name', 'In', 'Type', ''], operation.parameters.map((parameter) => [
      make('code', {}, parameter.name + (parameter.required ? ' *' : '')), parameter.in, typeOf(parameter.schema), parameter.description])));
  }
  if (operation.requestBody) {
    inner.append(make('h4', {}, 'Body'), ...bodies(operation.requestBody.content), ...example(operation.requestBody.content));
  }
  inner.append(make('h4', {}, 'Answers'));
  for (const [status, answer] of Object.entries(operation.responses)) {
    const response = resolve(answer);
    inner.append(make('p', {}, make('strong', {}, status), ' ', response.description), ...bodies(response.content));
  }
  return make('details', { id: operation.operationId },
    make('summary', {}, make('span', { className: `verb ${verb}` }, verb.toUpperCase()), make('code', {}, path), make('span', { className: 'dim' }, operation.summary)),
    inner);
};

const renderSchema = (name, schema) => make('details', { id: `schema-${name}` },
  make('summary', {}, make('code', {}, name), make('span', { className: 'dim' }, schema.description ?? '')),
  make('div', {}, table(['Field', 'Type', ''], Object.entries(schema.properties ?? {}).map(([field, of]) => [
    make('code', {}, field + (schema.required?.includes(field) ? ' *' : '')), typeOf(of), (of.readOnly ? '(output) ' : '') + (of.description ?? '')]))));

const openTarget = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.tagName === 'DETAILS') target.open = true;
  target?.scrollIntoView();
};

const render = () => {
  const [index, content] = [document.getElementById('index'), document.getElementById('content')];
  content.replaceChildren(make('h1', {}, `${api.info.title} ${api.info.version}`), make('p', {}, api.info.description),
    make('p', {}, make('a', { href: '/openapi.json' }, 'openapi.json')));
  for (const tag of api.tags) {
    index.append(make('a', { href: `#tag-${tag.name}` }, tag.name));
    content.append(make('h2', { id: `tag-${tag.name}` }, tag.name), make('p', {}, tag.description ?? ''));
    for (const [path, operations] of Object.entries(api.paths)) {
      for (const [verb, operation] of Object.entries(operations)) {
        if (operation.tags.includes(tag.name)) content.append(renderOperation(path, verb, operation));
      }
    }
  }
  index.append(make('a', { href: '#schemas' }, 'Schemas'));
  content.append(make('h2', { id: 'schemas' }, 'Schemas'),
    ...Object.entries(api.components.schemas).map(([name, schema]) => renderSchema(name, schema)));
  addEventListener('hashchange', openTarget);
  openTarget();
};

fetch('/openapi.json')
  .then((response) => response.ok ? response.json() : Promise.reject(new Error(`HTTP ${response.status}`)))
  .then((document) => { api = document; render(); })
  .catch((error) => document.getElementById('content').replaceChildren(make('p', { className: 'error' }, `The description cannot be shown: ${error.message}`)));

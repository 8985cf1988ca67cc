// The console: five views over /__mock__/, kept up to date by its events. No framework, nothing from elsewhere.

const at = id => document.getElementById(id)
const MOST_ROWS = 1000, PAGE = 50
let token = sessionStorage.getItem('admin-token')
let world = 'home', requests = [], offset = 0, rules = {}, listening = null

function el(tag, properties = {}, ...children) {
  const { dataset, ...rest } = properties
  const made = Object.assign(document.createElement(tag), rest)
  Object.assign(made.dataset, dataset)
  made.append(...children.filter(child => child != null))
  return made
}

const cell = (...children) => el('td', {}, ...children.map(child => child ?? ''))
const json = value => JSON.stringify(value, null, 2)
const button = (text, onclick, className = '') => el('button', { type: 'button', textContent: text, onclick: () => attempt(onclick), className })

async function attempt(work) {
  try {
    at('alert').textContent = ''
    return await work()
  } catch (error) {
    at('alert').textContent = error.message
  }
}

async function ask(path, method = 'GET', body) {
  const url = new URL(`/__mock__/${path}`, location)
  if (!url.searchParams.has('world') && !/^(worlds|rules|openapi|examples)/.test(path)) url.searchParams.set('world', world)
  const used = token
  const headers = { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...(token ? { Authorization: `Bearer ${token}` } : {}) }
  const reply = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  // Of several that were refused at once only the first asks.
  if (reply.status === 401 && (token !== used || askForToken())) return ask(path, method, body)
  const told = await reply.json()
  if (!reply.ok) throw Object.assign(new Error(told.detail), { problems: told.problems ?? [] })
  return told
}

function askForToken() {
  const given = prompt('This mock listens beyond its machine. Its admin token, as printed at the start:')
  if (given) sessionStorage.setItem('admin-token', token = given)
  return Boolean(given)
}

// Requests

const grade = status => (status < 400 ? 'good' : status < 500 ? 'warn' : 'bad')

function requestRow(entry) {
  const path = entry.path + (entry.query ? `?${entry.query}` : '')
  return el('tr', { dataset: { number: entry.number } },
    cell(button(String(entry.number), () => showRequest(entry.number), 'link')),
    cell(entry.method), cell(path), cell(el('span', { className: grade(entry.status), textContent: entry.status })),
    cell(entry.milliseconds.toFixed(2)), cell(entry.rule?.id ?? entry.fault ?? ''))
}

function wanted(entry) {
  const { text, status } = Object.fromEntries(new FormData(at('requests-filter')))
  const there = `${entry.method} ${entry.path} ${entry.query} ${entry.operation} ${entry.rule?.id} ${entry.fault}`.toLowerCase()
  return (!status || String(entry.status).startsWith(status)) && there.includes(text.toLowerCase())
}

function drawRequests() {
  const shown = requests.filter(wanted)
  at('requests-rows').replaceChildren(...shown.map(requestRow))
  at('requests-count').textContent = `${shown.length} of ${requests.length}`
}

function arrived(entries) {
  for (const entry of entries) {
    requests.unshift(entry)
    if (!wanted(entry)) continue
    const row = requestRow(entry)
    row.className = 'new'
    at('requests-rows').prepend(row)
  }
  requests.length = Math.min(requests.length, MOST_ROWS)
  while (at('requests-rows').rows.length > MOST_ROWS) at('requests-rows').lastChild.remove()
  at('requests-count').textContent = `${at('requests-rows').rows.length} of ${requests.length}`
}

async function showRequest(number) {
  const [entry] = (await ask(`requests?before=${number + 1}&limit=1`)).requests
  if (entry?.number !== number) throw new Error(`request ${number} is not in the journal any more`)
  const { rule, problems } = entry
  open(`Request ${number}`,
    el('p', {}, `${entry.method} ${entry.path}${entry.query ? `?${entry.query}` : ''} `, el('strong', { className: grade(entry.status), textContent: entry.status }), ` in ${entry.milliseconds} ms`),
    rule && el('p', {}, el('strong', { textContent: rule.id }), ` (${rule.grade}) `, rule.promise),
    problems.length ? el('ul', {}, ...problems.map(each => el('li', { textContent: `${each.where}: received ${each.received}; allowed: ${each.allowed}` }))) : null,
    el('h3', { textContent: 'Sent' }), el('pre', { tabIndex: 0, textContent: json({ headers: entry.headers, body: entry.body }) }),
    el('h3', { textContent: 'Answered' }), el('pre', { tabIndex: 0, textContent: json(entry.reply) }),
    el('p', { className: 'bar' }, copying('Copy as curl', curl(entry)), copying('Copy as pytest test', pytest(entry))))
}

const quoted = text => `'${text.replaceAll("'", "'\\''")}'`

function curl(entry) {
  const url = `${location.origin}${entry.path}${entry.query ? `?${entry.query}` : ''}`
  const key = entry.headers.authorization ? ` -H "Authorization: Bearer $${entry.vendor.toUpperCase()}_TOKEN"` : ''
  const body = entry.body === null ? '' : ` -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(entry.body))}`
  return `curl -X ${entry.method} ${quoted(url)}${key}${body}`
}

const python = value => JSON.stringify(value).replace(/("(?:[^"\\]|\\.)*")|\btrue\b|\bfalse\b|\bnull\b/g,
  (found, text) => text ?? { true: 'True', false: 'False', null: 'None' }[found])

function pytest(entry) {
  const key = { aura: 'mockserver.aura.api_key', comm: 'mockserver.comm.token' }[entry.vendor]
  const headers = entry.headers.authorization ? `, headers={"Authorization": f"Bearer {${key}}"}` : ''
  const body = entry.body === null ? '' : `, json=${python(entry.body)}`
  const url = `mockserver.url + ${python(entry.path + (entry.query ? `?${entry.query}` : ''))}`
  const rule = entry.rule ? `\n    assert reply.headers["Mock-Rule"].startswith("${entry.rule.id}")` : ''
  return `import httpx\n\n\ndef test_${entry.operation ?? 'request'}_${entry.status}(mockserver):\n    reply = httpx.request("${entry.method}", ${url}${headers}${body})\n    assert reply.status_code == ${entry.status}${rule}\n`
}

function copying(name, text) {
  const made = button(name, async () => {
    await navigator.clipboard.writeText(text)
    made.textContent = `${name}: copied`
  })
  made.dataset.text = text
  return made
}

function open(title, ...children) {
  const close = button('Close', () => at('dialog').close())
  at('dialog').replaceChildren(el('h2', { id: 'dialog-title', textContent: title }), ...children.filter(Boolean), close)
  if (!at('dialog').open) at('dialog').showModal()
}

// Data

const COLUMNS = {
  'aura.calls': ['scheduled_at', 'status', 'lead_id', 'closer_id', 'notes'],
  'aura.leads': ['full_name', 'email', 'company', 'status', 'phone'],
  'comm.calls': ['created_at', 'status', 'call_outcome', 'to_number'],
}

async function loadData() {
  const { collection, search } = Object.fromEntries(new FormData(at('data-filter')))
  const query = new URLSearchParams({ offset, limit: PAGE, ...(search ? { search } : {}) })
  const { records, count } = await ask(`records/${collection}?${query}`)
  const columns = COLUMNS[collection]
  at('data-head').replaceChildren(el('tr', {}, ...['id', 'owner', ...columns].map(name => el('th', { scope: 'col', textContent: name }))))
  at('data-rows').replaceChildren(...records.map(each => el('tr', {},
    cell(button(each.id, () => edit(collection, each.id), 'link')), cell(each.owner), ...columns.map(name => cell(each.record[name])))))
  at('data-count').textContent = count ? `${offset + 1} to ${offset + records.length} of ${count}` : 'none'
  at('data-before').disabled = offset === 0
  at('data-after').disabled = offset + records.length >= count
}

async function edit(collection, id) {
  const { record } = await ask(`records/${collection}/${id}`)
  const text = el('textarea', { value: json(record), spellcheck: false, ariaLabel: `The record ${id} as JSON` })
  const problems = el('ul', { className: 'bad', role: 'alert' })
  const save = button('Save', async () => {
    problems.replaceChildren()
    try {
      await ask(`records/${collection}/${id}`, 'PUT', JSON.parse(text.value))
      at('dialog').close()
      await loadData()
    } catch (error) {
      const told = error.problems?.length ? error.problems.map(each => `${each.where}: received ${each.received}; allowed: ${each.allowed}`) : [error.message]
      problems.replaceChildren(...told.map(line => el('li', { textContent: line })))
    }
  })
  open(`${collection} ${id}`, text, problems, save)
}

// Faults

const PRESETS = { 'Slow: 2 s': { delay: '2s' }, '500': { status: 500 }, '429': { status: 429 }, 'Drop': { drop: 'before' } }

async function loadFaults() {
  const { faults } = await ask('faults')
  at('faults-rows').replaceChildren(...faults.map(({ id, met, hits, ...asked }) => el('tr', {},
    cell(id), cell(JSON.stringify(asked)), cell(met), cell(hits), cell(button('Remove', async () => { await ask(`faults/${id}`, 'DELETE'); await loadFaults() })))))
}

async function addFault(asked) {
  await ask('faults', 'POST', asked)
  await loadFaults()
}

function askedFault() {
  const { operation, effect, value, often, number } = Object.fromEntries(new FormData(at('faults-form')))
  const values = { status: Number(value), malformed: true, truncated: true, delay: value.includes('-') ? value.split('-') : value }
  return { ...(operation ? { operation } : {}), [effect]: values[effect] ?? value, ...(often ? { [often]: Number(number) } : {}) }
}

// Clock and worlds

function drawClock({ now, frozen }) {
  at('now').textContent = `${now} ${frozen ? '(frozen)' : '(running)'}`
}

const setClock = async asked => drawClock(await ask('clock', 'POST', asked))

async function loadClock() {
  const [clock, { snapshots }, { worlds }, { changes }] = await Promise.all([ask('clock'), ask('snapshots'), ask('worlds'), ask('changes')])
  drawClock(clock)
  at('snapshots').replaceChildren(...snapshots.map(name => button(`Restore ${name}`, async () => { await ask(`snapshots/${name}/restore`, 'POST'); await loadClock() })))
  at('worlds-rows').replaceChildren(...worlds.map(each => el('tr', {}, cell(each.name),
    cell(el('pre', { tabIndex: 0, textContent: [...each.keys.aura, ...each.keys.comm].map(key => `${key.key ?? key.token}  ${key.organization ?? key.team}`).join('\n') })),
    cell(each.name === 'home' ? null : button('Delete', async () => { await ask(`worlds/${each.name}`, 'DELETE'); await switchWorld('home') })))))
  at('changes-rows').replaceChildren(...changes.map(each => el('tr', {}, cell(`${each.collection} ${each.id}`), cell(each.change),
    cell(el('pre', { tabIndex: 0, textContent: Object.entries(each.fields).map(([name, { old, new: now }]) => `${name}: ${JSON.stringify(old)} → ${JSON.stringify(now)}`).join('\n') })))))
}

async function loadWorlds() {
  const { worlds } = await ask('worlds')
  at('world').replaceChildren(...worlds.map(each => new Option(each.name, each.name, false, each.name === world)))
}

async function switchWorld(name) {
  world = name
  at('operations').replaceChildren()
  await loadWorlds()
  listen()
  await show()
}

// API

async function loadApi() {
  if (at('operations').children.length) return  // nothing of it changes while the page is open
  const [all, aura, comm, { worlds }, examples] = await Promise.all(['rules', 'openapi/aura.json', 'openapi/comm.json', 'worlds', 'examples.json'].map(path => ask(path)))
  rules = Object.groupBy ? Object.groupBy(all, rule => rule.operation) : all.reduce((by, rule) => ({ ...by, [rule.operation]: [...(by[rule.operation] ?? []), rule] }), {})
  const { keys } = worlds.find(each => each.name === world)
  const made = [['aura', aura, keys.aura.map(key => key.key)], ['comm', comm, keys.comm.map(key => key.token)]].flatMap(([vendor, described, tokens]) =>
    Object.entries(described.paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => operationView(vendor, described, path, method, operation, tokens, examples[operation.operationId] ?? {}))))
  at('operations').replaceChildren(...made)
}

// What a parameter may be, in a few words.
function brief(schema) {
  const { enum: values, format, type, default: preset, pattern, 'x-allowed': allowed } = schema
  const kind = allowed ?? values?.join(' or ') ?? format ?? (pattern ? `${type} like ${pattern}` : type)
  return preset === undefined ? kind : `${kind}, ${preset} if left out`
}

const inferred = part => (part?.['x-inferred'] ? ` — inferred: ${part['x-inferred']}` : '')

function operationView(vendor, described, path, method, operation, tokens, examples) {
  const name = operation.operationId
  const parameters = operation.parameters ?? []
  const schemaOf = content => content?.content?.['application/json']?.schema
  const component = schema => (schema?.$ref ? described.components.schemas[schema.$ref.split('/').pop()] : schema)
  const list = (title, items) => (items.length ? [el('h4', { textContent: title }), el('ul', {}, ...items.map(text => el('li', { textContent: text })))] : [])
  const body = component(schemaOf(operation.requestBody))
  return el('details', { id: `operation-${name}` },
    el('summary', {}, el('strong', { textContent: `${method.toUpperCase()} ${path}` }), ` ${vendor} ${name}: ${operation.summary}`),
    ...list('Parameters', parameters.map(each => `${each.name} (${each.in}${each.required ? ', required' : ''}): ${each.description ?? ''} (${brief(each.schema)})${inferred(each)}${inferred(each.schema)}`)),
    ...(body ? [el('h4', { textContent: 'Body' }), el('pre', { tabIndex: 0, textContent: json(body) })] : []),
    ...list('Replies', Object.entries(operation.responses).map(([status, reply]) => `${status}: ${reply.description}${inferred(reply)}`)),
    el('details', {}, el('summary', { textContent: 'Schema of the reply' }), el('pre', { tabIndex: 0, textContent: json(component(schemaOf(operation.responses['200']))) })),
    ...Object.entries(examples).map(([kind, named]) => el('details', {}, el('summary', { textContent: `Examples: ${kind} (${Object.keys(named).length})` }),
      ...Object.entries(named).flatMap(([title, value]) => [el('h4', { textContent: title }), el('pre', { tabIndex: 0, textContent: json(value) })]))),
    ...list('Rules', (rules[name] ?? []).map(rule => `${rule.grade}: ${rule.promise} (${rule.id}; ${rule.source})`)),
    tryIt(path, method, parameters, body, tokens, name))
}

function tryIt(path, method, parameters, body, tokens, name) {
  const fields = parameters.map(each => el('label', {}, `${each.name} `, el('input', { name: each.name, placeholder: each.in })))
  const key = el('select', { name: ' key' }, new Option('no key', ''), ...tokens.map(each => new Option(each, each)))
  const text = body ? el('textarea', { name: ' body', value: json(Object.fromEntries(Object.entries(body.properties).filter(([each]) => body.required?.includes(each)).map(([each, schema]) => [each, schema.examples?.[0] ?? schema.enum?.[0] ?? '']))), ariaLabel: `Body of ${name}` }) : null
  const seen = el('pre', { tabIndex: 0, role: 'status' })
  const form = el('form', { className: 'bar' }, ...fields, el('label', {}, 'Key ', key), text, el('button', { textContent: 'Try it' }), seen)
  form.onsubmit = event => {
    event.preventDefault()
    attempt(async () => {
      const values = Object.fromEntries(new FormData(form)), query = new URLSearchParams()
      let there = path
      for (const each of parameters) {
        if (each.in === 'path') there = there.replace(`{${each.name}}`, encodeURIComponent(values[each.name]))
        else if (values[each.name]) query.set(each.name, values[each.name])
      }
      const headers = { ...(text ? { 'Content-Type': 'application/json' } : {}), ...(key.value ? { Authorization: `Bearer ${key.value}` } : {}) }
      const reply = await fetch(`${there}${query.size ? `?${query}` : ''}`, { method: method.toUpperCase(), headers, body: text?.value })
      seen.textContent = `${reply.status} ${reply.headers.get('Mock-Rule') ?? ''}\n${json(await reply.json())}`
    })
  }
  return form
}

// Events

async function listen() {
  listening?.abort()
  const mine = listening = new AbortController()
  while (!mine.signal.aborted) {
    try {
      const headers = token ? { Authorization: `Bearer ${token}` } : {}
      const reply = await fetch(`/__mock__/events?world=${encodeURIComponent(world)}`, { headers, signal: mine.signal })
      if (!reply.ok) throw new Error(reply.statusText)
      requests = []
      drawRequests()
      at('live').textContent = 'live'
      await read(reply.body.pipeThrough(new TextDecoderStream()).getReader())
    } catch (error) {
      if (mine.signal.aborted) return
    }
    at('live').textContent = 'not connected; trying again'
    await new Promise(resolve => setTimeout(resolve, 1000))
  }
}

async function read(reader) {
  let text = ''
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const blocks = (text + part.value).split('\n\n')
    text = blocks.pop()
    for (const block of blocks) if (block.startsWith('data: ')) happened(JSON.parse(block.slice(6)))
  }
}

function happened({ requests: entries, forgotten, changed, notice }) {
  if (notice !== undefined) at('notice').textContent = notice
  if (forgotten) requests = []
  if (forgotten || entries?.length > 50) {
    requests = [...(entries ?? []).reverse(), ...requests].slice(0, MOST_ROWS)
    drawRequests()
  } else if (entries) arrived(entries)
  const view = location.hash.slice(1)
  if ((changed && view === 'data') || view === 'faults' || (changed && view === 'clock')) attempt(VIEWS[view])
}

// Views

const VIEWS = { requests: drawRequests, data: loadData, faults: loadFaults, clock: loadClock, api: loadApi }

async function show() {
  const view = location.hash.slice(1) in VIEWS ? location.hash.slice(1) : 'requests'
  for (const name in VIEWS) at(name).hidden = name !== view
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#${view}`) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  await attempt(VIEWS[view])
}

const submits = (id, work) => { at(id).onsubmit = event => { event.preventDefault(); attempt(work) } }
const clicks = (id, work) => { at(id).onclick = () => attempt(work) }

at('requests-filter').oninput = drawRequests
submits('requests-filter', drawRequests)
clicks('requests-forget', () => ask('requests', 'DELETE'))
at('data-filter').oninput = () => { offset = 0; attempt(loadData) }
submits('data-filter', loadData)
clicks('data-before', () => { offset = Math.max(0, offset - PAGE); return loadData() })
clicks('data-after', () => { offset += PAGE; return loadData() })
clicks('data-reset', async () => { await ask('reset', 'POST'); await loadData() })
at('faults-presets').append(...Object.entries(PRESETS).map(([name, asked]) => button(name, () => addFault(asked))))
submits('faults-form', () => addFault(askedFault()))
clicks('faults-clear', async () => { await ask('faults', 'DELETE'); await loadFaults() })
clicks('clock-freeze', () => setClock({ freeze: true }))
clicks('clock-run', () => setClock({ run: true }))
submits('clock-form', () => setClock({ advance: new FormData(at('clock-form')).get('by') }))
submits('snapshots-form', async () => { await ask('snapshots', 'POST', {}); await loadClock() })
submits('worlds-form', async () => {
  const name = new FormData(at('worlds-form')).get('name')
  await switchWorld((await ask('worlds', 'POST', name ? { name } : {})).name)
})
at('world').onchange = () => attempt(() => switchWorld(at('world').value))
addEventListener('hashchange', show)
setInterval(() => { if (!at('clock').hidden) ask('clock').then(drawClock, () => {}) }, 1000)

attempt(async () => {
  at('version').textContent = (await ask('health')).version
  for (const name of ['list_calls', 'get_call', 'set_call_outcome', 'update_lead', 'change_call_outcome']) at('faults-form').operation.add(new Option(name))
  await loadWorlds()
})
listen()
show()

// The client of AG-UI against this host: node agui.mjs MODULES BASE_URL KEY SCENARIO.
import { createRequire } from 'node:module';

const [modules, base, key, scenario, ...rest] = process.argv.slice(2);
const require = createRequire(`${modules}/package.json`);
const { HttpAgent } = require('@ag-ui/client');

const headers = key === 'none' ? {} : { Authorization: `Bearer ${key}` };
const open = (threadId) => new HttpAgent({ url: `${base}agui/worker`, threadId, headers });
const say = (agent, text) => agent.addMessage({ id: `u-${agent.messages.length}-${text.length}`, role: 'user', content: text });
const run = async (agent, parameters = {}) => {
  const events = [];
  let error = null;
  const result = await agent.runAgent(parameters, {
    onEvent: ({ event }) => { events.push(event); },
    onRunErrorEvent: ({ event }) => { error = event; },
  }).catch((thrown) => ({ thrown: String(thrown) }));
  return { events, error, result };
};
const shape = (events) => events.map((event) => event.type);
const messages = (agent) => agent.messages.map((one) => [one.role, one.content ?? null, one.toolCallId ?? null, one.toolCalls?.map((call) => call.id) ?? null]);

const scenarios = {
  async talk() {
    const agent = open('talk');
    say(agent, 'Look twice.');
    const first = await run(agent);
    say(agent, 'And now?');
    const second = await run(agent);
    const response = await fetch(`${base}agui/worker/connect`, {
      method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify({ threadId: 'talk' }),
    });
    const again = (await response.text()).split('\n\n').filter((part) => part.includes('data: '))
      .map((part) => JSON.parse(part.split('data: ')[1]));
    const cursor = again.find((event) => event.type === 'TOOL_CALL_RESULT').metadata.agentfunctions.cursor;
    const taken = await fetch(`${base}agui/worker/connect`, {
      method: 'POST', headers: { ...headers, 'Content-Type': 'application/json', 'Last-Event-ID': cursor }, body: JSON.stringify({ threadId: 'talk' }),
    });
    const after = (await taken.text()).split('\n\n').filter((part) => part.includes('data: ')).map((part) => JSON.parse(part.split('data: ')[1]));
    const { DurableHttpAgent } = await import(`file://${rest[0]}`);
    const late = new (DurableHttpAgent(HttpAgent, require('rxjs').Observable))({ url: `${base}agui/worker`, threadId: 'talk', headers });
    await late.connectAgent({});
    const numbered = (events) => events.filter((event) => event.metadata).map((event) => event.metadata.agentfunctions.cursor);
    const all = numbered(again);
    return {
      shape: shape(first.events), thrown: first.result.thrown ?? null, second: shape(second.events), messages: messages(agent), late: messages(late),
      again: again.filter((event) => event.type === 'RUN_FINISHED').length,
      whole: JSON.stringify(numbered(after)) === JSON.stringify(all.slice(all.indexOf(cursor) + 1)),
    };
  },

  async approval() {
    const agent = open('ask');
    say(agent, 'Send it.');
    const first = await run(agent);
    const outcome = first.events.at(-1).outcome;
    const interrupt = outcome.interrupts[0];
    const edited = await run(agent, {
      resume: [{ interruptId: interrupt.id, status: 'resolved', payload: { approved: true, editedArgs: { to: 'anna' }, callHash: interrupt.metadata.callHash } }],
    });
    const late = open('ask');
    say(late, 'Again.');
    const expired = await run(late, { resume: [{ interruptId: interrupt.id, status: 'resolved', payload: { approved: true } }] });
    return {
      outcome: outcome.type, interrupt, first: first.result.thrown ?? null, thrown: edited.result.thrown ?? null,
      messages: messages(agent), expired: expired.error?.code ?? expired.result.thrown,
    };
  },

  // A sub-agent that asks: its lead's part of the dialogue ends while it is suspended, and goes on with the answer.
  async subagents() {
    const forwardedProps = rest[0] === 'told' ? { subAgents: true } : {};
    const agent = new HttpAgent({ url: `${base}agui/lead`, threadId: `sub-${rest[0]}`, headers });
    say(agent, 'Have it sent.');
    const first = await run(agent, { forwardedProps });
    const interrupt = first.events.at(-1).outcome?.interrupts?.[0];
    const known = agent.messages.flatMap((one) => one.toolCalls ?? []).map((call) => call.id);
    // The client itself holds a run back that leaves open what was asked.
    const without = await run(agent, { forwardedProps });
    const raw = await fetch(`${base}agui/lead`, {
      method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' },
      body: JSON.stringify({ threadId: `sub-${rest[0]}`, runId: 'without', messages: agent.messages, tools: [], context: [] }),
    });
    const second = await run(agent, { forwardedProps, resume: [{ interruptId: interrupt.id, status: 'resolved', payload: { approved: true } }] });
    const response = await fetch(`${base}agui/lead/connect`, {
      method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify({ threadId: `sub-${rest[0]}` }),
    });
    const again = (await response.text()).split('\n\n').filter((part) => part.includes('data: ')).map((part) => JSON.parse(part.split('data: ')[1]));
    // What was told while it was said had no number then.
    const silent = (events) => events.filter((event) => !event.type.startsWith('TEXT_MESSAGE'));
    const of = (events) => events.filter((event) => event.subagentRunId).map((event) => [event.type, event.subagentRunId, event.outcome?.type ?? null,
      event.outcome?.interruptIds ?? null, event.delta ?? null, event.parentToolCallId ?? null]);
    return {
      thrown: first.result.thrown ?? second.result.thrown ?? null, interrupt, known, first: of(first.events), second: of(second.events), shape: shape(second.events),
      without: without.result.thrown ?? null, refused: await raw.text(), answer: agent.messages.at(-1).content, again: shape(again),
      same: JSON.stringify(of(silent(again))) === JSON.stringify([...of(silent(first.events)), ...of(silent(second.events))]),
      said: agent.messages.filter((one) => one.subagentRunId && one.content).map((one) => one.content),
      capabilities: await (await fetch(`${base}agui/lead/capabilities`, { headers })).json(),
    };
  },

  // What a sub-agent says while it says it, also over a connection that breaks meanwhile: it goes on when both clients have heard it.
  async live() {
    const { DurableHttpAgent } = await import(`file://${rest[0]}`);
    const forwardedProps = { subAgents: true };
    const plain = new HttpAgent({ url: `${base}agui/lead`, threadId: 'live', headers });
    const durable = new (DurableHttpAgent(HttpAgent, require('rxjs').Observable))({ url: `${base}agui/lead`, threadId: 'broken', headers });
    let cut = null;
    const fetched = globalThis.fetch;
    globalThis.fetch = async (url, init) => {
      const response = await fetched(url, init);
      const breaks = new TransformStream({ start: (controller) => { cut ??= init.body.includes('"broken"') ? () => controller.error(new Error('broken')) : null; } });
      return new Response(response.body.pipeThrough(breaks), { status: response.status, headers: response.headers });
    };
    const heard = { live: 0, broken: 0 };
    const follow = async (agent, name) => {
      const events = [];
      say(agent, 'Have it said.');
      const result = await agent.runAgent({ forwardedProps }, {
        onEvent: ({ event }) => {
          events.push(event);
          if (event.type !== 'TEXT_MESSAGE_START' || !event.subagentRunId) return;
          if (++heard[name] === 1 && name === 'broken') cut();
          if (heard.live >= 1 && heard.broken >= 2) require('node:fs').writeFileSync(rest[1], '');
        },
      }).catch((thrown) => ({ thrown: String(thrown) }));
      return { thrown: result.thrown ?? null, shape: shape(events), said: agent.messages.filter((one) => one.subagentRunId).map((one) => one.content), messages: agent.messages.map((one) => one.id) };
    };
    const [one, two] = await Promise.all([follow(plain, 'live'), follow(durable, 'broken')]);
    const again = new (DurableHttpAgent(HttpAgent, require('rxjs').Observable))({ url: `${base}agui/lead`, threadId: 'live', headers });
    const connected = await again.connectAgent({}).then(() => null, String);
    return { one, two, heard, connected, again: again.messages.map((one) => one.id) };
  },

  // A connection that breaks in mid-answer: the client as it is, and the one that goes on over connections and restarts.
  async broken() {
    const { DurableHttpAgent } = await import(`file://${rest[0]}`);
    // The client rejects a promise of its own too, which nobody can catch.
    process.on('unhandledRejection', () => {});
    const plain = open('plain');
    say(plain, 'Keep the log.');
    const durable = new (DurableHttpAgent(HttpAgent, require('rxjs').Observable))({ url: `${base}agui/scribe`, threadId: 'durable', headers });
    say(durable, 'Keep the log.');
    plain.url = `${base}agui/scribe`;
    const [broken, whole] = await Promise.all([run(plain), run(durable)]);
    const twice = new (DurableHttpAgent(HttpAgent, require('rxjs').Observable))({ url: `${base}agui/scribe`, threadId: 'durable', headers });
    const connected = await twice.connectAgent({}).then(() => null, String);
    return {
      broken: broken.result.thrown ?? null, brokenEnds: shape(broken.events).includes('RUN_FINISHED'), thrown: whole.result.thrown ?? null,
      last: whole.events.at(-1), messages: messages(durable), connected, again: messages(twice),
    };
  },

  // A run that fails, the next one of its thread, both told again; one that is cancelled; what is refused before a stream begins.
  async ends() {
    const agent = open('fails');
    say(agent, 'Refuse it.');
    const failed = await run(agent);
    say(agent, 'And now?');
    const next = await run(agent);
    const response = await fetch(`${base}agui/worker/connect`, {
      method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify({ threadId: 'fails' }),
    });
    const told = (await response.text()).split('\n\n').filter((part) => part.includes('data: ')).map((part) => JSON.parse(part.split('data: ')[1]));
    const waiting = open('waits');
    say(waiting, 'Wait.');
    const events = [];
    let asked = false;
    const result = await waiting.runAgent({}, {
      onEvent: async ({ event }) => {
        events.push(event);
        if (!asked && event.type === 'STATE_SNAPSHOT') {
          asked = true;
          await fetch(`${base}agui/worker/cancel`, {
            method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify({ threadId: 'waits' }),
          });
        }
      },
    }).catch((thrown) => ({ thrown: String(thrown) }));
    const refused = [];
    for (const [path, body] of [['nobody', { threadId: 't', runId: 'r', messages: [{ id: 'm', role: 'user', content: 'x' }] }], ['worker', { runId: 'r' }]]) {
      const answer = await fetch(`${base}agui/${path}`, {
        method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(body),
      });
      refused.push([answer.status, await answer.json()]);
    }
    return {
      failed: failed.error?.code ?? null, rejected: failed.result.thrown ?? null, next: next.events.at(-1).outcome?.type ?? null,
      ends: told.filter((event) => ['RUN_STARTED', 'RUN_ERROR', 'RUN_FINISHED'].includes(event.type)).map((event) => event.type),
      cancelled: events.at(-1).outcome?.type ?? null, thrown: result.thrown ?? null, refused,
    };
  },

  // A tool of the page: called, executed, answered; then one whose answer says that it failed.
  async tools() {
    const agent = open('tools');
    const tools = [{ name: 'get_weather', description: 'Gets the weather.', parameters: { type: 'object', properties: { city: { type: 'string' } } } }];
    say(agent, 'Ask the page.');
    let pending = null;
    const ask = async (parameters) => {
      const told = await run(agent, parameters);
      pending = told.events.at(-1).outcome?.pendingToolCallIds ?? null;
      return told;
    };
    const first = await ask({ tools });
    const asked = pending;
    agent.addMessage({ id: 'result-1', role: 'tool', toolCallId: asked[0], content: '18 degrees' });
    const second = await ask({ tools });
    const response = await fetch(`${base}agui/worker/connect`, {
      method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify({ threadId: 'tools' }),
    });
    const told = await response.text();
    const refused = await fetch(`${base}agui/worker`, {
      method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' },
      body: JSON.stringify({ threadId: 'tools', runId: 'other', messages: [], tools: [{ name: 'other' }] }),
    });
    return {
      shape: shape(first.events), asked, last: first.events.at(-1).outcome, thrown: first.result.thrown ?? second.result.thrown ?? null,
      second: shape(second.events), answer: agent.messages.at(-1).content, messages: messages(agent), finished: told.split('RUN_FINISHED').length - 1,
      refused: [refused.status, await refused.text()],
    };
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));

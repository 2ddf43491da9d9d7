// The client of AG-UI against this host: node agui.mjs MODULES BASE_URL KEY SCENARIO.
import { createRequire } from 'node:module';

const [modules, base, key, scenario] = process.argv.slice(2);
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
    const rest = await fetch(`${base}agui/worker/connect`, {
      method: 'POST', headers: { ...headers, 'Content-Type': 'application/json', 'Last-Event-ID': cursor }, body: JSON.stringify({ threadId: 'talk' }),
    });
    const after = (await rest.text()).split('\n\n').filter((part) => part.includes('data: ')).map((part) => JSON.parse(part.split('data: ')[1]));
    const numbered = (events) => events.filter((event) => event.metadata).map((event) => event.metadata.agentfunctions.cursor);
    const all = numbered(again);
    return {
      shape: shape(first.events), thrown: first.result.thrown ?? null, second: shape(second.events), messages: messages(agent),
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

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
};

console.log(JSON.stringify(await scenarios[scenario]()));

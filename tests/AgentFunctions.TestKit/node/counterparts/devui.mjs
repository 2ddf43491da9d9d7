// The calls of DevUI, the page of Agent Framework, against this host: node devui.mjs MODULES BASE_URL KEY SCENARIO [ARGUMENTS].
const [, base, key, scenario, ...rest] = process.argv.slice(2);
const headers = { 'Content-Type': 'application/json', ...(key === 'none' ? {} : { Authorization: `Bearer ${key}` }) };

const ask = async (method, path, body) => {
  const response = await fetch(`${base}${path}`, { method, headers, body: body && JSON.stringify(body) });
  return { status: response.status, body: await response.json().catch(() => null) };
};

// Reads a stream as the page does: line by line, and what was seen is skipped. It may leave after an event.
const stream = async (method, path, body, leaveAfter) => {
  const response = await fetch(`${base}${path}`, {
    method, headers: { ...headers, Accept: 'text/event-stream' }, body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  const events = [];
  let buffer = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    buffer += decoder.decode(chunk, { stream: true });
    const lines = buffer.split('\n');
    buffer = lines.pop();
    for (const line of lines.filter((one) => one.startsWith('data: '))) {
      events.push(JSON.parse(line.slice(6)));
      // To leave the loop is to close the stream.
      if (leaveAfter?.(events)) return events;
    }
  }
  return events;
};

const textOf = (events) => events.filter((event) => event.type === 'response.output_text.delta').map((event) => event.delta).join('');
const say = (text) => [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }];
const send = (conversation, input, leaveAfter) => stream(
  'POST', 'v1/responses', { metadata: { entity_id: 'worker' }, input, stream: true, conversation }, leaveAfter);

const scenarios = {
  // The page is opened, an agent is chosen, a dialogue begins, the page is loaded again in the middle, and the next words are said.
  async chat() {
    const meta = await ask('GET', 'meta');
    const entities = await ask('GET', 'v1/entities');
    const info = await ask('GET', 'v1/entities/worker/info?type=agent');
    const before = await ask('GET', 'v1/conversations?agent_id=worker');
    const conversation = (await ask('POST', 'v1/conversations', { metadata: { agent_id: 'worker' } })).body;
    const first = await send(conversation.id, say(rest[0]), (events) => textOf(events).length > 20);
    const id = first.find((event) => event.response).response.id;
    const last = first.at(-1).sequence_number;
    const resumed = await stream('GET', `v1/responses/${id}?stream=true&starting_after=${last}`);
    const second = await send(conversation.id, say('And now?'));
    const list = await ask('GET', 'v1/conversations?agent_id=worker');
    const items = await ask('GET', `v1/conversations/${conversation.id}/items?order=asc`);
    const foreign = await ask('GET', 'v1/entities/nobody/info?type=agent');
    return {
      meta: meta.body, entities: entities.body.entities, info: info.body, before: before.body.data.length,
      text: textOf(first) + textOf(resumed), numbers: [...first, ...resumed].map((event) => event.sequence_number),
      end: resumed.at(-1).type, second: textOf(second), list: list.body.data, conversation,
      items: items.body.data.map((item) => [item.type, item.role ?? '']), foreign: foreign.status,
    };
  },

  async approval() {
    const conversation = (await ask('POST', 'v1/conversations', { metadata: { agent_id: 'worker' } })).body;
    const asked = await send(conversation.id, say(rest[0]));
    const request = asked.find((event) => event.type === 'response.function_approval.requested');
    const answer = [{
      type: 'message', role: 'user',
      content: [{ type: 'function_approval_response', request_id: request?.request_id, approved: true, function_call: request?.function_call }],
    }];
    const done = await send(conversation.id, answer);
    return {
      request, numbers: asked.map((event) => event.sequence_number), end: asked.at(-1).type, text: textOf(done), done: done.at(-1).type,
    };
  },

  // Stop closes the stream, and the run goes on; it is cancelled by the response.
  async stop() {
    const conversation = (await ask('POST', 'v1/conversations', { metadata: { agent_id: 'worker' } })).body;
    const begun = await send(conversation.id, say(rest[0]), (events) => events.some((event) => event.response));
    const id = begun.find((event) => event.response).response.id;
    return { cancelled: (await ask('POST', `v1/responses/${id}/cancel`, {})).body.status };
  },

  async foreign() {
    const paths = ['meta', 'v1/entities', 'v1/entities/worker/info', 'v1/conversations'];
    const told = {};
    for (const path of paths) told[path] = (await ask('GET', path)).status;
    return { ...told, list: (await ask('GET', 'v1/conversations')).body?.data?.length ?? null };
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));

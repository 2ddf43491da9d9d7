// OpenAI's own client against this host: node openai.mjs MODULES BASE_URL KEY SCENARIO [ARGUMENTS].
import http from 'node:http';
import { createRequire } from 'node:module';

const [modules, base, key, scenario, ...rest] = process.argv.slice(2);
const require = createRequire(`${modules}/package.json`);
const OpenAI = require('openai').OpenAI;
const client = new OpenAI({ baseURL: `${base}v1`, apiKey: key });

const collect = async (stream) => {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
};

const scenarios = {
  // A stream, its rest from each of twenty points by retrieve and by the helper.
  async stream() {
    const all = await collect(await client.responses.create({ model: 'worker', input: rest[0], stream: true }));
    const last = all.at(-1).response;
    const cuts = Array.from({ length: 20 }, (_, i) => all[Math.floor((i * all.length) / 20)].sequence_number);
    const wrong = [];
    for (const cut of cuts) {
      const tail = await collect(await client.responses.retrieve(last.id, { stream: true, starting_after: cut }));
      const wanted = all.filter((event) => event.sequence_number > cut);
      if (JSON.stringify(tail) !== JSON.stringify(wanted)) wrong.push(cut);
    }
    const helper = client.responses.stream({ response_id: last.id, starting_after: cuts[7] });
    const helped = [];
    helper.on('event', (event) => helped.push(event.sequence_number));
    const final = await helper.finalResponse();
    const stored = await client.responses.retrieve(last.id);
    return {
      numbers: all.map((event) => event.sequence_number), wrong, cut: cuts[7], helped,
      text: final.output_text, stored: stored.output_text, output: stored.output.map((item) => item.type),
      status: stored.status, usage: stored.usage,
    };
  },

  // An answer of a form: the first one has another and is not accepted, also when it is streamed.
  async parsed() {
    const schema = { type: 'object', properties: { count: { type: 'integer' } }, required: ['count'], additionalProperties: false };
    const request = { model: 'worker', input: rest[0], text: { format: { type: 'json_schema', name: 'counted', schema, strict: true } } };
    const parsed = await client.responses.parse(request);
    const helper = client.responses.stream({ ...request, input: rest[1] });
    const streamed = await helper.finalResponse();
    return { parsed: parsed.output_parsed, text: parsed.output_text, streamed: streamed.output_text, types: parsed.output.map((item) => item.type) };
  },

  async background() {
    const queued = await client.responses.create({ model: 'worker', input: rest[0], background: true, metadata: { team: 'a' } });
    let response = queued;
    while (response.status === 'queued' || response.status === 'in_progress') {
      await new Promise((resolve) => setTimeout(resolve, 50));
      response = await client.responses.retrieve(queued.id);
    }
    const cancelled = await client.responses.cancel(queued.id);
    const next = await client.responses.create({ model: 'worker', input: 'And now?', previous_response_id: queued.id });
    const forked = await client.responses.create({ model: 'worker', input: 'Or so?', previous_response_id: queued.id });
    const items = [];
    for await (const item of client.responses.inputItems.list(next.id)) items.push(item);
    await client.responses.delete(next.id);
    const gone = await client.responses.retrieve(next.id).catch((error) => error.status);
    return {
      first: queued.status, background: queued.background, metadata: queued.metadata, status: response.status,
      text: response.output_text, cancelled: cancelled.status, id: queued.id, next: next.id, nextText: next.output_text,
      forked: forked.id, input: items[0].content[0].text, gone,
    };
  },

  async approval() {
    const asked = await client.responses.create({ model: 'worker', input: rest[0] });
    const request = asked.output.at(-1);
    const answer = {
      model: 'worker', previous_response_id: asked.id,
      input: [{ type: 'mcp_approval_response', approval_request_id: request.id, approve: true }],
    };
    const done = await client.responses.create(answer);
    const again = await client.responses.create(answer);
    const numbers = (await collect(await client.responses.retrieve(asked.id, { stream: true }))).map((e) => e.sequence_number);
    return {
      status: asked.status, request, done: done.output_text, id: done.id, again: again.id, numbers,
      items: done.output.map((item) => item.type),
    };
  },

  // A function tool, answered in a response of its own, twice, and in a stream; then by chat completions.
  async functions() {
    const tools = [{
      type: 'function', name: 'get_weather', description: 'Gets the weather.', strict: false,
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    }];
    const asked = await client.responses.create({ model: 'worker', input: rest[0], tools });
    const call = asked.output.at(-1);
    const answer = {
      model: 'worker', previous_response_id: asked.id, tools,
      input: [{ type: 'function_call_output', call_id: call.call_id, output: '18 degrees' }],
    };
    const done = await client.responses.create(answer);
    const again = await client.responses.create(answer);
    const other = await client.responses.create({ ...answer, input: [{ ...answer.input[0], output: '20 degrees' }] })
      .then(() => null, (error) => ({ status: error.status, message: error.message }));
    const whole = await collect(await client.responses.retrieve(asked.id, { stream: true }));
    const helper = client.responses.stream({ model: 'worker', input: rest[0], tools });
    const arrived = [];
    helper.on('response.function_call_arguments.delta', (event) => arrived.push(event.delta));
    const streamed = await helper.finalResponse();
    const item = streamed.output.at(-1);
    const stateless = await client.responses.create({
      model: 'worker', tools,
      input: [
        { role: 'user', content: rest[0] }, item, { type: 'function_call_output', call_id: item.call_id, output: [{ type: 'input_text', text: 'rain' }] },
      ],
    });
    const foreign = await client.responses.create({ model: 'worker', input: rest[0], tools: [{ type: 'web_search' }] }).catch((error) => error.param);
    const added = await client.responses.create({ ...answer, previous_response_id: done.id, input: 'More.', tools: [{ ...tools[0], name: 'other' }] })
      .catch((error) => error.message);
    const chat = [{ type: 'function', function: { name: 'get_weather', parameters: tools[0].parameters } }];
    const first = await client.chat.completions.create({ model: 'worker', messages: [{ role: 'user', content: rest[0] }], tools: chat });
    const called = first.choices[0].message;
    const messages = [
      { role: 'user', content: rest[0] }, called, { role: 'tool', tool_call_id: called.tool_calls[0].id, content: 'snow' },
    ];
    const second = await client.chat.completions.create({ model: 'worker', tools: chat, messages });
    const third = await client.chat.completions.create({
      model: 'worker', tools: chat, messages: [...messages, second.choices[0].message, { role: 'user', content: 'And then?' }],
    });
    const chunks = await collect(await client.chat.completions.create({
      model: 'worker', messages: [{ role: 'user', content: rest[0] }], tools: chat, stream: true,
    }));
    return {
      status: asked.status, call, tools: asked.tools, done: done.output_text, items: done.output.map((one) => one.type),
      id: done.id, again: again.id, other, numbers: whole.map((event) => event.sequence_number), kinds: whole.map((event) => event.type),
      arrived: arrived.join(''), stateless: stateless.output_text, foreign, added,
      finish: first.choices[0].finish_reason, called, second: second.choices[0].message.content, third: third.choices[0].message.content,
      chunk: chunks.find((one) => one.choices[0]?.delta?.tool_calls)?.choices[0].delta.tool_calls[0],
      end: chunks.find((one) => one.choices[0]?.finish_reason)?.choices[0].finish_reason,
    };
  },

  // A conversation that begins with items, and goes on response by response.
  async conversation() {
    const opened = await client.conversations.create({
      metadata: { topic: 'demo' }, items: [{ type: 'message', role: 'user', content: 'My name is Ada.' }],
    });
    const added = await client.conversations.items.create(opened.id, { items: [{ type: 'message', role: 'assistant', content: 'Hello, Ada.' }] });
    const first = await client.responses.create({ model: 'worker', input: 'Look twice.', conversation: opened.id });
    const second = await client.responses.create({ model: 'worker', input: 'And now?', conversation: { id: opened.id } });
    const again = await client.responses.create({ model: 'worker', input: 'And now?', conversation: { id: opened.id } });
    const items = [];
    for await (const item of client.conversations.items.list(opened.id, { order: 'asc', limit: 3 })) items.push(item);
    const one = await client.conversations.items.retrieve(items[3].id, { conversation_id: opened.id });
    const changed = await client.conversations.update(opened.id, { metadata: { topic: 'other' } });
    const late = await client.conversations.items.create(opened.id, { items: [{ type: 'message', role: 'user', content: 'x' }] }).catch((error) => error.status);
    const both = await client.responses.create({ model: 'worker', input: 'x', conversation: opened.id, previous_response_id: first.id }).catch((error) => error.status);
    const read = await client.conversations.retrieve(opened.id);
    const removed = await client.conversations.delete(opened.id);
    const gone = await client.responses.retrieve(first.id).catch((error) => error.status);
    return {
      opened, added: added.data.map((item) => item.role), first: [first.id, first.conversation], second: second.id, again: again.id,
      items: items.map((item) => [item.type, item.role ?? null]), one: one.id === items[3].id, changed: changed.metadata, late, both,
      read: read.metadata, removed: removed.deleted, gone,
    };
  },

  async errors() {
    const of = async (call) => call().then(() => null, (error) => ({ status: error.status, code: error.code, param: error.param }));
    return {
      foreign: await of(() => client.responses.retrieve(rest[0])),
      cancel: await of(() => client.responses.cancel(rest[0])),
      remove: await of(() => client.responses.delete(rest[0])),
      stream: await of(() => client.responses.retrieve(rest[0], { stream: true })),
      items: await of(() => client.responses.inputItems.list(rest[0])),
      next: await of(() => client.responses.create({ model: 'worker', input: 'x', previous_response_id: rest[0] })),
      conversation: await of(() => client.conversations.retrieve(rest[0].replace('resp_', 'conv_'))),
      inConversation: await of(() => client.responses.create({ model: 'worker', input: 'x', conversation: rest[0].replace('resp_', 'conv_') })),
      none: await of(() => client.responses.retrieve('resp_nothing')),
      model: await of(() => client.responses.create({ model: 'nobody', input: 'x' })),
      member: await of(() => client.responses.create({ model: 'worker', input: 'x', prompt: { id: 'p' } })),
      failed: await client.responses.create({ model: 'worker', input: 'Refuse it.' }).then((one) => [one.status, one.error.code, one.metadata.agentfunctions_code]),
      streamed: (await collect(await client.responses.create({ model: 'worker', input: 'Refuse it.', stream: true }))).at(-1).response.metadata,
      failedChat: await of(() => client.chat.completions.create({ model: 'worker', messages: [{ role: 'user', content: 'Refuse it.' }] })),
      empty: await of(() => client.responses.create({ model: 'worker', input: '' })),
    };
  },

  async models() {
    const names = [];
    for await (const model of client.models.list()) names.push(model.id);
    return { names, one: (await client.models.retrieve(names[0])).object };
  },

  // A proxy that loses the answers to the first two requests.
  async retry() {
    let asked = 0;
    const proxy = http.createServer((request, response) => {
      const lost = ++asked <= 2;
      const on = http.request(new URL(request.url, base), { method: request.method, headers: request.headers }, (answer) => {
        if (lost) {
          answer.resume().on('end', () => response.destroy());
          return;
        }
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      request.pipe(on);
    });
    await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const near = new OpenAI({ baseURL: `http://127.0.0.1:${proxy.address().port}/v1`, apiKey: key });
    const response = await near.responses.create({ model: 'worker', input: rest[0] });
    proxy.closeAllConnections();
    proxy.close();
    return { asked, text: response.output_text, id: response.id };
  },

  async chat() {
    const whole = await client.chat.completions.create({
      model: 'worker', messages: [{ role: 'developer', content: 'Be short.' }, { role: 'user', content: rest[0] }],
    });
    const next = await client.chat.completions.create({
      model: 'worker',
      messages: [
        { role: 'developer', content: 'Be short.' }, { role: 'user', content: rest[0] }, whole.choices[0].message,
        { role: 'user', content: 'And now?' },
      ],
    });
    const chunks = await collect(await client.chat.completions.create({
      model: 'worker', messages: [{ role: 'user', content: rest[0] }], stream: true, stream_options: { include_usage: true },
    }));
    const many = await client.chat.completions.create({ model: 'worker', n: 2, messages: [{ role: 'user', content: 'x' }] })
      .catch((error) => error.status);
    return {
      text: whole.choices[0].message.content, finish: whole.choices[0].finish_reason, usage: whole.usage,
      next: next.choices[0].message.content,
      streamed: chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? '').join(''),
      end: chunks.find((chunk) => chunk.choices[0]?.finish_reason)?.choices[0].finish_reason, counted: chunks.at(-1).usage, many,
    };
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));

// The guide of samples/Doors by the clients of three protocols: node sample.mjs MODULES BASE_URL.
import { createRequire } from 'node:module';

const [modules, base] = process.argv.slice(2);
const require = createRequire(`${modules}/package.json`);
const { ClientFactory } = require('@a2a-js/sdk/client');
const { HttpAgent } = require('@ag-ui/client');
const { OpenAI } = require('openai');

const response = await new OpenAI({ baseURL: `${base}v1`, apiKey: 'none' }).responses.create({ model: 'guide', input: 'When do museums open?' });
const a2a = await new ClientFactory().createFromUrl(`${base}a2a/guide/`);
const task = await a2a.sendMessage({
  message: {
    messageId: 'm-1', role: 1, taskId: '', contextId: '', metadata: undefined, extensions: [], referenceTaskIds: [],
    parts: [{ content: { $case: 'text', value: 'When do museums open?' }, metadata: undefined, filename: '', mediaType: '' }],
  },
  configuration: undefined, metadata: undefined, tenant: '',
});
const agui = new HttpAgent({ url: `${base}agui/guide`, threadId: 'sample' });
agui.addMessage({ id: 'm-1', role: 'user', content: 'When do museums open?' });
await agui.runAgent();
console.log(JSON.stringify({ openai: response.output_text, a2a: task.artifacts[0].parts[0].content.value, agui: agui.messages.at(-1).content }));

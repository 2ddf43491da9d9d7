// A server of a2a-js, which knows nothing of this runtime: node a2a-server.mjs MODULES. GET /seen lists the ids of the messages that it took.
import { createRequire } from 'node:module';
import { createServer } from 'node:http';

const require = createRequire(`${process.argv[2]}/package.json`);
const { AgentEvent, DefaultRequestHandler, InMemoryTaskStore, JsonRpcTransportHandler, ServerCallContext } = require('@a2a-js/sdk/server');

const url = `http://127.0.0.1:${process.env.PORT}`;
const card = {
  name: 'other', description: 'Knows other things.', version: '1.0.0', provider: undefined, documentationUrl: '', iconUrl: '',
  supportedInterfaces: [{ url: `${url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: '' }],
  capabilities: { streaming: false, pushNotifications: false, extendedAgentCard: false, extensions: [] },
  securitySchemes: {}, securityRequirements: [], defaultInputModes: ['text/plain'], defaultOutputModes: ['text/plain'],
  skills: [], signatures: [],
};
const seen = [];
const part = (value) => ({ content: { $case: 'text', value }, metadata: undefined, filename: '', mediaType: '' });
const executor = {
  async execute({ userMessage, taskId, contextId }, bus) {
    seen.push(userMessage.messageId);
    const text = userMessage.parts[0].content.value;
    const task = (state) => ({
      id: taskId, contextId, status: { state, message: undefined, timestamp: new Date().toISOString() },
      artifacts: state === 3 ? [{ artifactId: 'answer', name: 'answer', description: '', parts: [part(`${text} Done by the other.`)], metadata: undefined, extensions: [] }] : [],
      history: [], metadata: undefined,
    });
    bus.publish(AgentEvent.task(task(2)));
    bus.publish(AgentEvent.task(task(3)));
    bus.finished();
  },
  async cancelTask() {},
};
const handler = new JsonRpcTransportHandler(new DefaultRequestHandler(card, new InMemoryTaskStore(), executor));

createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const answer = request.url === '/card' ? card : request.url === '/seen' ? seen
    : await handler.handle(JSON.parse(body), new ServerCallContext({ requestedVersion: '1.0' }));
  response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer));
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening on port'));

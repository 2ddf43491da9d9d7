// The client of a2a-js against this host: node a2a.mjs MODULES BASE_URL KEY SCENARIO TRANSPORT [ARGUMENTS].
import { createRequire } from 'node:module';

const [modules, base, key, scenario, transport, ...rest] = process.argv.slice(2);
const require = createRequire(`${modules}/package.json`);
const { ClientFactory, ClientFactoryOptions, JsonRpcTransportFactory, RestTransportFactory } = require('@a2a-js/sdk/client');

const withKey = (url, init) => fetch(url, { ...init, headers: { ...init?.headers, ...(key === 'none' ? {} : { Authorization: `Bearer ${key}` }) } });
const factory = new ClientFactory(ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
  transports: [transport === 'rest' ? new RestTransportFactory({ fetchImpl: withKey }) : new JsonRpcTransportFactory({ fetchImpl: withKey })],
  preferredTransports: [transport === 'rest' ? 'HTTP+JSON' : 'JSONRPC'],
}));
const client = await factory.createFromUrl(`${base}a2a/worker/`);

let count = 0;
const message = (text, more = {}) => ({
  message: {
    messageId: more.messageId ?? `m-${process.pid}-${++count}`, role: 1, taskId: more.taskId ?? '', contextId: more.contextId ?? '',
    parts: more.data
      ? [{ content: { $case: 'data', value: more.data }, metadata: undefined, filename: '', mediaType: '' }]
      : [{ content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: '' }],
    metadata: undefined, extensions: [], referenceTaskIds: [],
  },
  configuration: more.configuration, metadata: undefined, tenant: '',
});
const now = { returnImmediately: true, acceptedOutputModes: [], historyLength: undefined, taskPushNotificationConfig: undefined };
const of = async (call) => {
  try {
    await call();
    return null;
  } catch (error) {
    return { name: error.name, message: error.message };
  }
};
const collect = async (stream) => {
  const events = [];
  for await (const event of stream) events.push(event.payload);
  return events;
};
const textOf = (task) => task.artifacts[0]?.parts[0]?.content?.value;

const scenarios = {
  async all() {
    const sent = await client.sendMessage(message('Answer.', { messageId: 'same', contextId: 'talk-1' }));
    const again = await client.sendMessage(message('Answer.', { messageId: 'same', contextId: 'talk-1' }));
    const events = await collect(client.sendMessageStream(message('Look twice.')));
    const got = await client.getTask({ id: sent.id, tenant: '', historyLength: undefined });
    const listed = await client.listTasks({
      tenant: '', contextId: '', status: 0, pageSize: 10, pageToken: '', historyLength: 0, statusTimestampAfter: undefined, includeArtifacts: false,
    });
    const waiting = await client.sendMessage(message('Send it.'));
    const steer = [];
    const subscribed = (async () => {
      for await (const event of client.resubscribeTask({ id: waiting.id, tenant: '' })) steer.push(event.payload);
    })();
    const approval = waiting.status.message.parts.find((part) => part.content.$case === 'data').content.value.approval;
    const answered = await client.sendMessage(message('', { taskId: waiting.id, data: { approval, approve: true } }));
    await subscribed;
    const slow = await client.sendMessage(message('Wait.', { configuration: now }));
    const cancelled = await client.cancelTask({ id: slow.id, tenant: '', metadata: undefined });
    return {
      id: sent.id, again: again.id, context: sent.contextId, state: sent.status.state, text: textOf(sent),
      history: got.history.map((one) => [one.role, one.parts[0].content.value]),
      events: events.map((event) => event.$case), states: events.filter((event) => event.$case === 'statusUpdate').map((event) => event.value.status.state),
      listed: listed.tasks.length, waiting: waiting.status.state, answered: answered.status.state, answer: textOf(answered),
      steer: steer.map((event) => event.value.status?.state ?? event.$case),
      cancelled: cancelled.status.state, twice: await of(() => client.cancelTask({ id: slow.id, tenant: '', metadata: undefined })),
      ended: await of(() => client.sendMessage(message('More.', { taskId: sent.id }))),
      push: await of(() => client.createTaskPushNotificationConfig({ id: 'p', taskId: sent.id, url: 'https://example.com', token: '', tenant: '', authentication: undefined })),
    };
  },

  async foreign() {
    const id = rest[0];
    return {
      get: await of(() => client.getTask({ id, tenant: '', historyLength: undefined })),
      cancel: await of(() => client.cancelTask({ id, tenant: '', metadata: undefined })),
      send: await of(() => client.sendMessage(message('More.', { taskId: id }))),
      subscribe: await of(() => collect(client.resubscribeTask({ id, tenant: '' }))),
      none: await of(() => client.getTask({ id: 'nothing', tenant: '', historyLength: undefined })),
    };
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));

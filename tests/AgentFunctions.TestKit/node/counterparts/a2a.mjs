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
    parts: more.file
      ? [{ content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: '' },
         { content: { $case: 'raw', value: Buffer.from(more.file) }, metadata: undefined, filename: 'notes.txt', mediaType: 'text/plain' }]
      : more.data
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
    let opened;
    const open = new Promise((resolve) => { opened = resolve; });
    const subscribed = (async () => {
      for await (const event of client.resubscribeTask({ id: waiting.id, tenant: '' })) {
        steer.push(event.payload);
        opened();
      }
    })();
    await Promise.race([open, subscribed]);
    const approval = waiting.status.message.parts.find((part) => part.content.$case === 'data').content.value.approval;
    const answered = await client.sendMessage(message('', { taskId: waiting.id, data: { approval, approve: true } }));
    await subscribed;
    const slow = await client.sendMessage(message('Wait.', { configuration: now }));
    let cancelled = await client.cancelTask({ id: slow.id, tenant: '', metadata: undefined });
    // One that takes its time to end is told as it stands.
    while (cancelled.status.state === 2) cancelled = await client.getTask({ id: slow.id, tenant: '', historyLength: undefined });
    return {
      id: sent.id, again: again.id, context: sent.contextId, state: sent.status.state, text: textOf(sent),
      history: got.history.map((one) => [one.role, one.parts[0].content.value]),
      events: events.map((event) => event.$case), states: events.filter((event) => event.$case === 'statusUpdate').map((event) => event.value.status.state),
      listed: listed.tasks.length, waiting: waiting.status.state, answered: answered.status.state, answer: textOf(answered),
      steer: steer.map((event) => event.value.status?.state ?? event.$case),
      cancelled: cancelled.status.state, twice: await of(() => client.cancelTask({ id: slow.id, tenant: '', metadata: undefined })),
      ended: await of(() => client.sendMessage(message('More.', { taskId: sent.id }))), extended: (await client.getAgentCard()).name,
    };
  },

  async push() {
    const [url] = rest;
    const config = (id) => ({
      id, taskId: '', url: `${url}/${id}`, token: 'the-token', tenant: '', authentication: { scheme: 'Bearer', credentials: 'the-credentials' },
    });
    const waiting = await client.sendMessage(message('Send it.', {
      configuration: { ...now, returnImmediately: false, taskPushNotificationConfig: config('first') },
    }));
    const id = waiting.id;
    const created = await client.createTaskPushNotificationConfig({ ...config('second'), taskId: id });
    const got = await client.getTaskPushNotificationConfig({ id: 'first', taskId: id, tenant: '' });
    const listed = await client.listTaskPushNotificationConfig({ taskId: id, tenant: '', pageSize: 10, pageToken: '' });
    await client.createTaskPushNotificationConfig({ ...config('third'), taskId: id });
    await client.deleteTaskPushNotificationConfig({ id: 'third', taskId: id, tenant: '' });
    const left = await client.listTaskPushNotificationConfig({ taskId: id, tenant: '', pageSize: 10, pageToken: '' });
    await fetch(`${url}/until-told`);
    const answered = await client.sendMessage(message('yes', { taskId: id }));
    await client.createTaskPushNotificationConfig({ ...config('late'), taskId: id });
    return {
      id, state: waiting.status.state, answered: answered.status.state, created: [created.id, created.taskId, created.url],
      got: [got.id, got.token, got.authentication?.credentials], listed: listed.configs.map((one) => one.id).sort(),
      left: left.configs.map((one) => one.id).sort(),
      none: await of(() => client.getTaskPushNotificationConfig({ id: 'third', taskId: id, tenant: '' })),
      bad: await of(() => client.createTaskPushNotificationConfig({ ...config('x'), taskId: id, url: 'ftp://example.com' })),
      line: await of(() => client.createTaskPushNotificationConfig({ ...config('x'), taskId: id, token: 'a\r\nb: c' })),
    };
  },

  async card() {
    // The SDK writes there why a signature does not hold.
    console.debug = () => {};
    const { verifyAgentCardSignature } = require('@a2a-js/sdk');
    const jose = await import(require.resolve('jose'));
    const card = await (await fetch(`${base}a2a/worker/.well-known/agent-card.json`)).json();
    const jwk = async (kid, jku) => (await (await fetch(jku)).json()).keys.find((key) => key.kid === kid);
    const sdk = await of(() => verifyAgentCardSignature(jwk)(card));
    const changed = await of(() => verifyAgentCardSignature(jwk)({ ...card, description: 'Another.' }));
    // The canonical form of RFC 8785: the card has no numbers, and nothing that is empty.
    const sorted = (value) => (Array.isArray(value) ? value.map(sorted) : value && typeof value === 'object'
      ? Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])])) : value);
    const { signatures: [{ protected: head, signature }], ...rest } = card;
    const key = await jose.importJWK(await jwk(jose.decodeProtectedHeader({ protected: head }).kid, jose.decodeProtectedHeader({ protected: head }).jku));
    const plain = await of(() => jose.flattenedVerify({ protected: head, signature, payload: jose.base64url.encode(JSON.stringify(sorted(rest))) }, key));
    const root = await fetch(`${base}.well-known/agent-card.json`);
    const tokens = await (await fetch(`${base}.well-known/jwks.json`)).json();
    return {
      sdk, plain, changed, root: (await root.json()).name, push: card.capabilities.pushNotifications,
      shared: tokens.keys.some((one) => one.kid === jose.decodeProtectedHeader({ protected: head }).kid),
    };
  },

  async files() {
    const sent = await client.sendMessage(message('Read the file.', { file: 'What is in it.' }));
    return { id: sent.id, artifacts: sent.artifacts.map((one) => [one.name, one.parts[0].content.$case, one.parts[0].content.value.toString()]) };
  },

  async wait() {
    const sent = await client.sendMessage(message('Send it.'));
    return { id: sent.id, state: sent.status.state, text: sent.status.message.parts[0].content.value, parts: sent.status.message.parts.length };
  },

  async foreign() {
    const id = rest[0];
    return {
      push: await of(() => client.listTaskPushNotificationConfig({ taskId: id, tenant: '', pageSize: 1, pageToken: '' })),
      pushGet: await of(() => client.getTaskPushNotificationConfig({ id: 'p', taskId: id, tenant: '' })),
      pushDelete: await of(() => client.deleteTaskPushNotificationConfig({ id: 'p', taskId: id, tenant: '' })),
      pushCreate: await of(() => client.createTaskPushNotificationConfig({
        id: 'p', taskId: id, url: 'https://example.com', token: '', tenant: '', authentication: undefined,
      })),
      get: await of(() => client.getTask({ id, tenant: '', historyLength: undefined })),
      cancel: await of(() => client.cancelTask({ id, tenant: '', metadata: undefined })),
      send: await of(() => client.sendMessage(message('More.', { taskId: id }))),
      subscribe: await of(() => collect(client.resubscribeTask({ id, tenant: '' }))),
      none: await of(() => client.getTask({ id: 'nothing', tenant: '', historyLength: undefined })),
    };
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));

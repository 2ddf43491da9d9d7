// An MCP server over stdio whose tools stand in a file (argument 1) that may change while it runs. Each call is appended
// to another file (argument 2) before anything else happens. Arguments steer it: {"do": "hangOnce" | "die" | "fail" | "env"}.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [toolsFile, callsFile] = process.argv.slice(2);
let known = readFileSync(toolsFile, 'utf8');
const tools = () => JSON.parse(readFileSync(toolsFile, 'utf8'));
const send = message => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');
const text = value => ({ content: [{ type: 'text', text: value }] });

function call({ name, arguments: args = {}, _meta }) {
  const isFirst = !existsSync(callsFile);
  appendFileSync(callsFile, JSON.stringify({ name, args, meta: _meta, pid: process.pid }) + '\n');
  process.stderr.write(`called ${name}\n`);
  switch (args.do) {
    case 'hangOnce': return isFirst ? undefined : text(`${name} done`);
    case 'die': process.exit(3);
    case 'fail': return { ...text('it did not work'), isError: true };
    case 'env': return text(JSON.stringify(process.env));
    case 'say': process.stderr.write(`saying ${process.env.SECRET}\n`); return text('said');
    default: return text(`${name} done`);
  }
}

createInterface({ input: process.stdin }).on('line', line => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize') {
    send({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: { listChanged: true } }, serverInfo: { name: 'changing', version: '1' } } });
  } else if (method === 'tools/list') {
    send({ id, result: { tools: tools() } });
  } else if (method === 'tools/call') {
    const known = tools().some(tool => tool.name === params.name);
    const result = known ? call(params) : undefined;
    if (!known) send({ id, error: { code: -32602, message: `Unknown tool: ${params.name}` } });
    else if (result) send({ id, result });
  } else if (method === 'ping') {
    send({ id, result: {} });
  } else if (id !== undefined) {
    send({ id, error: { code: -32601, message: 'Method not found' } });
  }
}).on('close', () => process.exit(0));

// Compared with what was there at the start: a watcher takes its own first look later, and would miss a change before it.
setInterval(() => {
  const now = readFileSync(toolsFile, 'utf8');
  if (now !== known) {
    known = now;
    send({ method: 'notifications/tools/list_changed' });
  }
}, 20);

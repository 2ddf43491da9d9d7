// A stdio tool server with bad manners: odd-server.mjs HOW. HOW: what it does when it is asked 'server/discover' (mute, empty, error,
// invalid, exit), and words that say more: 'waits:FILE' (answers nothing before the file is there), 'twice' (lists a tool twice),
// 'schemas' (lists tools whose schemas are wrong), 'chatty' (writes lines that are no messages), 'many:N' (lists N further tools), 'newest'
// (speaks 2026-07-28; its tool 'asks' asks for input as that does, once or with 'rounds: N' so often, 'asks_to_open' to open an address, 'asks_inside' by a
// request within the call (for a password with 'secret: true'), 'samples_inside' for a model's answer), 'refuses:TEXT'
// (refuses to list, in these words), 'named:TEXT' (is called so), 'ttl:N' (its list is fresh for so many milliseconds, and has a tool 'list_N' that tells
// how often it was listed), 'tells:FILE' (says that its tools have changed once the file is there, to those who listen). Its tool 'parts' answers what it is given as 'answer',
// 'progresses' says how far it is (and once that of a call that there is not) and answers when the file 'until' is there.
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";

const how = process.argv.slice(2);
const gate = how.find((word) => word.startsWith("waits:"))?.slice("waits:".length);
while (gate && !existsSync(gate)) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}

const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");
const tool = (name, inputSchema = { type: "object" }) => ({ name, inputSchema, annotations: { readOnlyHint: true } });
const tools = [tool("act"), tool("flood"), tool("endless"), tool("asks"), tool("asks_to_open"), tool("asks_inside"), tool("samples_inside"), tool("parts"), tool("progresses")];
if (how.includes("twice")) {
  tools.push({ ...tool("act"), description: "another" });
}

const many = Number(how.find((word) => word.startsWith("many:"))?.slice("many:".length) ?? 0);
for (let i = 0; i < many; i++) {
  const properties = Object.fromEntries(["customer", "from", "to"].map((name) => [name, { type: "string", description: `The ${name} of report ${i}. `.repeat(12) }]));
  tools.push({ ...tool(`report_${i}`, { type: "object", properties }), description: `Writes the report number ${i}. `.repeat(10) });
}

if (how.includes("schemas")) {
  tools.push(tool("untyped", { properties: { a: { type: "string" } } }), { name: "none" }, tool("null", null), tool("text", { type: "string" }), 7);
}

if (how.includes("chatty")) {
  process.stdout.write("Server v1.2 running on stdio\n{\"level\":\"info\"}\n\n[1,2]\n");
}

const who = { type: "object", properties: { name: { type: "string" } } };
let asking;
let lists = 0;
const ttl = how.find((word) => word.startsWith("ttl:"))?.slice("ttl:".length);
const change = how.find((word) => word.startsWith("tells:"))?.slice("tells:".length);
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params, result, error } = JSON.parse(line);
  if (id === "question") {
    say({ jsonrpc: "2.0", id: asking, result: { content: [{ type: "text", text: `the answer was ${result?.action ?? error.code} ${result?.content?.name}` }] } });
    continue;
  }

  if (id === undefined) {
    continue;
  }

  const answer = (result) => say({ jsonrpc: "2.0", id, result });
  const refuse = (code, message) => say({ jsonrpc: "2.0", id, error: { code, message } });
  if (method === "initialize") {
    const version = how.find((word) => word.startsWith("speaks:"))?.slice("speaks:".length) ?? params.protocolVersion;
    answer({ protocolVersion: version, capabilities: { tools: {} }, serverInfo: { name: how.find((word) => word.startsWith("named:"))?.slice("named:".length) ?? "odd", version: "1" } });
  } else if (method === "tools/list" && how.some((word) => word.startsWith("refuses:"))) {
    refuse(-32000, how.find((word) => word.startsWith("refuses:")).slice("refuses:".length));
  } else if (method === "tools/list") {
    const counted = ttl === undefined ? tools : [...tools, tool(`list_${++lists}`)];
    answer({ resultType: "complete", ttlMs: ttl === "none" ? undefined : Number(ttl ?? 0), cacheScope: "private", tools: counted });
  } else if (method === "subscriptions/listen" && change) {
    const wait = setInterval(() => {
      if (existsSync(change)) {
        clearInterval(wait);
        say({ jsonrpc: "2.0", method: "notifications/tools/list_changed", params: {} });
      }
    }, 20);
  } else if (method === "ping") {
    answer({});
  } else if (method === "tools/call" && params.name === "flood") {
    for (;;) {
      if (!process.stdout.write("x".repeat(1 << 16))) {
        await new Promise((resolve) => process.stdout.once("drain", resolve));
      }
    }
  } else if (method === "tools/call" && params.name === "endless") {
    for (;;) {
      if (!process.stdout.write("{\"log\":\"" + "x".repeat(1 << 16) + "\"}\n")) {
        await new Promise((resolve) => process.stdout.once("drain", resolve));
      }
    }
  } else if (method === "server/discover" && how.includes("newest")) {
    answer({ resultType: "complete", supportedVersions: ["2026-07-28"], capabilities: { tools: { listChanged: change !== undefined } }, ttlMs: 0, cacheScope: "private" });
  } else if (method === "tools/call" && params.name === "asks_inside") {
    asking = id;
    say({ jsonrpc: "2.0", id: "question", method: "elicitation/create", params: { message: "Who inside?", requestedSchema: params.arguments?.secret ? { type: "object", properties: { password: { type: "string" } } } : who } });
  } else if (method === "tools/call" && params.name === "samples_inside") {
    asking = id;
    say({ jsonrpc: "2.0", id: "question", method: "sampling/createMessage", params: { messages: [{ role: "user", content: { type: "text", text: "Think." } }], maxTokens: 100 } });
  } else if (method === "tools/call" && params.name === "asks") {
    const said = (params.requestState?.split(",") ?? []).concat(params.inputResponses ? [`${params.inputResponses.q?.action} ${params.inputResponses.q?.content?.name}`] : []);
    if (said.length >= (params.arguments?.rounds ?? 1)) {
      answer({ resultType: "complete", content: [{ type: "text", text: `the answer was ${said.join(",")}` }] });
    } else {
      const message = said.length === 0 ? "Who?" : `Who is number ${said.length + 1}?`;
      answer({ resultType: "input_required", inputRequests: { q: { method: "elicitation/create", params: { message, requestedSchema: who } } }, requestState: said.length === 0 ? undefined : said.join(",") });
    }
  } else if (method === "tools/call" && params.name === "asks_to_open" && params.inputResponses) {
    answer({ resultType: "complete", content: [{ type: "text", text: `opened: ${JSON.stringify(params.inputResponses.q)} ${params.requestState}` }] });
  } else if (method === "tools/call" && params.name === "asks_to_open") {
    answer({ resultType: "input_required", inputRequests: { q: { method: "elicitation/create", params: { mode: "url", message: "Sign in.", url: "https://pay.example.com/in?id=7", elicitationId: "e1" } } }, requestState: "kept" });
  } else if (method === "tools/call" && params.name === "progresses") {
    const tell = (progressToken, progress, message) => say({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken, progress, total: 9, message } });
    tell("nobody's", 8, "of another call");
    tell(params._meta.progressToken, 3, params.arguments.message);
    while (!existsSync(params.arguments.until)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }

    answer({ content: [{ type: "text", text: "done" }] });
  } else if (method === "tools/call" && params.name === "parts") {
    answer(params.arguments?.answer ?? { content: [] });
  } else if (method === "tools/call" && params.name.startsWith("report_")) {
    answer({ content: [{ type: "text", text: `${params.name} for ${params.arguments?.customer}` }] });
  } else if (method === "tools/call") {
    answer({ content: [{ type: "text", text: "done" }] });
  } else if (how.includes("exit")) {
    process.exit(1);
  } else if (how.includes("empty")) {
    answer({});
  } else if (how.includes("invalid")) {
    refuse(-32602, "Invalid request parameters");
  } else if (!how.includes("mute")) {
    refuse(-32601, "Method not found");
  }
}

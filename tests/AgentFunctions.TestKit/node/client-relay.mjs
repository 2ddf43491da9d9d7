// The client that MCP's conformance suite starts: hands on what it was told to the process of the tests, and ends as that says.
const [relay, url] = process.argv.slice(2);
const query = new URLSearchParams({ scenario: process.env.MCP_CONFORMANCE_SCENARIO, url });
const answer = await fetch(`${relay}?${query}`, { method: 'POST', body: process.env.MCP_CONFORMANCE_CONTEXT ?? '' });
process.stdout.write(await answer.text());
process.exitCode = answer.ok ? 0 : 1;

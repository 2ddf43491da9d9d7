using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Views;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>What comes through any door passes the one admission, and its audit entry names the door and the request.</summary>
[CancelAfter(300_000)]
internal sealed class DoorGateTests
{
    private ApiHost _host = null!;

    /// <summary>What begins a run: the door, what it calls the request, the address (of MCP the tool) and the body.</summary>
    private static IEnumerable<TestCaseData> Requests =>
    [
        new("openai", null, "v1/responses", """{"model":"worker","input":"Answer."}"""),
        new("openai", null, "v1/chat/completions", """{"model":"worker","messages":[{"role":"user","content":"Answer."}]}"""),
        new("agui", "r", "agui/worker",
            """{"threadId":"t","runId":"r","messages":[{"id":"m","role":"user","content":"x"}],"tools":[],"context":[]}"""),
        new("a2a", "m-1", "a2a/worker/message:send",
            """{"message":{"messageId":"m-1","role":"ROLE_USER","parts":[{"text":"Answer."}]}}"""),
        new("a2a", "m-2", "a2a/worker",
            """
            {"jsonrpc":"2.0","id":1,"method":"SendMessage","params":
            {"message":{"messageId":"m-2","role":"ROLE_USER","parts":[{"text":"Answer."}]}}}
            """),
        new("mcp", null, "worker", """{"goal":"Answer."}"""),
    ];

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await DoorHost.StartAsync(static _ => ChatReply.Say("Done."), []);

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [TestCaseSource(nameof(Requests))]
    public async Task Request_WhileItsAgentIsStopped_StartsNothingAndLaterARunOfTheDoor(
        string door, string? name, string address, string body, CancellationToken cancellationToken)
    {
        KillOrders kills = _host.Get<KillOrders>();
        HashSet<string> before = [.. (await RunsAsync()).Select(static run => run.Id)];
        await kills.EngageAsync(KillScope.Agent, "worker", Caller.Local, "for a test", cancellationToken);

        string refused = await SendAsync();
        await kills.ReleaseAsync(KillScope.Agent, "worker", Caller.Local, cancellationToken);

        Assert.That(refused, Does.Contain("must be released first"));
        Assert.That((await RunsAsync()).Select(static run => run.Id), Is.EquivalentTo(before));

        await SendAsync();

        Run made = (await RunsAsync()).Single(run => !before.Contains(run.Id));
        (string? Door, string? Request)[] submissions = await _host.SubmissionsAsync(made.Id, cancellationToken);
        Assert.That(submissions.Select(static one => one.Door), Is.EqualTo((string[])[door]));
        Assert.That(name is null || submissions[0].Request == name, submissions[0].Request);

        async Task<IReadOnlyList<Run>> RunsAsync() =>
            (await _host.Get<RunReader>().ListPageAsync(new RunFilter(), 100, cancellationToken: cancellationToken)).Items;

        async Task<string> SendAsync()
        {
            using HttpRequestMessage request = door == "mcp"
                ? McpMessage.Make("tools/call", address, new { name = address, arguments = JsonElement.Parse(body) })
                : new HttpRequestMessage(HttpMethod.Post, address) { Content = JsonContent.Create(JsonElement.Parse(body)) };
            request.Headers.Add("A2A-Version", "1.0");
            using HttpResponseMessage response = await _host.Client.SendAsync(request, cancellationToken);
            return await response.Content.ReadAsStringAsync(cancellationToken);
        }
    }
}

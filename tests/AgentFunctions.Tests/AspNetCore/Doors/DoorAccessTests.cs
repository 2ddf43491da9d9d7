using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Gateway;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>Who may do what by the doors for A2A and AG-UI: cards are open, all else needs what the HTTP API needs.</summary>
[CancelAfter(300_000)]
internal sealed class DoorAccessTests
{
    private const string Task = "a2a/worker/tasks/TASK";

    private readonly Dictionary<string, string> _keys = [];
    private ApiHost _host = null!;
    private string _task = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await A2AHost.StartAsync(DoorHost.WithKey);
        ApiKeys keys = _host.Get<ApiKeys>();
        await keys.AddAsync("root", [CallerRoles.Admin], Caller.Local);
        foreach (string role in (string[])[CallerRoles.Submitter, CallerRoles.Viewer, CallerRoles.Operator, CallerRoles.Approver,
            "guest"])
        {
            _keys[role] = await keys.AddAsync(role, [role], Caller.Local);
        }

        _keys["owner"] = await keys.AddAsync("owner", [CallerRoles.Submitter], Caller.Local);
        JsonElement sent = await _host.SendAsync(
            _keys["owner"], CancellationToken.None, goal: "Wait.", configuration: new { returnImmediately = true });
        _task = sent.GetProperty("result").GetProperty("task").GetProperty("id").GetString()!;
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [Test]
    public async Task Stream_OfAKeyThatIsWithdrawn_EndsThoughNothingHappens(CancellationToken cancellationToken)
    {
        await using ApiHost host = await A2AHost.StartAsync(DoorHost.WithKey, ("Api:Heartbeat", "00:00:00.1"));
        (string anna, _) = await host.AddCallersAsync(cancellationToken);
        JsonElement sent = await host.SendAsync(
            anna, cancellationToken, goal: "Wait.", configuration: new { returnImmediately = true });
        string task = sent.GetProperty("result").GetProperty("task").GetProperty("id").GetString()!;
        using var request = new HttpRequestMessage(HttpMethod.Get, $"a2a/worker/tasks/{task}:subscribe");
        request.Headers.Add("A2A-Version", "1.0");
        request.Headers.Authorization = new("Bearer", anna);
        using HttpResponseMessage response = await host.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        Task<string> told = response.Content.ReadAsStringAsync(cancellationToken);

        await host.Get<ApiKeys>().RemoveAsync("anna", Caller.Local, cancellationToken);

        Assert.ThrowsAsync<HttpRequestException>(() => told, "it is broken off, and goes on for nobody");
    }

    [TestCase("GET", "a2a", null, 200)]
    [TestCase("GET", "a2a/worker/.well-known/agent-card.json", null, 200)]
    [TestCase("GET", ".well-known/agent-card.json", null, 200)]
    [TestCase("GET", ".well-known/a2a-keys.json", null, 200)]
    [TestCase("GET", "a2a/worker/extendedAgentCard", null, 401)]
    [TestCase("GET", "a2a/worker/extendedAgentCard", "submitter", 200)]
    [TestCase("POST", "a2a/worker/message:send", null, 401)]
    [TestCase("POST", "a2a/worker/message:send", "guest", 403)]
    [TestCase("POST", "a2a/worker/message:send", "viewer", 403)]
    [TestCase("POST", "a2a/worker/message:send", "approver", 403)]
    [TestCase("POST", "a2a/worker/message:send", "submitter", 200)]
    [TestCase("POST", "a2a/worker/message:send", "operator", 200)]
    [TestCase("POST", "a2a/worker/message:stream", "viewer", 403)]
    [TestCase("GET", Task, null, 401)]
    [TestCase("GET", Task, "owner", 200)]
    [TestCase("GET", Task, "viewer", 200)]
    [TestCase("GET", Task, "operator", 200)]
    [TestCase("GET", Task, "submitter", 404)]
    [TestCase("GET", Task, "guest", 404)]
    [TestCase("POST", Task + ":cancel", "viewer", 404)]
    [TestCase("POST", Task + ":cancel", "submitter", 404)]
    [TestCase("POST", Task + ":subscribe", "submitter", 404)]
    [TestCase("GET", Task + "/pushNotificationConfigs", "submitter", 404)]
    [TestCase("GET", Task + "/pushNotificationConfigs", "owner", 200)]
    [TestCase("POST", "agui/worker", null, 401)]
    [TestCase("POST", "agui/worker", "guest", 403)]
    [TestCase("POST", "agui/worker", "viewer", 403)]
    [TestCase("POST", "agui/worker", "submitter", 200)]
    [TestCase("POST", "agui/worker/connect", null, 401)]
    [TestCase("POST", "agui/worker/connect", "viewer", 200)]
    [TestCase("POST", "agui/worker/cancel", null, 401)]
    [TestCase("POST", "agui/worker/cancel", "operator", 404)]
    [TestCase("GET", "agui/worker/capabilities", null, 401)]
    [TestCase("GET", "agui/worker/capabilities", "submitter", 200)]
    public async Task Request_ByRole_IsAnswered(string method, string address, string? role, int expected,
        CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method),
            address.Replace("TASK", _task, StringComparison.Ordinal));
        request.Headers.Add("A2A-Version", "1.0");
        request.Headers.Authorization = role is null ? null : new("Bearer", _keys[role]);
        if (method == "POST")
        {
            request.Content = address.StartsWith("agui", StringComparison.Ordinal)
                ? JsonContent.Create(new
                {
                    threadId = $"t-{role}",
                    runId = "r",
                    messages = new[] { new { id = "m", role = "user", content = "Answer." } },
                    tools = Array.Empty<string>(),
                    context = Array.Empty<string>(),
                })
                : JsonContent.Create(new
                {
                    message = new
                    {
                        messageId = $"m-{role}",
                        role = "ROLE_USER",
                        parts = new[] { new { text = "Answer." } }
                    }
                });
        }

        using HttpResponseMessage response = await _host.Client.SendAsync(request, cancellationToken);

        Assert.That((int)response.StatusCode, Is.EqualTo(expected), await response.Content.ReadAsStringAsync(cancellationToken));
    }

    [TestCase("a2a/worker")]
    [TestCase("a2a/worker/message:send")]
    public async Task Request_WithoutAVersion_IsRefusedInBothBindings(string address, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = JsonContent.Create(new
            {
                jsonrpc = "2.0",
                id = 1,
                method = "SendMessage",
                message = new { },
                @params = new { }
            }),
        };
        request.Headers.Authorization = new("Bearer", _keys["owner"]);

        using HttpResponseMessage response = await _host.Client.SendAsync(request, cancellationToken);

        Assert.That(await response.Content.ReadAsStringAsync(cancellationToken), Does.Contain("VERSION_NOT_SUPPORTED"));
    }
}

using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>
/// A secret is planted in what people, models and tools say; no door shows it, neither to who sent it nor to who looks on.
/// </summary>
[CancelAfter(300_000)]
internal sealed class DoorSecretsTests
{
    private const string Known = "pl4nted-in-the-settings";
    private const string Shaped = "ghp_abcdefghijklmnopqrstuvwxyz0123456789";
    private const string Secrets = $"{Known} and {Shaped}";
    private const string Masked = "[secret:Secrets.planted] and [secret]";

    private ApiHost _host = null!;
    private string _anna = null!;
    private string _ben = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await DoorHost.StartAsync(
            static request => request.Turn == 0
                ? ChatReply.Call("look", new { at = $"at {Secrets}" }) with
                {
                    Text = $"I look with {Secrets}, which you gave me.",
                }
                : ChatReply.Say($"It says {Secrets}, as you did."),
            [AgentTool.Create("look", "Looks.", ToolEffect.None, static (string at) => $"seen {at}: {Secrets}")],
            DoorHost.WithKey, ("Secrets:planted", Known));
        (_anna, _) = await _host.AddCallersAsync(CancellationToken.None);
        _ben = await _host.Get<ApiKeys>().AddAsync("onlooker", [CallerRoles.Viewer, CallerRoles.Operator], Caller.Local);
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [Test]
    public async Task OpenAI_NeitherAnswersNorStreamsSecrets(CancellationToken cancellationToken)
    {
        object request = new
        {
            model = "worker",
            input = $"Use {Secrets}.",
            instructions = $"Mind {Secrets}.",
            metadata = new { team = Secrets },
            user = Secrets,
        };
        string made = await PostAsync("v1/responses", request, cancellationToken);
        string id = JsonElement.Parse(made).GetProperty("id").GetString()!;
        string streamed = await PostAsync(
            "v1/responses", new { model = "worker", input = $"Tell {Secrets}.", stream = true }, cancellationToken);
        string conversation = await PostAsync(
            "v1/conversations",
            new { metadata = new { topic = Secrets }, items = new[] { new { role = "user", content = $"Before: {Secrets}" } } },
            cancellationToken);
        string name = JsonElement.Parse(conversation).GetProperty("id").GetString()!;
        string[] told =
        [
            made, streamed, conversation,
            await PostAsync("v1/responses", new { model = "worker", input = $"In it: {Secrets}", conversation = name },
                cancellationToken),
            await PostAsync("v1/chat/completions", Chat(false), cancellationToken),
            // A secret would be in several of its pieces.
            string.Concat(Events(await PostAsync("v1/chat/completions", Chat(true), cancellationToken))
                .Select(static one => one.GetProperty("choices")[0].GetProperty("delta"))
                .Select(static delta => delta.TryGetProperty("content", out JsonElement text) ? text.GetString() : "")),
            await GetAsync($"v1/responses/{id}", cancellationToken),
            await GetAsync($"v1/responses/{id}?stream=true", cancellationToken),
            await GetAsync($"v1/responses/{id}/input_items", cancellationToken),
            await GetAsync($"v1/conversations/{name}", cancellationToken),
            await GetAsync($"v1/conversations/{name}/items", cancellationToken),
            await GetAsync($"v1/conversations/conv_{id["resp_".Length..]}/items", cancellationToken),
        ];

        EnsureMasked(told);
        Assert.That(
            streamed.Split('\n').Count(static line => line == "event: response.output_item.added"), Is.EqualTo(4),
            "no text is begun anew: reasoning or text of both turns, and the call");
        Assert.That(
            string.Concat(Events(streamed)
                .Where(static one => one.GetProperty("type").GetString() == "response.output_text.delta")
                .Select(static one => one.GetProperty("delta").GetString())),
            Is.EqualTo($"I look with {Masked}, which you gave me.It says {Masked}, as you did."));

        static object Chat(bool stream) =>
            new { model = "worker", stream, messages = new[] { new { role = "user", content = $"Say {Secrets}." } } };
    }

    [Test]
    public async Task A2A_NeitherAnswersNorStreamsSecrets(CancellationToken cancellationToken)
    {
        string sent = await PostAsync("a2a/worker/message:send", Message("m1"), cancellationToken);
        string id = JsonElement.Parse(sent).GetProperty("task").GetProperty("id").GetString()!;
        await PostAsync($"api/runs/{id}/messages", new { text = $"Mind {Secrets}." }, cancellationToken);
        await _host.Get<RunReader>().WaitForEndAsync(id, cancellationToken);

        EnsureMasked(
        [
            sent,
            await PostAsync("a2a/worker/message:stream", Message("m3"), cancellationToken),
            await PostAsync(
                "a2a/worker", new { jsonrpc = "2.0", id = 1, method = "GetTask", @params = new { id } }, cancellationToken),
            await PostAsync(
                "a2a/worker", new { jsonrpc = "2.0", id = 1, method = "SendStreamingMessage", @params = Message("m4") },
                cancellationToken),
            await GetAsync($"a2a/worker/tasks/{id}", cancellationToken),
            await GetAsync("a2a/worker/tasks?historyLength=9&includeArtifacts=true", cancellationToken, _anna),
        ]);

        static object Message(string messageId) => new
        {
            message = new { messageId, role = "ROLE_USER", parts = new[] { new { text = $"Take {Secrets}." } } },
        };
    }

    [Test]
    public async Task AgUi_NeitherStreamsNorConnectsWithSecrets(CancellationToken cancellationToken)
    {
        string first = await PostAsync("agui/worker", Run("r1"), cancellationToken);
        string second = await PostAsync("agui/worker", Run("r2"), cancellationToken);
        string connected = await PostAsync("agui/worker/connect", new { threadId = "t" }, cancellationToken);

        EnsureMasked([first, second, connected]);
        Assert.That(connected, Does.Contain("MESSAGES_SNAPSHOT"));
        Assert.That(first, Does.Not.Contain("MESSAGES_SNAPSHOT"), "no text is taken back");

        static object Run(string runId) => new
        {
            threadId = "t",
            runId,
            messages = new[] { new { id = $"m-{runId}", role = "user", content = $"Take {Secrets}." } },
            tools = Array.Empty<string>(),
            context = Array.Empty<string>(),
        };
    }

    [Test]
    public async Task Mcp_NeitherAnswersNorTellsTasksWithSecrets(CancellationToken cancellationToken)
    {
        string called = await McpAsync(
            "tools/call", "worker", new { name = "worker", arguments = new { goal = $"Take {Secrets}." } });
        string created = await McpAsync(
            "tools/call", "worker", new { name = "worker", arguments = new { goal = $"Have {Secrets}." } }, knowsTasks: true);
        string task = JsonElement.Parse(created).GetProperty("result").GetProperty("taskId").GetString()!;
        await _host.Get<RunReader>().WaitForEndAsync(task, cancellationToken);

        EnsureMasked(
        [
            called,
            await McpAsync("tasks/get", task, new { taskId = task }, knowsTasks: true),
            await McpAsync("tools/call", "run_status", new { name = "run_status", arguments = new { id = task } }),
            await McpAsync("tools/call", "run_status", new { name = "run_status", arguments = new { id = Secrets } }),
            await McpAsync("tools/call", $"no agent {Secrets}", new { name = $"no agent {Secrets}", arguments = new { } }),
        ]);

        async Task<string> McpAsync(string method, string name, object parameters, bool knowsTasks = false) =>
            (await McpMessage.SendAsync(_host.Client, method, name, parameters, cancellationToken, knowsTasks, _anna)).ToString();
    }

    private static void EnsureMasked(string[] told)
    {
        foreach ((int index, string one) in told.Index())
        {
            Assert.That(one, Does.Not.Contain(Known).And.Not.Contain(Shaped).And.Not.Contain("ghp_"), $"{index}");
            Assert.That(one, Does.Contain("[secret:Secrets.planted]"), $"{index}: it says where one was");
        }
    }

    private static IEnumerable<JsonElement> Events(string stream) => stream.Split('\n')
        .Where(static line => line.StartsWith("data: {", StringComparison.Ordinal))
        .Select(static line => JsonElement.Parse(line["data: ".Length..]));

    private Task<string> PostAsync(string address, object body, CancellationToken cancellationToken) =>
        SendAsync(
            new HttpRequestMessage(HttpMethod.Post, address) { Content = JsonContent.Create(body) }, _anna, cancellationToken);

    private Task<string> GetAsync(string address, CancellationToken cancellationToken, string? key = null) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, address), key ?? _ben, cancellationToken);

    private async Task<string> SendAsync(HttpRequestMessage request, string key, CancellationToken cancellationToken)
    {
        using (request)
        {
            request.Headers.Authorization = new("Bearer", key);
            request.Headers.Add("A2A-Version", "1.0");
            using HttpResponseMessage response = await _host.Client.SendAsync(request, cancellationToken);
            string told = await response.Content.ReadAsStringAsync(cancellationToken);
            Assert.That(response.IsSuccessStatusCode, $"{request.RequestUri}: {told}");
            return told;
        }
    }
}

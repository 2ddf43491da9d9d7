using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Doors;

/// <summary>
/// A run whose tool is a task of another host, while its own host is killed with SIGKILL: before it knows of the task, and after.
/// </summary>
[CancelAfter(300_000)]
internal sealed class KilledMcpClientTests
{
    private const string Agent = "---\nname: {0}\ndescription: Works.\n---\nWork as the {0}.\n";

    private static readonly Dictionary<string, TaskCompletionSource> Released = [];

    private readonly TemporaryFolder _folder = new();
    private OpenAIProtocolServer _model = null!;
    private ProgramProcess _server = null!;
    private HttpClient _serverApi = null!;
    private SwallowingRelay _relay = null!;

    [OneTimeSetUp]
    public async Task StartServer()
    {
        _model = await OpenAIProtocolServer.StartAsync(Script);
        _folder.Write("server/agents/helper.md", Agent.Replace("{0}", "helper", StringComparison.Ordinal));
        string agents = _folder.Write("client/agents/lead.md", Agent.Replace("{0}", "lead", StringComparison.Ordinal));
        Assert.That(agents, Does.Exist);
        _server = ProgramProcess.Start(_model, _folder.Path, Serve("server", "--doors", "mcp"));
        Uri address = await _server.ListeningAsync();
        _serverApi = new HttpClient { BaseAddress = address };
        _relay = await SwallowingRelay.StartAsync(address);
        foreach (string effect in new[] { "notIdempotent", "idempotent" })
        {
            _folder.Write($"client/{effect}.json", JsonSerializer.Serialize(new
            {
                mcpServers = new { other = new { type = "http", url = $"{_relay.Url}/mcp", effects = new { helper = effect } } },
            }));
        }
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        _serverApi.Dispose();
        await _relay.DisposeAsync();
        await _server.DisposeAsync();
        await _model.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Host_KilledBetweenStartAndLook_TakesTheResultOfTheOneTaskOnce(CancellationToken cancellationToken)
    {
        string mark = NewMark();
        (string run, JsonElement ended) = await RunAsync(
            "notIdempotent", mark,
            (http, id) => Poll.UntilAsync(
                async () => (await RunOfAsync(http, id,
                    cancellationToken)).GetProperty("waitingFor") is { ValueKind: JsonValueKind.Object } waits
                    && waits.GetProperty("kind").GetString() == "job",
                cancellationToken),
            cancellationToken);

        Assert.That(ended.GetProperty("result").GetProperty("text").GetString(), Is.EqualTo($"It said: done {mark}"), run);
        Assert.That(await TasksAsync(mark, cancellationToken), Is.EqualTo(1));
    }

    [Test]
    public async Task Host_KilledBeforeItKnowsOfTheTask_ToolThatMustNotRepeat_HasAnUnknownOutcome(CancellationToken cancellationToken)
    {
        string mark = NewMark();
        // From before the run begins, which may call at once.
        Task swallowed = SwallowedAsync(mark, cancellationToken);
        (string run, JsonElement ended) = await RunAsync("notIdempotent", mark, (_, _) => swallowed, cancellationToken);

        Assert.That(ended.GetProperty("result").GetProperty("text").GetString(), Does.Contain("outcome is unknown"), run);
        Assert.That(await TasksAsync(mark, cancellationToken), Is.EqualTo(1));
    }

    [Test]
    public async Task Host_KilledBeforeItKnowsOfTheTask_ToolThatMayRepeat_FindsTheSameTask(CancellationToken cancellationToken)
    {
        string mark = NewMark();
        // From before the run begins, which may call at once.
        Task swallowed = SwallowedAsync(mark, cancellationToken);
        (string run, JsonElement ended) = await RunAsync("idempotent", mark, (_, _) => swallowed, cancellationToken);

        Assert.That(ended.GetProperty("result").GetProperty("text").GetString(), Is.EqualTo($"It said: done {mark}"), run);
        Assert.That(await TasksAsync(mark, cancellationToken), Is.EqualTo(1));
    }

    /// <summary>Runs the lead, whose host is killed once a moment has come, and started again after the task has ended.</summary>
    private async Task<(string Run, JsonElement Ended)> RunAsync(
        string effect, string mark, Func<HttpClient, string, Task> untilMoment, CancellationToken cancellationToken)
    {
        string[] command = Serve("client", "--doors", "none", "--mcp-config",
            Path.Combine(_folder.Path, "client", $"{effect}.json"));
        string id;
        ProgramProcess client = ProgramProcess.Start(_model, _folder.Path, command);
        try
        {
            using (var http = new HttpClient { BaseAddress = await client.ListeningAsync() })
            {
                using HttpResponseMessage sent = await http.PostAsJsonAsync("/api/runs",
                    new { agent = "lead", goal = $"Ask {mark}" }, cancellationToken);
                string text = await sent.Content.ReadAsStringAsync(cancellationToken);
                Assert.That(sent.IsSuccessStatusCode, text);
                id = JsonElement.Parse(text).GetProperty("id").GetString()!;
                await untilMoment(http, id);
            }

            await client.KillAsync();
            ReleaseOf(mark).TrySetResult();
        }
        finally
        {
            await client.DisposeAsync();
        }

        await using ProgramProcess again = ProgramProcess.Start(_model, _folder.Path, command);
        using var api = new HttpClient { BaseAddress = await again.ListeningAsync() };
        JsonElement ended = await Poll.ForAsync(
            () => RunOfAsync(api, id, cancellationToken),
            static run => run.GetProperty("completedAt").ValueKind == JsonValueKind.String, cancellationToken);
        string transcript = await api.GetStringAsync($"/api/runs/{id}/transcript", cancellationToken);
        Assert.That(transcript.Split("\"result\"").Length - 1, Is.LessThanOrEqualTo(1), transcript);
        return (id, ended);
    }

    /// <summary>Waits until the server has made a task of the call, and its answer was kept back.</summary>
    private async Task SwallowedAsync(string mark, CancellationToken cancellationToken)
    {
        int before = _relay.Swallowed;
        int calls = 0;
        _relay.Swallows = body => body.Contains("tools/call", StringComparison.Ordinal)
            && body.Contains(mark, StringComparison.Ordinal)
            && Interlocked.Increment(ref calls) == 1;
        await Poll.UntilAsync(() => _relay.Swallowed > before, cancellationToken);
    }

    private async Task<int> TasksAsync(string mark, CancellationToken cancellationToken) =>
        (await _serverApi.GetFromJsonAsync<JsonElement>("/api/runs?limit=100", cancellationToken)).GetProperty("runs")
            .EnumerateArray()
            .Count(run => run.ToString().Contains(mark, StringComparison.Ordinal));

    private static Task<JsonElement> RunOfAsync(HttpClient http, string id, CancellationToken cancellationToken) =>
        http.GetFromJsonAsync<JsonElement>($"/api/runs/{id}", cancellationToken);

    private string[] Serve(string name, params string[] more) =>
    [
        "serve", "--urls", "http://127.0.0.1:0", .. more, "--data", Path.Combine(_folder.Path, name, "data"),
        "--agents", Path.Combine(_folder.Path, name, "agents"), "--workspace", _folder.Folder($"{name}/workspace"),
    ];

    private static string NewMark() => $"mark-{Guid.NewGuid():N}";

    private static TaskCompletionSource ReleaseOf(string mark)
    {
        lock (Released)
        {
            return Released.TryGetValue(mark, out TaskCompletionSource? known)
                ? known
                : Released[mark] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private static ChatReply Script(ChatRequest request)
    {
        string all = string.Join('\n', request.Messages.Select(static message => message.ToString()));
        string mark = all[all.IndexOf("mark-", StringComparison.Ordinal)..][..37];
        return all.Contains("Work as the helper", StringComparison.Ordinal)
            ? ChatReply.Say($"done {mark}") with { Before = token => ReleaseOf(mark).Task.WaitAsync(token) }
            : request.Turn == 0
                ? ChatReply.Call("mcp__other__helper", new { goal = $"Help {mark}" })
                : ChatReply.Say($"It said: {request.Results[^1]}");
    }
}

using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.EndToEnd;
using AgentFunctions.TestKit;

namespace AgentFunctions.Browser;

/// <summary>
/// The program <c>agentfunctions serve</c> as a process of its own, with a scripted model: what a page speaks to.
/// </summary>
internal sealed class DashboardServer : IAsyncDisposable
{
    /// <summary>The variable that names a key of the API.</summary>
    public const string Key = "AGENTFUNCTIONS_HOST_KEY";

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentDictionary<string, Func<ChatRequest, ChatReply>> _scripts = new();
    private readonly Dictionary<string, string> _environment = [];
    private OpenAIProtocolServer _model = null!;
    private ProgramProcess _process = null!;

    private DashboardServer()
    {
    }

    public Uri Url { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public string Workspace => _folder.Folder("workspace");

    public static async Task<DashboardServer> StartAsync(string policy = "rules: []",
        params (string Name, string Value)[] settings)
    {
        var server = new DashboardServer();
        server._model = await OpenAIProtocolServer.StartAsync(server.Answer);
        server._folder.Write("policy.yaml", policy);
        server._folder.Write("agents/lead.md", """
            ---
            name: lead
            description: Audits a source tree, writes one report and asks before it deploys.
            tools: list_files, read_file, search_files, write_file, edit_file, update_plan, ask_person
            delegation: native
            maxTurns: 60
            ---
            Audit the tree.
            """);
        server._folder.Write("agents/worker.md", """
            ---
            name: worker
            description: Reads one part of a tree and reports what it finds.
            tools: list_files, read_file, search_files, write_file, run_command, ask_person
            maxTurns: 20
            ---
            Read your part and report.
            """);
        server._folder.Write("workspace/README.md", "# Hello\nTODO: write more\n");
        server._folder.Write("workspace/deploy.yaml", "replicas: 2\n");
        foreach ((string name, string value) in settings)
        {
            server._environment[name] = value;
        }

        await server.ServeAsync($"http://127.0.0.1:{FreePort.Take()}");
        return server;
    }

    /// <summary>Says how the model answers runs whose goal has a word in it.</summary>
    public void Script(string word, Func<ChatRequest, ChatReply> script) => _scripts[word] = script;

    public async Task<string> SubmitAsync(string goal, string agent = "lead", object? labels = null, object? budget = null)
    {
        using HttpResponseMessage answer = await Http.PostAsJsonAsync("/api/runs", new { agent, goal, labels, budget });
        Assert.That(answer.IsSuccessStatusCode, Is.True, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    public async Task<JsonElement> WaitAsync(string run, Func<JsonElement, bool> isIt) =>
        await Poll.ForAsync(() => Http.GetFromJsonAsync<JsonElement>($"/api/runs/{run}"), isIt,
            TestContext.CurrentContext.CancellationToken);

    public Task<JsonElement> StatusAsync(string run, string status) =>
        WaitAsync(run, found => found.GetProperty("status").GetString() == status);

    /// <summary>Says what it would stop to stop an agent.</summary>
    public async Task<JsonElement> KillDryAsync(string agent)
    {
        using HttpResponseMessage answer = await Http.PostAsJsonAsync(
            "/api/kill?dryRun=true", new { scope = "agent", name = agent });
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>Has a monitor look at a log of a shop until it finds too many errors in it; gives the incident.</summary>
    public async Task<string> WatchShopAsync()
    {
        string log = Path.Combine(Workspace, "shop.log");
        await File.WriteAllTextAsync(log, "The shop is open.\n");
        using HttpResponseMessage made = await Http.PutAsJsonAsync("/api/monitors/shop", new
        {
            description = "The shop takes orders, and its log says so.",
            agent = "worker",
            goal = "Bring the shop back.",
            schedule = new { every = "PT12H" },
            signals = new object[]
            {
                new { name = "errors", severity = "critical", file = new { path = log, pattern = "ERROR", allowed = 4 } },
                new { name = "log-size", file = new { path = log } },
            },
        });
        Assert.That(made.IsSuccessStatusCode, Is.True, await made.Content.ReadAsStringAsync());
        string last = "";
        foreach (int errors in new[] { 0, 3, 1, 2, 9 })
        {
            int before = await TicksAsync();
            await File.AppendAllTextAsync(log,
                string.Concat(Enumerable.Repeat("ERROR: an order was lost\n", errors)) + "An order was taken.\n");
            string tick = last;
            await Poll.UntilAsync(async () => (tick = await AskAsync()) != last, TestContext.CurrentContext.CancellationToken);
            last = tick;
            await Poll.UntilAsync(async () => await TicksAsync() > before, TestContext.CurrentContext.CancellationToken);
        }

        JsonElement found = await Poll.ForAsync(
            () => Http.GetFromJsonAsync<JsonElement>("/api/incidents"),
            static list => list.GetProperty("incidents").GetArrayLength() > 0,
            TestContext.CurrentContext.CancellationToken);
        return found.GetProperty("incidents")[0].GetProperty("id").GetString()!;

        // Ticks are named by their second: what is asked for twice in one is one tick.
        async Task<string> AskAsync()
        {
            using HttpResponseMessage asked = await Http.PostAsync("/api/monitors/shop/run", null);
            return (await asked.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        }

        async Task<int> TicksAsync() =>
            (await Http.GetFromJsonAsync<JsonElement>("/api/monitors/shop/ticks")).GetProperty("ticks").GetArrayLength();
    }

    /// <summary>SIGKILL: connections break without a word.</summary>
    public async Task KillAsync()
    {
        await _process.KillAsync();
        await _process.DisposeAsync();
    }

    /// <summary>Serves again at the same address, from the same data.</summary>
    public Task RestartAsync() => ServeAsync(Url.GetLeftPart(UriPartial.Authority));

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await _model.DisposeAsync();
        Http.Dispose();
        _folder.Dispose();
    }

    private async Task ServeAsync(string urls)
    {
        var environment = new Dictionary<string, string>(_environment)
        {
            ["Models__main__Provider"] = "openai",
            ["Models__main__Endpoint"] = _model.BaseUrl,
            ["Models__main__Key"] = "test-key",
            ["Models__main__Model"] = "scripted",
            ["Models__main__Price__Input"] = "3",
            ["Models__main__Price__Output"] = "15",
            ["Governance__PolicyPath"] = Path.Combine(_folder.Path, "policy.yaml"),
        };
        _process = ProgramProcess.Start(
            environment, "serve", "--urls", urls, "--data", Path.Combine(_folder.Path, "data"),
            "--agents", Path.Combine(_folder.Path, "agents"), "--workspace", Workspace, "--allow-command", "sleep");
        Url = await _process.ListeningAsync();
        if (Http is null)
        {
            Http = new HttpClient { BaseAddress = Url };
            if (_environment.TryGetValue(Key, out string? key))
            {
                Http.DefaultRequestHeaders.Authorization = new("Bearer", key);
            }
        }
    }

    private ChatReply Answer(ChatRequest request)
    {
        string said = request.Body.GetProperty("messages").GetRawText();
        return _scripts.FirstOrDefault(script => said.Contains(script.Key, StringComparison.Ordinal)).Value?.Invoke(request)
            ?? ChatReply.Say("Done. The folder holds what it should.");
    }
}

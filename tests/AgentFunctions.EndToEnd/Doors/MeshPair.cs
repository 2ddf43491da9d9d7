using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.EndToEnd.Crash;
using AgentFunctions.EndToEnd.Telemetry;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Doors;

/// <summary>
/// Two processes of the program: the first has a lead, the second a worker, who lets in nobody but runs of the first and who has
/// its key.
/// </summary>
internal sealed class MeshPair : IAsyncDisposable
{
    private const string Key = "the-key-of-the-second-host";

    private readonly ScribeFolder _folder;
    private readonly TemporaryFolder _first = new();
    private readonly Uri[] _addresses = [AddressOf(FreePort.Take()), AddressOf(FreePort.Take())];
    private readonly ProgramProcess?[] _programs = new ProgramProcess?[2];
    private readonly HttpClient[] _http;
    private readonly Dictionary<string, string>[] _environments;
    private readonly Uri _other;

    public MeshPair(OpenAIProtocolServer model, OtlpReceiver receiver, Uri other, int turns)
    {
        _other = other;
        _folder = new ScribeFolder(turns);
        File.WriteAllText(
            Path.Combine(_folder.Agents, "worker.md"),
            "---\nname: worker\ndescription: Works.\ntools: [edit_file, call_agent]\n---\nWork.\n");
        _first.Write(
            "agents/lead.md",
            $"---\nname: lead\ndescription: Leads.\ntools: [find_agents, call_agent]\nmaxTurns: {turns}\n---\nYou are the lead.\n");
        _http = [.. _addresses.Select(static address => new HttpClient { BaseAddress = address })];
        _http[1].DefaultRequestHeaders.Authorization = new("Bearer", Key);
        var common = new Dictionary<string, string>(receiver.Environment)
        {
            ["OPENAI_API_KEY"] = "sk-test",
            ["OPENAI_BASE_URL"] = model.BaseUrl,
            ["Mesh__PollInterval"] = "00:00:00.100",
        };
        string issuer = Origin(0);
        _environments =
        [
            new(common)
            {
                ["Governance__Issuer"] = issuer,
                ["Mesh__Agents__helper__Card"] = $"{Origin(1)}/a2a/worker/.well-known/agent-card.json",
                ["Mesh__Agents__helper__Trust"] = "SignedCard",
                ["Mesh__Agents__helper__RunToken"] = "true",
                ["Mesh__Agents__helper__Scopes__0"] = "submitter",
                ["Mesh__Agents__other__Card"] = $"{other}card",
            },
            new(common)
            {
                ["Api__Key"] = Key,
                ["Api__Oidc__0__Issuer"] = issuer,
                ["Api__Oidc__0__Audience"] = Origin(1),
                ["Api__Oidc__0__Name"] = "peer",
                ["Api__Oidc__0__RolesClaim"] = "scope",
                ["Api__Oidc__0__Roles__submitter"] = "submitter",
                ["Api__Oidc__0__KeyRefresh"] = "00:00:00",
                ["Mesh__Agents__first__Card"] = $"{issuer}/a2a/lead/.well-known/agent-card.json",
            },
        ];
    }

    /// <summary>What the worker has written.</summary>
    public string Log => _folder.Log;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        for (int host = 0; host < 2; host++)
        {
            await StartAsync(host).WaitAsync(cancellationToken);
        }
    }

    public async Task KillAsync(bool isFirst, CancellationToken cancellationToken)
    {
        int host = isFirst ? 0 : 1;
        await _programs[host]!.KillAsync();
        await _programs[host]!.DisposeAsync();
        await StartAsync(host).WaitAsync(cancellationToken);
    }

    /// <summary>Has the lead begin; returns its run.</summary>
    public async Task<string> SubmitAsync(string trace, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = _addresses[0] };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs")
        {
            Content = JsonContent.Create(new { agent = "lead", goal = "Have it done.", budget = new { steps = 100_000 } }),
        };
        request.Headers.Add("traceparent", trace);
        using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
        string text = await response.Content.ReadAsStringAsync(cancellationToken);
        Assert.That(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text).GetProperty("id").GetString()!;
    }

    /// <summary>Waits for the end of the lead's run.</summary>
    public Task<JsonElement> EndAsync(string id, CancellationToken cancellationToken) => Poll.ForAsync(
        () => _http[0].GetFromJsonAsync<JsonElement>($"/api/runs/{id}", cancellationToken),
        static run => run.GetProperty("status").GetString() is not ("queued" or "running" or "waiting"), cancellationToken);

    /// <summary>
    /// The runs of the worker, each as the API shows it (<c>run</c>), with the entry of its admission (<c>submitted</c>).
    /// </summary>
    public async Task<JsonElement[]> TasksAsync(CancellationToken cancellationToken)
    {
        var tasks = new List<JsonElement>();
        string? after = null;
        do
        {
            JsonElement page = await _http[1].GetFromJsonAsync<JsonElement>($"/api/runs?limit=100{(after is null ? "" : $"&after={after}")}", cancellationToken);
            foreach (JsonElement listed in page.GetProperty("runs").EnumerateArray())
            {
                string id = listed.GetProperty("id").GetString()!;
                JsonElement run = await _http[1].GetFromJsonAsync<JsonElement>($"/api/runs/{id}", cancellationToken);
                JsonElement audit = await _http[1].GetFromJsonAsync<JsonElement>($"/api/audit?run={id}", cancellationToken);
                JsonElement submitted = audit.GetProperty("items").EnumerateArray()
                    .Single(static entry => entry.GetProperty("type").GetString() == "run.submitted");
                tasks.Add(JsonSerializer.SerializeToElement(new { run, submitted }));
            }

            after = page.TryGetProperty("next", out JsonElement next) && next.ValueKind == JsonValueKind.String
                ? next.GetString()
                : null;
        }
        while (after is not null);
        return [.. tasks];
    }

    /// <summary>The ids of the messages that the third server took.</summary>
    public async Task<string[]> SeenAsync(CancellationToken cancellationToken) =>
        (await _http[0].GetFromJsonAsync<string[]>(new Uri(_other, "/seen"), cancellationToken))!;

    public async ValueTask DisposeAsync()
    {
        foreach (ProgramProcess program in _programs.OfType<ProgramProcess>())
        {
            await program.DisposeAsync();
        }

        foreach (HttpClient http in _http)
        {
            http.Dispose();
        }

        _folder.Dispose();
        _first.Dispose();
    }

    private async Task StartAsync(int host)
    {
        string[] command = host == 0
            ? ["serve", "--urls", Origin(0), "--data", Path.Combine(_first.Path, "data"), "--agents",
                Path.Combine(_first.Path, "agents")]
            : ["serve", "--urls", Origin(1), "--data", _folder.Data, "--workspace", _folder.Workspace, "--agents",
                _folder.Agents];
        _programs[host] = ProgramProcess.Start(_environments[host], command);
        await _programs[host]!.ListeningAsync();
    }

    private string Origin(int host) => _addresses[host].ToString().TrimEnd('/');

    private static Uri AddressOf(int port) => new($"http://127.0.0.1:{port}");
}

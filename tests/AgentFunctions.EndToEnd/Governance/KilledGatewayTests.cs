using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.EndToEnd.Crash;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Governance;

/// <summary>
/// A server with a queue and a quota, killed with SIGKILL at random moments while runs are submitted, queued and at work.
/// </summary>
[CancelAfter(3_600_000)]
internal sealed class KilledGatewayTests
{
    private const int Runs = 12;
    private const int Turns = 5;
    private const int Places = 2;

    private static readonly int Kills = KilledProgram.Kills(4);

    private readonly Lock _lock = new();
    private readonly HashSet<string> _begun = [];
    private readonly HashSet<string> _ended = [];
    private int _most;

    [Test]
    public async Task Serve_KilledAtRandomMoments_StartsEachRunOnceInItsPlaceAndCountsEachCallOnce(CancellationToken cancellationToken)
    {
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var folder = new TemporaryFolder();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(Reply);
        var environment = new Dictionary<string, string>
        {
            ["OPENAI_API_KEY"] = "sk-test",
            ["OPENAI_BASE_URL"] = model.BaseUrl,
            ["OPENAI_MODEL"] = "scripted",
            ["Gateway__Concurrency__Total"] = $"{Places}",
            ["Gateway__Quotas__0__Name"] = "all",
            ["Gateway__Quotas__0__Caller"] = "*",
            ["Gateway__Quotas__0__Runs"] = $"{Runs}",
            ["Gateway__Quotas__0__Tokens"] = "1000000",
        };
        var ids = new Dictionary<int, string>();
        for (int life = 0; life <= Kills; life++)
        {
            await using ProgramProcess server = ProgramProcess.Start(environment, "serve", "--urls", "http://127.0.0.1:0",
                "--data", folder.Path);
            string line = await server.LineAsync(static line => line.StartsWith("Listening on ", StringComparison.Ordinal));
            using var http = new HttpClient { BaseAddress = new Uri(line["Listening on ".Length..].Split(' ')[0].TrimEnd('.')) };
            Task kill = life < Kills ? KillAsync(server, random.Next(50, 900), cancellationToken) : Task.CompletedTask;
            try
            {
                for (int run = 0; run < Runs; run++)
                {
                    await SubmitAsync(http, run, ids, cancellationToken);
                }

                if (life == Kills)
                {
                    await EndAsync(http, ids, cancellationToken);
                    await OverTheQuotaAsync(http, cancellationToken);
                    await server.KillAsync();
                }
            }
            catch (HttpRequestException) when (life < Kills)
            {
                // The server was killed in the middle of it.
            }

            await kill;
        }

        Assert.That(_most, Is.LessThanOrEqualTo(Places), "never more at work than there are places");
        Assert.That(_ended, Has.Count.EqualTo(Runs));
        Assert.That(model.Count, Is.InRange(Runs * Turns, (Runs * Turns) + (Kills * Places)),
            "only a call in flight at a kill is made again");
        JsonElement book = await BookAsync(folder.Path, cancellationToken);
        Assert.That((book.GetProperty("runs").GetInt32(), book.GetProperty("tokens").GetInt64()),
            Is.EqualTo((Runs, Runs * Turns * 100L)));
    }

    private static async Task KillAsync(ProgramProcess server, int after, CancellationToken cancellationToken)
    {
        await Task.Delay(after, cancellationToken);
        await server.KillAsync();
    }

    private static async Task SubmitAsync(HttpClient http, int run, Dictionary<int, string> ids,
        CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs")
        {
            Content = JsonContent.Create(new { goal = $"goal {run}" }),
        };
        request.Headers.Add("Idempotency-Key", $"run-{run}");
        using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted),
            await response.Content.ReadAsStringAsync(cancellationToken));
        string id = (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
        Assert.That(ids.TryAdd(run, id) || ids[run] == id, "the same submission is the same run");
    }

    private static async Task EndAsync(HttpClient http, Dictionary<int, string> ids, CancellationToken cancellationToken)
    {
        foreach (string id in ids.Values)
        {
            // The stream of events ends with the run.
            await http.GetStringAsync(new Uri($"/api/runs/{id}/events", UriKind.Relative), cancellationToken);
            JsonElement run = await http.GetFromJsonAsync<JsonElement>($"/api/runs/{id}", cancellationToken);
            Assert.That(run.GetProperty("status").GetString(), Is.EqualTo("completed"));
        }
    }

    private static async Task OverTheQuotaAsync(HttpClient http, CancellationToken cancellationToken)
    {
        using HttpResponseMessage over = await http.PostAsJsonAsync("/api/runs", new { goal = "one more" }, cancellationToken);
        JsonElement problem = await over.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        Assert.That((over.StatusCode, problem.GetProperty("code").GetString()),
            Is.EqualTo((HttpStatusCode.TooManyRequests, "quotaExceeded")));
        Assert.That(problem.GetProperty("detail").GetString(), Does.Contain("'all'").And.Contain("caller local"));
        Assert.That(over.Headers.RetryAfter?.Delta, Is.GreaterThan(TimeSpan.Zero).And.LessThanOrEqualTo(TimeSpan.FromDays(1)));
    }

    private static async Task<JsonElement> BookAsync(string data, CancellationToken cancellationToken)
    {
        await using var engine = new SqliteEngine(
            new SqliteEngineOptions { DataFile = Path.Combine(data, "agentfunctions.db") }, new DurableRegistry());
        await engine.StartAsync(cancellationToken);
        await foreach (StoredRecord record in engine.Records.ListAsync("quotas/", null, cancellationToken))
        {
            return JsonElement.Parse(record.Value.Span);
        }

        throw new AssertionException("nothing was counted");
    }

    private ChatReply Reply(ChatRequest request)
    {
        string goal = request.Messages[1].GetProperty("content").ToString();
        bool isLast = request.Turn == Turns - 1;
        lock (_lock)
        {
            _begun.Add(goal);
            _most = Math.Max(_most, _begun.Except(_ended).Count());
        }

        ChatReply reply = isLast ? ChatReply.Say("done") : ChatReply.Call("list_files", new { path = "." });
        return reply with
        {
            Usage = new(90, 10),
            Before = async token =>
            {
                await Task.Delay(100, token);
                lock (_lock)
                {
                    _ = isLast && _ended.Add(goal);
                }
            },
        };
    }
}

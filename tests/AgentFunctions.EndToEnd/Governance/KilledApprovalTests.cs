using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.EndToEnd.Crash;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Governance;

/// <summary>
/// A server that is killed with SIGKILL between question, decision and action: no approval is lost, doubled or used for another
/// call.
/// </summary>
[CancelAfter(3_600_000)]
internal sealed class KilledApprovalTests
{
    private static readonly int Kills = KilledProgram.Kills(4);
    private static readonly int Calls = Kills + 1;

    [Test]
    public async Task Approve_ServerKilledAgainAndAgain_EveryCallIsMadeOnceUnderItsOwnApproval(CancellationToken cancellationToken)
    {
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var folder = new TemporaryFolder();
        string workspace = folder.Folder("workspace");
        await File.WriteAllTextAsync(Path.Combine(workspace, "log.txt"), "END\n", cancellationToken);
        folder.Write("policy.yaml", "rules: [{name: ask-writes, when: {tool: edit_file}, then: ask}]");
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static request => request.Turn < Calls
            ? ChatReply.Call("edit_file", new { path = "log.txt", old_text = "END", new_text = $"line {request.Turn}\nEND" },
                $"call_{request.Turn}")
            : ChatReply.Say("done"));
        HttpClient? http = null;
        ProgramProcess? server = null;
        try
        {
            await RestartAsync();
            HttpResponseMessage submitted = await http!.PostAsJsonAsync("/api/runs", new { goal = "Keep the log." },
                cancellationToken);
            string runId = (await submitted.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id")
                .GetString()!;
            var decided = new HashSet<string>();
            int kills = 0;
            while (decided.Count < Calls)
            {
                JsonElement? waiting = null;
                await Poll.UntilAsync(
                    async () => (waiting = await NextAsync(http!, decided, cancellationToken)) is not null
                        || decided.Count == Calls, cancellationToken);
                if (waiting is not { } approval)
                {
                    break;
                }

                int phase = random.Next(3);
                if (phase == 0 && kills < Kills)
                {
                    // Between the question and the decision.
                    kills++;
                    await RestartAsync();
                }

                Task<HttpResponseMessage> decision = http!.PostAsJsonAsync(
                    $"/api/approvals/{approval.GetProperty("id").GetString()}", new { decision = "approve" }, cancellationToken);
                if (phase == 1 && kills < Kills)
                {
                    // While the decision is on its way: it may have been recorded or not.
                    kills++;
                    await Task.Delay(random.Next(0, 12), cancellationToken);
                    await RestartAsync(decision);
                    if (!await SucceededAsync(decision))
                    {
                        continue;
                    }
                }
                else
                {
                    Assert.That(
                        (await decision).IsSuccessStatusCode, Is.True,
                        await (await decision).Content.ReadAsStringAsync(cancellationToken));
                }

                decided.Add(approval.GetProperty("id").GetString()!);
                if (phase == 2 && kills < Kills)
                {
                    // Between the decision and the action, or in the midst of it.
                    kills++;
                    await Task.Delay(random.Next(0, 40), cancellationToken);
                    await RestartAsync();
                }
            }

            JsonElement run = await EndAsync(http!, runId, cancellationToken);
            string[] lines = (await File.ReadAllLinesAsync(Path.Combine(workspace, "log.txt"), cancellationToken))[..^1];
            JsonElement audit = await http!.GetFromJsonAsync<JsonElement>($"/api/audit?run={runId}&limit=1000",
                cancellationToken);
            JsonElement verified = await http!.GetFromJsonAsync<JsonElement>("/api/audit/verify", cancellationToken);
            JsonElement[] made = [.. audit.GetProperty("items").EnumerateArray()
                .Where(entry => entry.GetProperty("type").GetString() == "call.decided")];

            foreach (JsonElement entry in audit.GetProperty("items").EnumerateArray()
                .Where(entry => entry.TryGetProperty("failed", out JsonElement failed) && failed.ValueKind == JsonValueKind.True))
            {
                TestContext.Out.WriteLine(entry.GetRawText());
            }

            Assert.That(run.GetProperty("status").GetString(), Is.EqualTo("completed"));
            Assert.That(kills, Is.EqualTo(Kills));
            Assert.That(lines, Is.EqualTo(Enumerable.Range(0, Calls).Select(i => $"line {i}")));
            Assert.That(made.Select(entry => entry.GetProperty("approvalId").GetString()).Distinct(), Is.EquivalentTo(decided));
            Assert.That(
                made.GroupBy(entry => entry.GetProperty("approvalId").GetString())
                    .All(group => group.Select(entry => entry.GetProperty("argumentsHash").GetString()).Distinct().Count() == 1),
                Is.True, "one approval, one call");
            Assert.That(verified.GetProperty("holds").GetBoolean(), Is.True);

            async Task RestartAsync(Task? pending = null)
            {
                if (server is not null)
                {
                    await server.KillAsync();
                    await server.DisposeAsync();
                }

                // Its connection breaks with the server; a client that is disposed of before that would cancel it.
                await (pending ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                server = Start(folder.Path, workspace, model.BaseUrl);
                http?.Dispose();
                http = new HttpClient { BaseAddress = await server.ListeningAsync() };
            }
        }
        finally
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }

            http?.Dispose();
        }
    }

    private static ProgramProcess Start(string folder, string workspace, string modelUrl) => ProgramProcess.Start(
        new Dictionary<string, string>
        {
            ["OPENAI_API_KEY"] = "sk-test",
            ["OPENAI_BASE_URL"] = modelUrl,
            ["OPENAI_MODEL"] = "scripted",
            ["Governance__PolicyPath"] = Path.Combine(folder, "policy.yaml"),
        },
        "serve", "--urls", "http://127.0.0.1:0", "--data", Path.Combine(folder, "data"), "--workspace", workspace);

    private static async Task<JsonElement?> NextAsync(HttpClient http, HashSet<string> decided,
        CancellationToken cancellationToken)
    {
        JsonElement list = await http.GetFromJsonAsync<JsonElement>("/api/approvals", cancellationToken);
        foreach (JsonElement approval in list.GetProperty("items").EnumerateArray())
        {
            return approval;
        }

        // A decision whose answer was lost: it counts once the call has been made under it.
        JsonElement audit = await http.GetFromJsonAsync<JsonElement>("/api/audit?limit=1000", cancellationToken);
        decided.UnionWith(audit.GetProperty("items").EnumerateArray()
            .Where(entry => entry.GetProperty("type").GetString() == "call.decided")
            .Select(entry => entry.GetProperty("approvalId").GetString()!));
        return null;
    }

    private static async Task<bool> SucceededAsync(Task<HttpResponseMessage> sent)
    {
        try
        {
            return (await sent).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static Task<JsonElement> EndAsync(HttpClient http, string runId, CancellationToken cancellationToken) =>
        Poll.ForAsync(
        () => http.GetFromJsonAsync<JsonElement>($"/api/runs/{runId}", cancellationToken),
        static run => run.GetProperty("completedAt").ValueKind == JsonValueKind.String, cancellationToken);
}

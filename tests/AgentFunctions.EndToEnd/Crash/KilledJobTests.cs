using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Crash;

/// <summary>
/// Actions on several runs in the background (<c>Prefer: respond-async</c>), on a server that is killed with SIGKILL in the middle
/// of them: the next one completes them, says what came of each run, and does nothing twice.
/// </summary>
[CancelAfter(3_600_000)]
internal sealed class KilledJobTests
{
    private const int Runs = 60;
    private const int RunsPerStep = 10;

    private static readonly int Kills = KilledProgram.Kills(1);

    private static readonly (string Action, string Event)[] Actions =
        [("pause", "run.paused"), ("resume", "run.resumed"), ("cancel", "run.cancelRequested")];

    [Test]
    public async Task Bulk_KilledInTheMiddle_GoesOnAndDoesNothingTwice(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(
            _ => ChatReply.Say("Never.") with { Before = token => never.Task.WaitAsync(token) });
        ProgramProcess server = Serve(model, folder.Path);
        try
        {
            Uri url = await server.ListeningAsync();
            string[] ids = await SubmitAsync(url, cancellationToken);
            foreach ((string action, _) in Actions)
            {
                string job = await BeginAsync(url, action, ids, cancellationToken);
                for (int kill = 0; kill < Kills; kill++)
                {
                    int enough = RunsPerStep * (1 + (kill % ((Runs / RunsPerStep) - 1)));
                    JsonElement seen = await Poll.ForAsync(
                        () => JobAsync(url, job, cancellationToken),
                        found => found.GetProperty("done").GetInt32() >= enough || HasEnded(found), cancellationToken);
                    await server.KillAsync();
                    TestContext.Out.WriteLine(
                        $"{action}: killed after {seen.GetProperty("done")} runs, ended: {HasEnded(seen)}");
                    await server.DisposeAsync();
                    server = Serve(model, folder.Path);
                    url = await server.ListeningAsync();
                }

                JsonElement end = await Poll.ForAsync(() => JobAsync(url, job, cancellationToken), HasEnded, cancellationToken);
                Assert.That(
                    (end.GetProperty("total").GetInt32(), end.GetProperty("done").GetInt32(), end.GetProperty("failed").GetInt32()),
                    Is.EqualTo((Runs, Runs, 0)), end.GetRawText());
                Assert.That(end.GetProperty("items").EnumerateArray().Select(static item => item.GetProperty("id").GetString()),
                    Is.EqualTo(ids));
            }

            await AssertOnceAsync(url, ids, cancellationToken);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static async Task AssertOnceAsync(Uri url, string[] ids, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = url };
        JsonElement audit = await http.GetFromJsonAsync<JsonElement>(
            "/api/audit?type=run.commanded&limit=1000", cancellationToken);
        Assert.That(
            audit.GetProperty("items").EnumerateArray().Select(static entry =>
                $"{entry.GetProperty("runId")} {entry.GetProperty("reason")}"),
            Is.EquivalentTo(ids.SelectMany(static id => Actions.Select(one => $"{id} {one.Action}"))));
        foreach (string id in ids)
        {
            JsonElement run = await Poll.ForAsync(
                () => http.GetFromJsonAsync<JsonElement>($"/api/runs/{id}", cancellationToken),
                static found => found.GetProperty("status").GetString() == "cancelled", cancellationToken);
            JsonElement events = await http.GetFromJsonAsync<JsonElement>(
                $"/api/runs/{id}/events?follow=false&types={string.Join(',', Actions.Select(static one => one.Event))}",
                cancellationToken);
            Assert.That(
                events.EnumerateArray().Select(static one => one.GetProperty("type").GetString()),
                Is.EqualTo(Actions.Select(static one => one.Event)), $"{id}: {run.GetProperty("status")}");
        }
    }

    private static ProgramProcess Serve(OpenAIProtocolServer model, string folder) => ProgramProcess.Start(
        model, folder, "serve", "--urls", "http://127.0.0.1:0", "--data", Path.Combine(folder, "data"));

    private static async Task<string[]> SubmitAsync(Uri url, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = url };
        var ids = new string[Runs];
        for (int i = 0; i < Runs; i++)
        {
            using HttpResponseMessage answer = await http.PostAsJsonAsync(
                "/api/runs", new { goal = $"goal {i}" }, cancellationToken);
            ids[i] = (await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
        }

        return ids;
    }

    private static async Task<string> BeginAsync(Uri url, string action, string[] ids, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = url };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs/bulk")
        {
            Content = JsonContent.Create(new { action, ids }),
        };
        request.Headers.Add("Prefer", "respond-async");
        using HttpResponseMessage accepted = await http.SendAsync(request, cancellationToken);
        Assert.That((int)accepted.StatusCode, Is.EqualTo(202), await accepted.Content.ReadAsStringAsync(cancellationToken));
        return (await accepted.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
    }

    private static async Task<JsonElement> JobAsync(Uri url, string job, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = url };
        return await http.GetFromJsonAsync<JsonElement>($"/api/jobs/{job}", cancellationToken);
    }

    private static bool HasEnded(JsonElement job) => job.GetProperty("endedAt").ValueKind != JsonValueKind.Null;
}

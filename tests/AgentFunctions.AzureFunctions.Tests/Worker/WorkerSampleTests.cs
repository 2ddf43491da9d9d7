using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace AgentFunctions.AzureFunctions.Tests.Worker;

/// <summary>The sample <c>samples/Worker</c> as its user starts it: one process, without Functions.</summary>
[CancelAfter(1_800_000)]
public sealed class WorkerSampleTests
{
    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Worker_Alone_ServesTheApiAndRunsAgents()
    {
        using var folder = new TemporaryFolder();
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "AgentFunctions.Worker.dll"), "--urls",
                "http://127.0.0.1:0" },
            RedirectStandardOutput = true,
            WorkingDirectory = folder.Path,
        };
        using Process worker = Process.Start(start)!;
        try
        {
            using var http = new HttpClient { BaseAddress = await AddressAsync(worker) };
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs")
            {
                Content = JsonContent.Create(new { agent = "writer", goal = "Say hello." }),
            };
            request.Headers.Add("Prefer", "wait=60");

            using HttpResponseMessage answer = await http.SendAsync(request, Cancel);

            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            JsonElement run = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
            Assert.That(run.GetProperty("status").GetString(), Is.EqualTo("completed"));
            Assert.That(run.GetProperty("result").GetProperty("text").GetString(), Does.StartWith("[rehearsal model]"));
        }
        finally
        {
            worker.Kill(entireProcessTree: true);
        }
    }

    private static async Task<Uri> AddressAsync(Process worker)
    {
        const string Words = "Now listening on: ";
        while (await worker.StandardOutput.ReadLineAsync(Cancel) is { } line)
        {
            // The task hub listens too, on a name of its own.
            if (line.IndexOf(Words + "http://127.0.0.1:", StringComparison.Ordinal) is >= 0 and var at)
            {
                _ = worker.StandardOutput.BaseStream.CopyToAsync(Stream.Null, Cancel);
                return new Uri(line[(at + Words.Length)..]);
            }
        }

        throw new AssertionException($"The worker ended with {worker.ExitCode}.");
    }
}

using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.Tests.AspNetCore.Runs;

/// <summary>What a run that does nothing waits for.</summary>
[CancelAfter(300_000)]
internal sealed class WaitsTests
{
    private static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Waits_OfARunThatIsQueuedAndOneThatIsPaused_SayWhatFor()
    {
        using var asked = new SemaphoreSlim(0);
        using var gate = new SemaphoreSlim(0);
        await using ApiHost host = await ApiHost.StartAsync(
            _ => ChatReply.Say("done") with
            {
                Before = token =>
                {
                    asked.Release();
                    return gate.WaitAsync(token);
                },
            },
            configure: static builder => builder.Configuration.AddInMemoryCollection([new("Gateway:Concurrency:Total", "1")]));
        string first = await host.SubmitAsync(new { goal = "first" });
        await asked.WaitAsync(Token);
        string second = await host.SubmitAsync(new { goal = "second" });

        JsonElement queued = await Poll.ForAsync(() => GetAsync(host, second),
            static run => run.GetProperty("waits").GetArrayLength() > 0, Token);
        Assert.That((StatusOf(queued), KindsOf(queued)), Is.EqualTo(("queued", "queue")));
        Assert.That(queued.GetProperty("waitingFor").GetProperty("kind").GetString(), Is.EqualTo("queue"));

        (await host.Client.PostAsync(new Uri($"/api/runs/{first}/pause", UriKind.Relative), null,
            Token)).EnsureSuccessStatusCode();
        JsonElement paused = await Poll.ForAsync(() => GetAsync(host, first), static run => StatusOf(run) == "paused", Token);
        Assert.That(KindsOf(paused), Is.EqualTo("resume"));

        (await host.Client.PostAsync(new Uri($"/api/runs/{first}/resume", UriKind.Relative), null,
            Token)).EnsureSuccessStatusCode();
        gate.Release(2);
        foreach (string id in new[] { first, second })
        {
            JsonElement ended = await Poll.ForAsync(() => GetAsync(host, id), static run => StatusOf(run) == "completed", Token);
            Assert.That(KindsOf(ended), Is.Empty);
        }
    }

    private static Task<JsonElement> GetAsync(ApiHost host, string id) =>
        host.Client.GetFromJsonAsync<JsonElement>(new Uri($"/api/runs/{id}", UriKind.Relative), Token);

    private static string? StatusOf(JsonElement run) => run.GetProperty("status").GetString();

    private static string KindsOf(JsonElement run) =>
        string.Join(',', run.GetProperty("waits").EnumerateArray().Select(static wait => wait.GetProperty("kind").GetString()));
}

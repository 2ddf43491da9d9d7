using System.Net.Http.Headers;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.AspNetCore.Doors;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.AspNetCore.Runs;

/// <summary>Lists that are watched: what waits for people is read once for all who watch.</summary>
[CancelAfter(300_000)]
internal sealed class WatchTests
{
    private const int Readers = 20;

    /// <summary>How many signs of life each reader waits for: they are fifteen seconds apart.</summary>
    private const int Beats = 4;

    [TestCase("api/watch")]
    [TestCase("api/watch?topic=inbox")]
    public async Task Readers_OfAHost_ShareOneLookASecond(string address, CancellationToken cancellationToken)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var reads = new CountedReads();
        using var folder = new TemporaryFolder();
        await using ApiHost host = await DoorHost.StartAsync(
            static _ => ChatReply.Call("send", new { }),
            [AgentTool.Create("send", "Sends.", ToolEffect.NotIdempotent, static () => "sent")],
            services =>
            {
                services.AddSingleton<TimeProvider>(time);
                reads.AddTo(services);
            },
            DoorHost.WithKey, DoorHost.WithApproval(folder));
        (string anna, string ben) = await host.AddCallersAsync(cancellationToken);
        Run run = await host.Get<AgentGateway>().SubmitAsync(
            new RunRequest { Goal = "Send it." }, cancellationToken: cancellationToken);
        await Poll.UntilAsync(
            async () => (await host.Get<RunReader>().GetAsync(run.Id)).WaitingFor is not null, cancellationToken);
        int[] beats = new int[Readers];
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] followed = [.. Enumerable.Range(0, Readers).Select(i => FollowAsync(
            host, address, i % 2 == 0 ? anna : ben, () => Interlocked.Increment(ref beats[i]), gone.Token))];
        await BeatAsync();

        DateTimeOffset since = time.GetUtcNow();
        int before = reads.ListsOf("approvals-open/");
        for (int i = 0; i < Beats; i++)
        {
            await BeatAsync();
        }

        int looks = reads.ListsOf("approvals-open/") - before;
        await gone.CancelAsync();
        await Task.WhenAll(followed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.That(looks, Is.InRange(1, (int)(time.GetUtcNow() - since).TotalSeconds + 1), "each would look every two seconds");

        async Task BeatAsync()
        {
            int next = beats.Min() + 1;
            await Poll.UntilAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(1));
                    return beats.Min() >= next;
                },
                cancellationToken);
        }
    }

    private static async Task FollowAsync(
        ApiHost host, string address, string key, Action beat, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage response = await host.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith(':'))
            {
                beat();
            }
        }

        Assert.Fail($"{address}: the stream has ended.");
    }
}

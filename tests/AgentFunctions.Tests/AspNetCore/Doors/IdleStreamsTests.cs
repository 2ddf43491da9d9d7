using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>
/// Fifty streams of a run that waits for a person whom no door asks: nothing is polled for them. The benchmark <c>streams</c>
/// measures a thousand.
/// </summary>
[CancelAfter(300_000)]
internal sealed class IdleStreamsTests
{
    private const int Streams = 50;

    /// <summary>How many signs of life each stream gives in a minute.</summary>
    private const int Beats = 4;

    private const int MostMinutes = 10;

    /// <summary>
    /// More than is read of a run in a minute, however many follow it; one look for each stream in that time would be three times
    /// as much.
    /// </summary>
    private const int Most = 2 * Streams;

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly CountedReads _reads = new();
    private TemporaryFolder _folder = null!;
    private ApiHost _host = null!;
    private string _run = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _folder = new TemporaryFolder();
        string policy = _folder.Write(
            "policy.yaml", "rules: [{name: ask, when: {tool: send}, then: ask, approval: {inBand: false}}]");
        _host = await DoorHost.StartAsync(
            static _ => ChatReply.Call("send", new { }),
            [AgentTool.Create("send", "Sends.", ToolEffect.NotIdempotent, static () => "sent")],
            services =>
            {
                services.AddSingleton<TimeProvider>(_time);
                _reads.AddTo(services);
            },
            ("Governance:PolicyPath", policy));
        // The exchange is there before its stream is asked for; the thread has a stream of its own, which is left.
        using HttpResponseMessage made = await _host.Client.PostAsJsonAsync(
            "v1/responses", new { model = "worker", input = "Send it.", background = true });
        _run = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!["resp_".Length..];
        using var thread = new HttpRequestMessage(HttpMethod.Post, "agui/worker")
        {
            Content = JsonContent.Create(JsonElement.Parse(
                """
                {"threadId":"t","runId":"r","messages":[{"id":"m","role":"user","content":"Send it."}],"tools":[],"context":[]}
                """)),
        };
        using HttpResponseMessage begun = await _host.Client.SendAsync(thread, HttpCompletionOption.ResponseHeadersRead);
        await Poll.UntilAsync(async () => (await _host.Get<RunReader>().ListPageAsync(new RunFilter(), 10)).Items
            .Count(static run => run.WaitingFor is not null) == 2);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _host.DisposeAsync();
        _folder.Dispose();
    }

    [TestCase("GET", "api/runs/RUN/events")]
    [TestCase("GET", "api/runs/RUN/events?live=true")]
    [TestCase("GET", "v1/responses/resp_RUN?stream=true")]
    [TestCase("GET", "a2a/worker/tasks/RUN:subscribe")]
    [TestCase("POST", "agui/worker/connect")]
    public async Task Streams_OfARunThatWaits_ReadNothingAtTheStore(
        string method, string address, CancellationToken cancellationToken)
    {
        int[] beats = new int[Streams];
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] followed = [.. Enumerable.Range(0, Streams).Select(i => FollowAsync(
            method, address.Replace("RUN", _run, StringComparison.Ordinal), () => Interlocked.Increment(ref beats[i]), gone.Token))];
        // After a sign of the run come some looks, later and later; each beat gives time to them, also on a busy machine.
        int least = int.MaxValue;
        for (int minute = 0; minute < MostMinutes && least >= Most; minute++)
        {
            int before = _reads.Count;
            for (int i = 0; i < Beats; i++)
            {
                await BeatAsync();
            }

            least = Math.Min(least, _reads.Count - before);
        }

        await gone.CancelAsync();
        await Task.WhenAll(followed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.That(least, Is.LessThan(Most), "reads in the quietest minute");

        async Task BeatAsync()
        {
            int next = beats.Min() + 1;
            await Poll.UntilAsync(
                () =>
                {
                    _time.Advance(TimeSpan.FromSeconds(1));
                    return beats.Min() >= next;
                },
                cancellationToken);
        }
    }

    private async Task FollowAsync(string method, string address, Action beat, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), address)
        {
            Content = method == "POST" ? JsonContent.Create(new { threadId = "t" }) : null,
        };
        request.Headers.Add("A2A-Version", "1.0");
        using HttpResponseMessage response = await _host.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
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

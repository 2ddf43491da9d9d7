using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using AgentFunctions.AspNetCore.Monitors;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Ticks;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Monitors;

/// <summary>A server with a monitor, on the real clock, killed with SIGKILL at random moments.</summary>
/// <remarks>
/// The watched service goes down and comes up when the test has seen that the monitor is ready for it, never by the clock. The
/// long form: <c>AGENTFUNCTIONS_MONITOR_MINUTES=10</c> goes on for so long, with ticks of five seconds.
/// </remarks>
[CancelAfter(1_200_000)]
internal sealed class KilledMonitorTests
{
    private const int FewestOutages = 2;

    private static readonly string? Minutes = Environment.GetEnvironmentVariable("AGENTFUNCTIONS_MONITOR_MINUTES");
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(double.Parse(Minutes ?? "0", CultureInfo.InvariantCulture));
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(Minutes is null ? 1 : 5);

    [Test]
    public async Task Monitor_KilledAtRandomMoments_MissesAndDoublesNothing(CancellationToken cancellationToken)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        using var folder = new TemporaryFolder();
        await using FlakyServer world = await FlakyServer.StartAsync();
        world.FailedDeliveries = 0.3;
        bool isDown = false;
        world.IsDown = () => Volatile.Read(ref isDown);

        await using var server = new Server(folder.Path, world.Url);
        await server.StartAsync();
        await server.PutAsync(Definition(world.Url), cancellationToken);
        long begun = Stopwatch.GetTimestamp();
        int outages = 0;
        for (; outages < FewestOutages || Stopwatch.GetElapsedTime(begun) < Length; outages++)
        {
            int before = outages;
            await server.KillAsync(Interval * random.NextDouble() * 3, cancellationToken);
            await Poll.UntilAsync(async () => (await server.TicksAsync(cancellationToken)).FirstOrDefault()?.Outcome == TickOutcome.Quiet, cancellationToken);
            Volatile.Write(ref isDown, true);
            await server.KillAsync(Interval * random.NextDouble() * 3, cancellationToken);
            await Poll.UntilAsync(async () => (await server.IncidentsAsync(cancellationToken)).Count == before + 1,
                cancellationToken);
            await server.KillAsync(Interval * random.NextDouble() * 3, cancellationToken);
            Volatile.Write(ref isDown, false);
            await server.KillAsync(Interval * random.NextDouble() * 3, cancellationToken);
            await Poll.UntilAsync(async () => (await server.IncidentsAsync(cancellationToken)).All(static incident => !incident.IsOpen), cancellationToken);
        }

        await Poll.UntilAsync(() => world.Received.Count == 2 * outages, cancellationToken);
        IReadOnlyList<TickRecord> ticks = [.. (await server.TicksAsync(cancellationToken)).Reverse()];
        IReadOnlyList<Incident> incidents =
            [.. (await server.IncidentsAsync(cancellationToken)).OrderBy(static incident => incident.StartedAt)];
        (int listed, string list, string errors) = await ProgramProcess.RunAsync(null, folder.Path, "monitors", "list",
            "--server", server.Url);
        (_, string history, _) = await ProgramProcess.RunAsync(null, folder.Path, "monitors", "history", "shop", "--server",
            server.Url, "--limit", "3");
        (_, string shown, _) = await ProgramProcess.RunAsync(null, folder.Path, "incidents", "--server", server.Url);
        TestContext.Out.WriteLine(
            $"seed {seed}: {ticks.Count} ticks, {server.Kills} kills, {incidents.Count} of {outages} outages, "
            + $"{world.Received.Count} messages in {world.Received.Values.Sum(bodies => bodies.Count)} deliveries");

        Assert.Multiple(() =>
        {
            Assert.That(ticks.Select(tick => tick.Outcome), Has.None.EqualTo(TickOutcome.Skipped));
            Assert.That(ticks.Zip(ticks.Skip(1), (one, next) => next.Due - one.Due), Is.All.EqualTo(Interval),
                "every tick exactly once");
            Assert.That(incidents, Has.Count.EqualTo(outages), "each outage is one incident");
            Assert.That(
                ticks.Where(static tick => tick.Outcome == TickOutcome.Breached).Select(static tick => tick.Due),
                Is.EqualTo(ticks.Select(static tick => tick.Due)
                    .Where(due => incidents.Any(incident => due >= incident.StartedAt && due < incident.EndedAt))),
                "an incident lasts from the first tick that saw it to the first that did not");
            Assert.That(
                world.Received.Keys, Is.EquivalentTo(incidents.SelectMany(incident => new[] { $"{incident.Id}-1-1-hook",
                    $"{incident.Id}-1-2-hook" })));
            Assert.That(world.Received.Values.Select(bodies => bodies.Distinct().Count()), Is.All.EqualTo(1));
            Assert.That(listed, Is.Zero, errors);
            Assert.That(list, Does.Contain("shop").And.Contain("without a model"));
            Assert.That(history.Trim().Split('\n'), Has.Length.EqualTo(3));
            Assert.That(shown.Trim().Split('\n'), Has.Length.EqualTo(outages));
        });
    }

    private static string Definition(string world) => $$"""
        {
          "schedule": {"every": "PT{{Interval.TotalSeconds}}S"},
          "misfire": {"policy": "all"},
          "signals": [{"name": "health", "timeout": "PT4M", "http": {"url": "{{world}}health" } }],
          "incidents": {"reopenWithin": "PT0S"},
          "escalation": [{"notify": ["hook"]}]
        }
        """;

    /// <summary>The program's server, which can be killed and started again on the same data.</summary>
    private sealed class Server(string folder, string world) : IAsyncDisposable
    {
        private readonly HttpClient _http = new();
        private ProgramProcess? _process;

        public string Url { get; private set; } = "";

        public int Kills { get; private set; }

        public async Task StartAsync()
        {
            var environment = new Dictionary<string,
                string>
            {
                ["Notifications__Channels__hook__Url"] = world + "hook",
                ["Governance__Network__Allow__0"] = "127.0.0.1"
            };
            _process = ProgramProcess.Start(environment, "serve", "--urls", "http://127.0.0.1:0", "--data",
                Path.Combine(folder, "data"));
            Url = (await _process.ListeningAsync()).ToString().TrimEnd('/');
        }

        /// <summary>Kills the server after a while, and starts it again.</summary>
        public async Task KillAsync(TimeSpan after, CancellationToken cancellationToken)
        {
            await Task.Delay(after, cancellationToken);
            await _process!.KillAsync();
            await _process.DisposeAsync();
            Kills++;
            await StartAsync();
        }

        public async Task PutAsync(string definition, CancellationToken cancellationToken)
        {
            using var content = new StringContent(definition, Encoding.UTF8, "application/json");
            HttpResponseMessage response = await _http.PutAsync(new Uri($"{Url}/api/monitors/shop"), content, cancellationToken);
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Created),
                await response.Content.ReadAsStringAsync(cancellationToken));
        }

        public async Task<IReadOnlyList<TickRecord>> TicksAsync(CancellationToken cancellationToken) =>
            (await _http.GetFromJsonAsync<TickListResource>($"{Url}/api/monitors/shop/ticks?limit=1000", MonitorJson.Options,
                cancellationToken))!.Ticks;

        public async Task<IReadOnlyList<Incident>> IncidentsAsync(CancellationToken cancellationToken) =>
            (await _http.GetFromJsonAsync<IncidentListResource>($"{Url}/api/incidents?limit=200", MonitorJson.Options,
                cancellationToken))!.Incidents;

        public async ValueTask DisposeAsync()
        {
            if (_process is not null)
            {
                await _process.DisposeAsync();
            }

            _http.Dispose();
        }
    }
}

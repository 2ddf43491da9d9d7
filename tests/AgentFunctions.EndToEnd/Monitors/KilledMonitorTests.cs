using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using AgentFunctions.AspNetCore.Monitors;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Ticks;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Monitors;

/// <summary>A server with a monitor, on the real clock, killed with SIGKILL at random moments.</summary>
/// <remarks>The long form: <c>AGENTFUNCTIONS_MONITOR_MINUTES=10</c> runs so long with ticks of five seconds.</remarks>
[CancelAfter(1_200_000)]
internal sealed class KilledMonitorTests
{
    private static readonly string? Minutes = Environment.GetEnvironmentVariable("AGENTFUNCTIONS_MONITOR_MINUTES");
    private static readonly TimeSpan Length =
        Minutes is null ? TimeSpan.FromSeconds(45) : TimeSpan.FromMinutes(double.Parse(Minutes, CultureInfo.InvariantCulture));

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(Minutes is null ? 1 : 5);

    [Test]
    public async Task Monitor_KilledAtRandomMoments_MissesAndDoublesNothing(CancellationToken cancellationToken)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        string folder = Directory.CreateTempSubdirectory("agentfunctions-").FullName;
        await using FlakyServer world = await FlakyServer.StartAsync();
        world.FailedDeliveries = 0.3;
        DateTimeOffset start = DateTimeOffset.UtcNow;
        List<(DateTimeOffset From, DateTimeOffset To)> outages = [.. PlanOutages(start, random)];
        world.IsDown = () => outages.Any(outage => DateTimeOffset.UtcNow >= outage.From && DateTimeOffset.UtcNow < outage.To);

        await using var server = new Server(folder, world.Url);
        await server.StartAsync(cancellationToken);
        await server.PutAsync(Definition(world.Url), cancellationToken);
        DateTimeOffset begun = DateTimeOffset.UtcNow;
        int kills = 0;
        TimeSpan longestAbsence = TimeSpan.Zero;
        while (DateTimeOffset.UtcNow - start < Length)
        {
            await Task.Delay(Interval * (1 + (random.NextDouble() * 4)), cancellationToken);
            DateTimeOffset gone = DateTimeOffset.UtcNow;
            await server.KillAsync();
            await server.StartAsync(cancellationToken);
            TimeSpan absence = DateTimeOffset.UtcNow - gone;
            longestAbsence = absence > longestAbsence ? absence : longestAbsence;
            kills++;
        }

        DateTimeOffset end = DateTimeOffset.UtcNow;
        await server.UntilAsync(
            async () => (await server.IncidentsAsync(cancellationToken)) is var found
                && found.Count == outages.Count && found.All(incident => !incident.IsOpen) && world.Received.Count == 2 * outages.Count,
            cancellationToken);
        List<TickRecord> ticks = [.. await server.TicksAsync(cancellationToken)];
        IReadOnlyList<Incident> incidents = await server.IncidentsAsync(cancellationToken);
        (int listed, string list, string errors) = await ProgramProcess.RunAsync(null, folder, "monitors", "list", "--server", server.Url);
        (_, string history, _) = await ProgramProcess.RunAsync(null, folder, "monitors", "history", "shop", "--server", server.Url, "--limit", "3");
        (_, string shown, _) = await ProgramProcess.RunAsync(null, folder, "incidents", "--server", server.Url);
        ticks.Reverse();
        TestContext.Out.WriteLine(
            $"seed {seed}: {ticks.Count} ticks, {kills} kills, {incidents.Count} of {outages.Count} outages, longest absence {longestAbsence.TotalSeconds:0.0} s, "
            + $"{world.Received.Count} messages in {world.Received.Values.Sum(bodies => bodies.Count)} deliveries");

        Assert.Multiple(() =>
        {
            Assert.That(ticks.Select(tick => tick.Outcome), Has.None.EqualTo(TickOutcome.Skipped));
            Assert.That(ticks.Zip(ticks.Skip(1), (one, next) => next.Due - one.Due), Is.All.EqualTo(Interval), "every tick exactly once");
            // Not when the ticks came: that depends on the machine. Their dues have no gap, and the outages within were all found.
            Assert.That(ticks[0].Due, Is.LessThanOrEqualTo(outages[0].From));
            Assert.That(ticks[^1].Due, Is.GreaterThanOrEqualTo(outages[^1].To));
            foreach ((Incident incident, (DateTimeOffset from, DateTimeOffset to)) in incidents.OrderBy(incident => incident.StartedAt).Zip(outages))
            {
                Assert.That((incident.StartedAt - from).Duration(), Is.LessThan(Interval + longestAbsence), incident.Id);
                Assert.That((incident.EndedAt!.Value - to).Duration(), Is.LessThan(Interval + longestAbsence), incident.Id);
            }

            Assert.That(
                world.Received.Keys, Is.EquivalentTo(incidents.SelectMany(incident => new[] { $"{incident.Id}-1-1-hook", $"{incident.Id}-1-2-hook" })));
            Assert.That(world.Received.Values.Select(bodies => bodies.Distinct().Count()), Is.All.EqualTo(1));
            Assert.That(listed, Is.Zero, errors);
            Assert.That(list, Does.Contain("shop").And.Contain("without a model"));
            Assert.That(history.Trim().Split('\n'), Has.Length.EqualTo(3));
            Assert.That(shown.Trim().Split('\n'), Has.Length.EqualTo(outages.Count));
        });
        Directory.Delete(folder, true);
    }

    private static IEnumerable<(DateTimeOffset From, DateTimeOffset To)> PlanOutages(DateTimeOffset start, Random random)
    {
        // An outage must outlast the longest absence of the host, or nobody could see it.
        TimeSpan slot = Interval * 18;
        for (DateTimeOffset from = start + (Interval * 4); from + slot < start + Length; from += slot)
        {
            yield return (from, from + (Interval * (7 + (random.NextDouble() * 3))));
        }
    }

    private static string Definition(string world) => $$"""
        {
          "schedule": {"every": "PT{{Interval.TotalSeconds}}S"},
          "misfire": {"policy": "all"},
          "signals": [{"name": "health", "http": {"url": "{{world}}health" } }],
          "incidents": {"reopenWithin": "PT0S"},
          "escalation": [{"notify": ["hook"]}]
        }
        """;

    /// <summary>The program's server, which can be killed and started again on the same data.</summary>
    private sealed class Server(string folder, string world) : IAsyncDisposable
    {
        private readonly HttpClient _http = new();
        private ProgramProcess? _process;

        public string Url { get; } = $"http://127.0.0.1:{FreePort()}";

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            var environment = new Dictionary<string, string> { ["Notifications__Channels__hook__Url"] = world + "hook", ["Governance__Network__Allow__0"] = "127.0.0.1" };
            _process = ProgramProcess.Start(environment, "serve", "--urls", Url, "--data", Path.Combine(folder, "data"));
            await UntilAsync(async () => (await _http.GetAsync(new Uri($"{Url}/health/ready"), cancellationToken)).IsSuccessStatusCode, cancellationToken);
        }

        public async Task KillAsync()
        {
            await _process!.KillAsync();
            await _process.DisposeAsync();
        }

        public async Task PutAsync(string definition, CancellationToken cancellationToken)
        {
            using var content = new StringContent(definition, Encoding.UTF8, "application/json");
            HttpResponseMessage response = await _http.PutAsync(new Uri($"{Url}/api/monitors/shop"), content, cancellationToken);
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Created), await response.Content.ReadAsStringAsync(cancellationToken));
        }

        public async Task<IReadOnlyList<TickRecord>> TicksAsync(CancellationToken cancellationToken) =>
            (await _http.GetFromJsonAsync<TickListResource>($"{Url}/api/monitors/shop/ticks?limit=1000", MonitorJson.Options, cancellationToken))!.Ticks;

        public async Task<IReadOnlyList<Incident>> IncidentsAsync(CancellationToken cancellationToken) =>
            (await _http.GetFromJsonAsync<IncidentListResource>($"{Url}/api/incidents?limit=200", MonitorJson.Options, cancellationToken))!.Incidents;

        public async Task UntilAsync(Func<Task<bool>> isSo, CancellationToken cancellationToken)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(TimeSpan.FromMinutes(2));
            while (true)
            {
                try
                {
                    if (await isSo())
                    {
                        return;
                    }
                }
                catch (HttpRequestException)
                {
                    // It does not listen yet.
                }

                Assert.That(limit.IsCancellationRequested, Is.False, $"it does not come about: {_process!.Output}{_process.Errors}");
                await Task.Delay(50, cancellationToken);
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (_process is not null)
            {
                await _process.DisposeAsync();
            }

            _http.Dispose();
        }

        private static int FreePort()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
    }
}

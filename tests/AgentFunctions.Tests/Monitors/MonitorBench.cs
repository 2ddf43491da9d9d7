using AgentFunctions.Agents;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Schedules;
using AgentFunctions.Monitors.Signals;
using AgentFunctions.Monitors.Ticks;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Tests.Monitors;

/// <summary>One monitor that looks at a flaky service every five minutes, in a time that the test moves tick by tick.</summary>
internal sealed class MonitorBench : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 5, 4, 0, 0, 0, TimeSpan.Zero);

    private readonly MonitorWorld _world;
    private int _ticks;

    private MonitorBench(MonitorWorld world, MonitorHost host) => (_world, Host) = (world, host);

    public MonitorHost Host { get; }

    public FlakyServer Server => _world.Server!;

    public OpenAIProtocolServer Model => _world.Model!;

    public VirtualTime Time => _world.Time;

    public bool IsDown { get; set; }

    public string File(string name) => _world.File(name);

    public static async Task<MonitorBench> StartAsync(
        Func<MonitorDefinition, MonitorDefinition>? configure = null, Func<ChatRequest, ChatReply>? script = null,
        IEnumerable<AgentTool>? tools = null, ILoggerProvider? log = null, LeavingCaller? caller = null)
    {
        var world = new MonitorWorld(Start) { Server = await FlakyServer.StartAsync(), Log = log, Caller = caller };
        if (script is not null)
        {
            world.Model = await OpenAIProtocolServer.StartAsync(script);
        }

        world.Tools.AddRange(tools ?? []);
        string[] names = [.. world.Tools.Select(tool => tool.Name), "monitor_memory"];
        world.Agents.Add(Agent.Create("watcher").WithInstructions("Watch.").WithTools(names).Build());
        var bench = new MonitorBench(world, await MonitorHost.StartAsync(world));
        world.Server.IsDown = () => bench.IsDown;
        MonitorDefinition definition = Definition(world.Server.Url);
        await bench.Host.Monitors.PutAsync(configure?.Invoke(definition) ?? definition);
        return bench;
    }

    public static MonitorDefinition Definition(string url) => new()
    {
        Name = "shop",
        Schedule = new MonitorSchedule { Every = TimeSpan.FromMinutes(5) },
        Signals =
        [
            // The time that a test moves does not cut off a look that takes its own.
            new SignalDefinition
            {
                Name = "health",
                Http = new HttpSignal { Url = url + "health" },
                Severity = Severity.Critical,
                Timeout = TimeSpan.FromMinutes(5),
            },
        ],
    };

    /// <summary>Lets time pass until so many ticks more have run.</summary>
    public async Task TickAsync(int count = 1)
    {
        for (int i = 0; i < count; i++)
        {
            _ticks++;
            Time.AdvanceTo((await Host.Monitors.GetAsync("shop")).NextDue!.Value);
            await UntilAsync(async () => (await Host.Monitors.GetAsync("shop")).Totals.Ran >= _ticks
                && (await Host.Monitors.GetHistoryAsync("shop",
                    1_000)).Count(tick => tick.Outcome != TickOutcome.Skipped) >= _ticks);
        }
    }

    /// <summary>Lets time pass, second by second, until something is so.</summary>
    public Task UntilAsync(Func<Task<bool>> isSo) => Poll.UntilAsync(async () =>
    {
        if (await isSo())
        {
            return true;
        }

        Time.Advance(TimeSpan.FromSeconds(1));
        return false;
    });

    public async Task<Incident> IncidentAsync() => (await Host.Incidents.ListAsync()).Single();

    public async Task<IReadOnlyList<Run>> RunsAsync() =>
        await Host.Get<RunReader>().ListAsync(new RunFilter { Label = "monitor=shop" }).ToListAsync();

    public async Task<TickRecord> LastTickAsync() => (await Host.Monitors.GetHistoryAsync("shop", 1))[0];

    public async ValueTask DisposeAsync()
    {
        try
        {
            await Host.VerifyReplayAsync();
        }
        finally
        {
            await Host.DisposeAsync();
            await _world.DisposeAsync();
        }
    }
}

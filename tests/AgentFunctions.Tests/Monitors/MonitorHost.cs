using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Tests.Monitors;

/// <summary>What outlives a host that dies: its data file, the clock and the world that it watches.</summary>
internal sealed class MonitorWorld(DateTimeOffset start) : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();

    public VirtualTime Time { get; } = new(start);

    public string File(string name) => Path.Combine(_folder.Path, name);

    public string Write(string name, string content) => _folder.Write(name, content);

    public FlakyServer? Server { get; set; }

    public OpenAIProtocolServer? Model { get; set; }

    /// <summary>Takes the lines of the log.</summary>
    public ILoggerProvider? Log { get; set; }

    /// <summary>Who leaves in the middle of something.</summary>
    public LeavingCaller? Caller { get; init; }

    /// <summary>The host that lives now.</summary>
    public MonitorHost? Host { get; set; }

    public List<AgentTool> Tools { get; } = [];

    public List<AgentDefinition> Agents { get; } = [];

    public async ValueTask DisposeAsync()
    {
        if (Host is not null)
        {
            await Host.DropAsync();
        }

        if (Server is not null)
        {
            await Server.DisposeAsync();
        }

        if (Model is not null)
        {
            await Model.DisposeAsync();
        }

        _folder.Dispose();
    }
}

/// <summary>A host with monitors on the real engine and a real file, in a time that the test moves.</summary>
internal sealed class MonitorHost : IAsyncDisposable
{
    private readonly IHost _host;
    private bool _isDropped;

    private MonitorHost(IHost host, CrashPoint crash) => (_host, Crash) = (host, crash);

    public CrashPoint Crash { get; }

    public MonitorService Monitors => Get<MonitorService>();

    public IncidentService Incidents => Get<IncidentService>();

    public static async Task<MonitorHost> StartAsync(MonitorWorld world)
    {
        var crash = new CrashPoint();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Governance:Network:Allow:0"] = "127.0.0.1",
            ["Notifications:Channels:hook:Url"] = world.Server is null ? null : world.Server.Url + "hook",
            ["Notifications:Channels:hook:Secret"] = "a secret of the test's own",
            ["Notifications:Channels:gone:Url"] = world.Server is null ? null : world.Server.Url + "gone",
            ["Notifications:Channels:file:File"] = world.File("notifications.jsonl"),
        });
        if (world.Model is not null)
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Models:test:Provider"] = "openai",
                ["Models:test:Endpoint"] = world.Model.BaseUrl,
                ["Models:test:Key"] = "sk-test",
                ["Models:test:Model"] = "scripted",
            });
        }

        builder.Services.AddSingleton<TimeProvider>(world.Time);
        builder.Services.AddSingleton<IRecordStore>(services => new CrashingRecords(services.GetRequiredService<SqliteEngine>().Records, crash));
        builder.Services.AddSingleton<ILogStore>(services => new CrashingLogs(services.GetRequiredService<SqliteEngine>().Logs,
            crash));
        world.Caller?.Install(builder.Services);
        builder.Services.AddSingleton<IOrchestrationClient>(services => new CrashingClient(services.GetRequiredService<SqliteEngine>().Client, crash));
        builder.Services.AddAgentFunctions(builder.Configuration).AddOpenAIModels(builder.Configuration).AddMcpServers()
            .AddMonitors().AddSqliteEngine(options =>
        {
            options.DataFile = world.File("data.db");
            options.StopTimeout = TimeSpan.Zero;
        });
        if (world.Log is not null)
        {
            builder.Logging.AddProvider(world.Log);
        }

        world.Agents.ForEach(agent => builder.Services.AddAgent(agent));
        world.Tools.ForEach(tool => builder.Services.AddTool(tool));
        IHost host = builder.Build();
        world.Host = new MonitorHost(host, crash);
        await host.StartAsync();
        return world.Host;
    }

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    /// <summary>Ends the host without any chance to finish what it is doing.</summary>
    public async Task DropAsync()
    {
        if (!_isDropped)
        {
            _isDropped = true;
            await Get<SqliteEngine>().StopAsync();
            _host.Dispose();
        }
    }

    /// <summary>Waits for a monitor's log of a day to have so many entries.</summary>
    public Task TickedAsync(string monitor, DateOnly day, long count, CancellationToken cancellationToken) =>
        Get<ILogStore>().WaitForAppendAsync(
            $"ticks/{monitor}/{day.ToString("yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture)}", count - 1,
            cancellationToken);

    /// <summary>Replays every history that is recorded: it must yield the same decisions.</summary>
    public async Task VerifyReplayAsync()
    {
        IOrchestrationClient client = Get<IOrchestrationClient>();
        string? next = null;
        do
        {
            Page<OrchestrationState> page = await client.QueryAsync(new OrchestrationQuery { ContinuationToken = next });
            foreach (OrchestrationState state in page.Items)
            {
                List<HistoryEvent> history = await client.ReadHistoryAsync(state.InstanceId).ToListAsync();
                Assert.That(OrchestrationReplayer.Verify(history, Get<DurableRegistry>()), Is.Null,
                    $"replay of {state.InstanceId}");
            }

            next = page.ContinuationToken;
        }
        while (next is not null);
    }

    public async ValueTask DisposeAsync() => await DropAsync();
}

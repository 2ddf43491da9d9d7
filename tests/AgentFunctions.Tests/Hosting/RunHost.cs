using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Tests.Hosting;

/// <summary>
/// A whole host in this process: the real engine on a real file, a real model server over HTTP. When it is disposed of,
/// every history that it recorded is replayed from nothing and must yield the same decisions.
/// </summary>
internal sealed class RunHost : IAsyncDisposable
{
    private readonly Func<IHost> _build;
    private readonly TemporaryFolder _folder;
    private IHost _host;

    private RunHost(Func<IHost> build, OpenAIProtocolServer model, TemporaryFolder folder) =>
        (_build, _host, Model, _folder) = (build, build(), model, folder);

    /// <summary>Where the data file is.</summary>
    public string Folder => _folder.Path;

    public OpenAIProtocolServer Model { get; }

    /// <summary>The engine's data file.</summary>
    public string DataFile => _folder.File("runs.db");

    /// <summary>The folder that the runs work in.</summary>
    public string Workspace => _folder.File("workspace");

    public AgentGateway Gateway => Get<AgentGateway>();

    public RunSteering Steering => Get<RunSteering>();

    public RunReader Reader => Get<RunReader>();

    public static Task<RunHost> StartAsync(
        Func<ChatRequest, ChatReply> script, IEnumerable<AgentTool>? tools = null, Action<AgentBuilder>? agent = null,
        params (string Key, string Value)[] settings) =>
        StartAsync(script, tools ?? [], agent, settings, null, static _ => { });

    /// <summary>Starts a host with further services.</summary>
    public static Task<RunHost> StartAsync(
        Action<IServiceCollection> services, Func<ChatRequest, ChatReply> script, IEnumerable<AgentTool>? tools = null,
        Action<AgentBuilder>? agent = null, params (string Key, string Value)[] settings) =>
        StartAsync(script, tools ?? [], agent, settings, null, services);

    /// <summary>Starts a host whose runs have a folder, its tools, and these commands.</summary>
    public static Task<RunHost> StartWithWorkspaceAsync(Func<ChatRequest, ChatReply> script, params string[] commands) =>
        StartAsync(script, [], static agent => agent.WithTools("read_file", "write_file", "run_command"), [], commands,
            static _ => { });

    private static async Task<RunHost> StartAsync(
        Func<ChatRequest, ChatReply> script, IEnumerable<AgentTool> tools, Action<AgentBuilder>? agent,
        IEnumerable<(string Key, string Value)> settings, string[]? commands, Action<IServiceCollection> services)
    {
        OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(script);
        var folder = new TemporaryFolder();
        var host = new RunHost(() => Build(model, folder.Path, tools, agent, settings, commands, services), model, folder);
        await host._host.StartAsync();
        return host;
    }

    private static IHost Build(
        OpenAIProtocolServer model, string folder, IEnumerable<AgentTool> tools, Action<AgentBuilder>? agent,
        IEnumerable<(string Key, string Value)> settings, string[]? commands, Action<IServiceCollection> services)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Models:test:Provider"] = "openai",
            ["Models:test:Endpoint"] = model.BaseUrl,
            ["Models:test:Key"] = "sk-test",
            ["Models:test:Model"] = "scripted",
            ["Models:test:RetryDelay"] = "00:00:00.001",
            ["Tools:ServerPatience"] = "00:01:00",
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key,
            (string?)setting.Value)));
        builder.Services
            .AddAgentFunctions(builder.Configuration)
            .AddOpenAIModels(builder.Configuration).AddMcpServers().AddMonitors()
            .AddSqliteEngine(options => options.DataFile = Path.Combine(folder, "runs.db"));
        if (commands is not null)
        {
            builder.Services.Configure<RunOptions>(options => options.Workspace =
                Directory.CreateDirectory(Path.Combine(folder, "workspace")).FullName);
            builder.Services.AddWorkspaceTools(options => options.AllowedCommands.UnionWith(commands));
        }

        AgentBuilder definition = Agent.Create("worker").WithInstructions("Work.");
        agent?.Invoke(definition);
        builder.Services.AddAgent(definition.Build());
        foreach (AgentTool tool in tools)
        {
            builder.Services.AddTool(tool);
        }

        services(builder.Services);
        return builder.Build();
    }

    /// <summary>Stops the host and starts another one on the same file.</summary>
    public async Task RestartAsync()
    {
        await _host.StopAsync();
        await StartAgainAsync();
    }

    /// <summary>Starts another host on the file of one that was stopped.</summary>
    public async Task StartAgainAsync()
    {
        _host.Dispose();
        _host = _build();
        await _host.StartAsync();
    }

    /// <summary>Stops the host and leaves its file as it is.</summary>
    public Task StopAsync() => _host.StopAsync();

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    public Task<Run> SubmitAsync(string goal = "Reach the goal.", RunRequest? request = null) =>
        Gateway.SubmitAsync((request ?? new RunRequest()) with { Goal = goal });

    public async Task<Run> RunAsync(string goal = "Reach the goal.", RunRequest? request = null)
    {
        Run run = await SubmitAsync(goal, request);
        return await Reader.WaitForEndAsync(run.Id);
    }

    /// <summary>Waits until a run, as its reader shows it, is as it is wanted.</summary>
    public Task<Run> UntilAsync(string runId, Func<Run, bool> isIt, CancellationToken cancellationToken = default) =>
        Poll.ForAsync(() => Reader.GetAsync(runId, cancellationToken), isIt, cancellationToken);

    public async Task<IReadOnlyList<TranscriptEntry>> TranscriptAsync(string runId)
    {
        var entries = new List<TranscriptEntry>();
        await foreach (TranscriptEntry entry in Get<Transcript>().ReadAsync(runId))
        {
            entries.Add(entry);
        }

        return entries;
    }

    public async Task<IReadOnlyList<JournalEvent>> JournalAsync(string runId)
    {
        var events = new List<JournalEvent>();
        await foreach ((_, JournalEvent happened) in Get<Journal>().ReadAsync(runId))
        {
            events.Add(happened);
        }

        return events;
    }

    /// <summary>Waits for the first event of a run, from its beginning or from now on, that a test looks for.</summary>
    public async Task<JournalEvent> EventAsync(string runId, Func<JournalEvent, bool> isIt,
        CancellationToken cancellationToken = default)
    {
        Journal journal = Get<Journal>();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(5));
        for (long position = 0; ;)
        {
            await foreach ((long at, JournalEvent happened) in journal.ReadAsync(runId, position, null, limit.Token))
            {
                position = at + 1;
                if (isIt(happened))
                {
                    return happened;
                }
            }

            await journal.WaitAsync(runId, position, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await ReplayAllAsync();
        }
        finally
        {
            await _host.StopAsync();
            _host.Dispose();
            await Model.DisposeAsync();
            _folder.Dispose();
        }
    }

    private async Task ReplayAllAsync()
    {
        IOrchestrationClient client = Get<IOrchestrationClient>();
        string? next = null;
        do
        {
            Page<OrchestrationState> page = await client.QueryAsync(new OrchestrationQuery { ContinuationToken = next });
            foreach (OrchestrationState state in page.Items)
            {
                var history = new List<HistoryEvent>();
                await foreach (HistoryEvent recorded in client.ReadHistoryAsync(state.InstanceId))
                {
                    history.Add(recorded);
                }

                Assert.That(OrchestrationReplayer.Verify(history, Get<DurableRegistry>()), Is.Null,
                    $"replay of {state.InstanceId}");
            }

            next = page.ContinuationToken;
        }
        while (next is not null);
    }
}

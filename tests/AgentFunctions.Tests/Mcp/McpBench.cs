using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Records;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Tools;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Tests.Mcp;

/// <summary>A host with tool servers, each of whose processes leaves its id in a file.</summary>
internal sealed class McpBench : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private int _call;

    public McpBench(string configuration, TimeProvider? time = null)
    {
        IServiceCollection services = new ServiceCollection()
            .AddLogging(logging => logging.AddProvider(Log).SetMinimumLevel(LogLevel.Trace))
            .AddSingleton(time ?? TimeProvider.System)
            .AddSingleton<IRecordStore>(Stores).AddSingleton<IBlobStore>(Stores)
            .AddSingleton(provider => new ArtifactStore(Stores, Stores, provider.GetRequiredService<TimeProvider>()))
            .AddSingleton(McpConfiguration.Parse(configuration, ".mcp.json", Folder.Path))
            .AddMcpServers().AddToolCatalog();
        _services = services.BuildServiceProvider();
    }

    public TemporaryFolder Folder { get; } = new();

    public LogLines Log { get; } = new();

    public MemoryStores Stores { get; } = new();

    public AgentDefinition Caller { get; set; } = Definition();

    /// <summary>Told what calls report while they are at work.</summary>
    public IProgress<string>? Reports { get; set; }

    public ToolCatalog Catalog => _services.GetRequiredService<ToolCatalog>();

    public ArtifactStore Artifacts => _services.GetRequiredService<ArtifactStore>();

    public static AgentDefinition Definition(params string[] tools) =>
        Agent.Create("tester").WithInstructions("Test.") is var agent && tools.Length > 0 ? agent.WithTools(tools) : agent;

    /// <summary>The process ids of what was started through <see cref="Shell"/>, in order.</summary>
    public int[] Pids => File.Exists(PidFile) ? [.. File.ReadAllLines(PidFile).Select(int.Parse)] : [];

    private string PidFile => System.IO.Path.Combine(Folder.Path, "pids");

    /// <summary>A server's definition that starts a script of Node.js and writes down its process id.</summary>
    public static object Shell(string script, string[]? arguments = null, object? env = null, object? effects = null) => new
    {
        command = "sh",
        args = new[] { "-c", "echo $$ >> pids; exec node \"$0\" \"$@\"", script }.Concat(arguments ?? []).ToArray(),
        env = env ?? new { },
        effects = effects ?? new { },
    };

    public static string Configuration(object servers) => JsonSerializer.Serialize(new { mcpServers = servers });

    public ToolContext Context(int call) => new()
    {
        RunId = "run-1",
        Agent = Caller.Name,
        Turn = 1,
        Call = call,
        Artifacts = Artifacts,
        Services = _services,
        Reports = Reports,
    };

    public async Task<ToolOutcome> CallAsync(string name, object? arguments = null, CancellationToken cancellationToken = default)
    {
        try
        {
            AgentTool? tool = await Catalog.FindAsync(Caller, name, cancellationToken);
            return await _services.GetRequiredService<ToolInvoker>().InvokeAsync(
                tool is null ? [] : [tool], ToolBench.Call(name, arguments), Context(Interlocked.Increment(ref _call)),
                cancellationToken);
        }
        catch (AgentException e)
        {
            return ToolOutcome.Failed(e.Code, e.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        Folder.Dispose();
    }
}

using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.OpenApi;
using AgentFunctions.Records;
using AgentFunctions.Storage;
using AgentFunctions.Tests.Tools;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.OpenApi;

/// <summary>Tools of one description over one server, as a host has them.</summary>
internal sealed class OpenApiBench : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ServiceProvider _services;

    private readonly TemporaryFolder _workspace = new();

    /// <param name="prepare">Writes the other files of the description, before the host starts.</param>
    public OpenApiBench(ApiServer server, string description, Action<OpenApiOptions>? configure = null,
        Action<TemporaryFolder>? prepare = null)
    {
        prepare?.Invoke(_folder);
        Write(description);
        var stores = new MemoryStores();
        Workspace = new Workspace(_workspace.Path);
        _services = new ServiceCollection()
            .AddSingleton<IRecordStore>(stores).AddSingleton<IBlobStore>(stores)
            .AddSingleton(new ArtifactStore(stores, stores, TimeProvider.System))
            .AddOpenApiTools(options =>
            {
                options.Name = "shop";
                options.Document = Path.Combine(_folder.Path, "api.yaml");
                options.BaseUrl = $"{server.Url}/v1";
                configure?.Invoke(options);
            })
            .AddSingleton(provider => new ProtectedPaths(provider.GetServices<GoverningPath>()))
            .AddToolCatalog().AddHttpClient("follows").Services.BuildServiceProvider();
    }

    public AgentDefinition Agent { get; } = AgentFunctions.Agents.Agent.Create("tester").WithInstructions("Test.");

    public ToolCatalog Catalog => _services.GetRequiredService<ToolCatalog>();

    public ArtifactStore Artifacts => _services.GetRequiredService<ArtifactStore>();

    public ProtectedPaths Protected => _services.GetRequiredService<ProtectedPaths>();

    public TemporaryFolder Folder => _folder;

    /// <summary>The folder that the run works in; <see langword="null"/> to run without one.</summary>
    public Workspace? Workspace { get; set; }

    public TemporaryFolder Files => _workspace;

    public void Write(string description) => _folder.Write("api.yaml", description);

    public async Task<ToolOutcome> CallAsync(string name, object arguments)
    {
        var context = new ToolContext
        {
            RunId = "run-1",
            Agent = "tester",
            Turn = 1,
            Call = 0,
            Artifacts = Artifacts,
            Services = _services,
            Workspace = Workspace,
        };
        AgentTool? tool = await Catalog.FindAsync(Agent, name);
        return await _services.GetRequiredService<ToolInvoker>()
            .InvokeAsync(tool is null ? [] : [tool], ToolBench.Call(name, arguments), context);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _folder.Dispose();
        _workspace.Dispose();
    }
}

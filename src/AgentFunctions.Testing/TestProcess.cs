using AgentFunctions.Models;
using AgentFunctions.Sqlite;
using AgentFunctions.Tools;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Testing;

/// <summary>The hosts of a test, one after the other on one data file, as processes are.</summary>
internal sealed class TestProcess(ScriptedModel model, Action<IServiceCollection> configure,
    AgentTestOptions options) : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("agentfunctions-test-").FullName;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private IHost? _host;

    public VirtualTime Time { get; } = new(options.Start);

    public ScriptedModel Model => model;

    public Crashes Crashes { get; } = new();

    public Executions Executions => field ??= new Executions(Time);

    public int Starts { get; private set; }

    public IServiceProvider Services => (_host ?? throw new InvalidOperationException("The host has not started.")).Services;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        model.Crashes = Crashes;
        Starts++;
        _host = Build();
        await _host.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Starts another host in place of one that has died.</summary>
    public async Task ReviveAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Crashes.HasCrashed)
            {
                await DropAsync().ConfigureAwait(false);
                Crashes.Revive();
                await StartAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await DropAsync().ConfigureAwait(false);
        _gate.Dispose();
        Directory.Delete(_folder, true);
    }

    /// <summary>Ends the host without any chance to finish what it is doing.</summary>
    private async Task DropAsync()
    {
        if (_host is { } host)
        {
            _host = null;
            await host.Services.GetRequiredService<SqliteEngine>().StopAsync().ConfigureAwait(false);
            host.Dispose();
        }
    }

    private IHost Build()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(options.Settings);
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services
            .AddAgentFunctions(builder.Configuration)
            .AddSqliteEngine(engine =>
            {
                engine.DataFile = Path.Combine(_folder, "runs.db");
                engine.StopTimeout = TimeSpan.Zero;
            });
        configure(builder.Services);
        Wrap<IModelCatalog>(builder.Services, registered => new ScriptedCatalog(registered, model.Binding));
        Wrap<AgentTool>(builder.Services, Watched);
        Wrap<IToolSource>(builder.Services, source => new WatchedSource(source, Watched));
        return builder.Build();
    }

    /// <summary>Puts something around each service of a kind that was added.</summary>
    private static void Wrap<T>(IServiceCollection services, Func<T, T> around)
        where T : class
    {
        for (int i = 0; i < services.Count; i++)
        {
            ServiceDescriptor added = services[i];
            if (added.ServiceType == typeof(T) && !added.IsKeyedService)
            {
                services[i] = ServiceDescriptor.Singleton(provider => around((T)(
                    added.ImplementationInstance ?? added.ImplementationFactory?.Invoke(provider)
                        ?? ActivatorUtilities.CreateInstance(provider, added.ImplementationType!))));
            }
        }
    }

    private AgentTool Watched(AgentTool tool) =>
        tool.WithFunction(new WatchedFunction(tool.Function, tool.Effect, Executions, Crashes));
}

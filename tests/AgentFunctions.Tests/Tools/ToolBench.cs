using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.Records;
using AgentFunctions.Storage;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Workspaces;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Tools;

/// <summary>A real folder as the workspace of a call, with stores in memory.</summary>
internal sealed class ToolBench : IDisposable
{
    private readonly ServiceProvider _services;
    private readonly MemoryStores _stores = new();
    private readonly TemporaryFolder _outer = new();

    public ToolBench(
        Action<WorkspaceToolOptions>? configure = null, bool withRecords = true,
        Func<string, IEnumerable<GoverningPath>>? governing = null)
    {
        Directory.CreateDirectory(Root);
        Workspace = new Workspace(Root);
        IServiceCollection services = new ServiceCollection().AddWorkspaceTools(configure);
        if (governing is not null)
        {
            services.AddSingleton(new ProtectedPaths(governing(Root)));
        }

        if (withRecords)
        {
            services.AddSingleton<IRecordStore>(_stores);
        }

        _services = services.BuildServiceProvider();
        Tools = [.. _services.GetRequiredService<ToolCatalog>().Tools];
        Artifacts = new ArtifactStore(_stores, _stores, TimeProvider.System);
    }

    /// <summary>Tells the commands what governs, as the start of a host does.</summary>
    public void ReserveOfCommands() =>
        _services.GetRequiredService<WorkspaceCommands>().Governing = _services.GetRequiredService<ProtectedPaths>();

    public string Outside => _outer.Path;

    public string Root => Path.Combine(_outer.Path, "ws");

    public Workspace Workspace { get; }

    public List<AgentTool> Tools { get; }

    public ArtifactStore Artifacts { get; }

    public ToolInvoker Invoker => _services.GetRequiredService<ToolInvoker>();

    public MemoryStores Stores => _stores;

    public ToolContext Context(int turn = 1, int call = 0) => new()
    {
        RunId = "run-1",
        Agent = "auditor",
        Turn = turn,
        Call = call,
        Workspace = Workspace,
        Artifacts = Artifacts,
        Services = _services,
    };

    public static FunctionCallContent Call(string name, object? arguments = null) => new(
        "functions.x:0",
        name,
        JsonSerializer.Deserialize<Dictionary<string, object?>>(JsonSerializer.Serialize(arguments ?? new { })));

    public Task<ToolOutcome> InvokeAsync(string name, object? arguments = null, CancellationToken cancellationToken = default) =>
        InvokeAsync(Call(name, arguments), cancellationToken);

    public Task<ToolOutcome> InvokeAsync(FunctionCallContent call, CancellationToken cancellationToken = default) =>
        Invoker.InvokeAsync(Tools, call, Context(), cancellationToken);

    public Task<Reconciliation> ReconcileAsync(string name, object? arguments = null) => Invoker.ReconcileAsync(
        ToolInvoker.Prepare(Tools, Call(name, arguments), Context(), out ToolOutcome? refusal)
        ?? throw new InvalidOperationException(refusal!.Text));

    public string Write(string name, string content) => _outer.Write("ws/" + name, content);

    public string Read(string name) => _outer.Read("ws/" + name);

    public void Dispose()
    {
        _services.Dispose();
        _outer.Dispose();
    }
}

/// <summary>Stores in memory, which can be told to fail.</summary>
internal sealed class MemoryStores : IRecordStore, IBlobStore
{
    private readonly ConcurrentDictionary<string, byte[]> _records = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _blobs = new(StringComparer.Ordinal);

    public bool Broken { get; set; }

    public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default) =>
        Task.FromResult(_records.TryGetValue(key, out byte[]? value) ? new StoredRecord(key, value, "1") : null);

    public Task<string> PutAsync(string key, ReadOnlyMemory<byte> value, RecordCondition condition = default,
        CancellationToken cancellationToken = default)
    {
        Check();
        if (!condition.MustNotExist)
        {
            _records[key] = value.ToArray();
        }
        else if (!_records.TryAdd(key, value.ToArray()))
        {
            throw new AgentException(ErrorCode.EtagConflict, $"there is a record '{key}'");
        }

        return Task.FromResult("1");
    }

    public Task DeleteAsync(string key, RecordCondition condition = default, CancellationToken cancellationToken = default)
    {
        _records.TryRemove(key, out _);
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<StoredRecord> ListAsync(
        string prefix, string? after = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach ((string key, byte[] value) in _records.Where(r => r.Key.StartsWith(prefix, StringComparison.Ordinal))
            .OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            await Task.Yield();
            yield return new StoredRecord(key, value, "1");
        }
    }

    public Task<string> PutAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        Check();
        string hash = Convert.ToHexStringLower(SHA256.HashData(content.Span));
        _blobs[hash] = content.ToArray();
        return Task.FromResult(hash);
    }

    Task IBlobStore.DeleteAsync(string hash, CancellationToken cancellationToken)
    {
        _blobs.TryRemove(hash, out _);
        return Task.CompletedTask;
    }

    Task<ReadOnlyMemory<byte>?> IBlobStore.GetAsync(string hash, CancellationToken cancellationToken) =>
        Task.FromResult(_blobs.TryGetValue(hash, out byte[]? content) ? content.AsMemory() : (ReadOnlyMemory<byte>?)null);

    public string Text(string hash) => Encoding.UTF8.GetString(_blobs[hash]);

    private void Check()
    {
        if (Broken)
        {
            throw new AgentException(ErrorCode.EngineUnavailable, "the disk is full");
        }
    }
}

using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AspNetCore.Runs;

/// <summary>Records of which those cannot be read that say what is wrong with a run.</summary>
internal sealed class FailingRecords : IRecordStore
{
    private IRecordStore _inner = null!;
    private int _failures;
    private volatile bool _isDown;

    public bool IsDown
    {
        get => _isDown;
        set => _isDown = value;
    }

    public int Failures => _failures;

    public bool IsShared => _inner.IsShared;

    public void AddTo(WebApplicationBuilder builder) => builder.Services.AddSingleton<IRecordStore>(provider =>
    {
        _inner = provider.GetRequiredService<SqliteEngine>().Records;
        return this;
    });

    public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default)
    {
        if (IsDown && key.StartsWith("troubles/", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _failures);
            throw new AgentException(ErrorCode.EngineUnavailable, "The store does not answer.");
        }

        return _inner.GetAsync(key, cancellationToken);
    }

    public Task<string> PutAsync(string key, ReadOnlyMemory<byte> value, RecordCondition condition = default,
        CancellationToken cancellationToken = default) =>
        _inner.PutAsync(key, value, condition, cancellationToken);

    public Task DeleteAsync(string key, RecordCondition condition = default, CancellationToken cancellationToken = default) =>
        _inner.DeleteAsync(key, condition, cancellationToken);

    public IAsyncEnumerable<StoredRecord> ListAsync(string prefix, string? after = null,
        CancellationToken cancellationToken = default) =>
        _inner.ListAsync(prefix, after, cancellationToken);
}

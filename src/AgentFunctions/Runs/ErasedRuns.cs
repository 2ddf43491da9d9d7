using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Storage;

namespace AgentFunctions.Runs;

/// <summary>The runs that were erased: a record each, which stays.</summary>
internal sealed class ErasedRuns(IRecordStore records)
{
    private const string Prefix = "erased/";

    /// <summary>Finds the erasure of the tree that a run belongs to.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<ErasedRun?> FindAsync(string id, CancellationToken cancellationToken = default) =>
        RunId.IsValid(id) && await records.GetAsync(Prefix + ChildName.RootOf(id), cancellationToken)
            .ConfigureAwait(false) is { } record
            ? JsonSerializer.Deserialize(record.Value.Span, RunsJsonContext.Default.ErasedRun)
            : null;

    /// <summary>Enters an erasure, or how far it has come.</summary>
    /// <param name="erased">The erasure.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task PutAsync(ErasedRun erased, CancellationToken cancellationToken) => records.PutAsync(
        Prefix + erased.Run, JsonSerializer.SerializeToUtf8Bytes(erased, RunsJsonContext.Default.ErasedRun), default,
        cancellationToken);

    /// <summary>The error of whoever asks for an erased run.</summary>
    public static AgentException Gone(string id, ErasedRun erased) => new(
        ErrorCode.RunErased, $"Run '{id}' was erased at {erased.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z.");
}

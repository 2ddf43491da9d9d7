using System.Text.Json;
using AgentFunctions.Budgets;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway;

/// <summary>
/// What forks have taken of the budget of a run that had ended: should it be taken up again, it no longer has it. So no
/// budget is spent twice.
/// </summary>
internal static class TakenBudget
{
    /// <summary>What was taken; <see langword="null"/> where nothing was.</summary>
    public static async Task<Budget?> ReadAsync(IRecordStore records, string runId, CancellationToken cancellationToken) =>
        await records.GetAsync(Key(runId), cancellationToken).ConfigureAwait(false) is { } record
            ? JsonSerializer.Deserialize(record.Value.Span, AgentJsonContext.Default.Budget)
            : null;

    /// <summary>Records that something was taken; one run is taken from once at a time.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunStateForbids"/>: another fork was first.</exception>
    public static async Task TakeAsync(IRecordStore records, string runId, Budget part, CancellationToken cancellationToken)
    {
        StoredRecord? record = await records.GetAsync(Key(runId), cancellationToken).ConfigureAwait(false);
        Budget sum = record is null ? part : Sum(JsonSerializer.Deserialize(record.Value.Span, AgentJsonContext.Default.Budget)!, part);
        try
        {
            await records.PutAsync(
                Key(runId), JsonSerializer.SerializeToUtf8Bytes(sum, AgentJsonContext.Default.Budget),
                record is null ? RecordCondition.IfNew : RecordCondition.IfMatch(record.Etag), cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            throw new AgentException(ErrorCode.RunStateForbids, $"Run '{runId}' is being forked by somebody else; repeat the call.", e);
        }
    }

    /// <summary>Forgets what was taken: the run's own budget has been reduced by it.</summary>
    public static Task ClearAsync(IRecordStore records, string runId, CancellationToken cancellationToken) =>
        records.DeleteAsync(Key(runId), default, cancellationToken);

    private static Budget Sum(Budget one, Budget other) => new()
    {
        Steps = (one.Steps ?? 0) + (other.Steps ?? 0),
        Tokens = (one.Tokens ?? 0) + (other.Tokens ?? 0),
        Usd = (one.Usd ?? 0) + (other.Usd ?? 0),
        WallClock = (one.WallClock ?? default) + (other.WallClock ?? default),
        SubAgents = (one.SubAgents ?? 0) + (other.SubAgents ?? 0),
    };

    private static string Key(string runId) => $"budgets/{runId}/taken";
}

using AgentFunctions.Budgets;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway;

/// <summary>
/// What forks have taken of the budget of a run that had ended: should it be taken up again, it no longer has it. So no
/// budget is spent twice.
/// </summary>
internal static class TakenBudget
{
    /// <summary>What was taken; empty where nothing was.</summary>
    public static async Task<TakenParts> ReadAsync(IRecordStore records, string runId, CancellationToken cancellationToken) =>
        (await Parts(records).FindAsync(Key(runId), cancellationToken).ConfigureAwait(false))?.Value ?? new TakenParts();

    /// <summary>Records that a fork takes something. What the same fork took before a crash is not taken again.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunStateForbids"/>: another fork was first.</exception>
    public static async Task TakeAsync(IRecordStore records, string runId, string forkId, Budget part,
        CancellationToken cancellationToken)
    {
        JsonRecords<TakenParts> parts = Parts(records);
        (TakenParts Value, string Etag)? found = await parts.FindAsync(Key(runId), cancellationToken).ConfigureAwait(false);
        TakenParts before = found?.Value ?? new TakenParts();
        if (before.Of(forkId) is null
            && await parts.TryPutAsync(Key(runId), before.With(forkId, part), found?.Etag, cancellationToken)
                .ConfigureAwait(false) is null)
        {
            throw new AgentException(ErrorCode.RunStateForbids,
                $"Run '{runId}' is being forked by another caller. Repeat the call.");
        }
    }

    /// <summary>Gives back what a fork took; nothing if it took nothing.</summary>
    public static Task GiveBackAsync(IRecordStore records, string runId, string forkId) =>
        Parts(records).UpdateAsync(
            Key(runId), before => before!.Of(forkId) is { } part ? before.Without(forkId, part) : before, CancellationToken.None,
            new TakenParts());

    /// <summary>Forgets what was taken: the run's own budget has been reduced by it.</summary>
    public static Task ClearAsync(IRecordStore records, string runId, CancellationToken cancellationToken) =>
        records.DeleteAsync(Key(runId), default, cancellationToken);

    private static JsonRecords<TakenParts> Parts(IRecordStore records) => new(records, GatewayJsonContext.Default.TakenParts);

    private static string Key(string runId) => $"budgets/{runId}/taken";
}

/// <summary>The parts of a run's budget that forks have taken.</summary>
internal sealed record TakenParts
{
    /// <summary>Gets the steps of all.</summary>
    public int? Steps { get; init; }

    /// <summary>Gets the tokens of all.</summary>
    public long? Tokens { get; init; }

    /// <summary>Gets the US dollars of all.</summary>
    public decimal? Usd { get; init; }

    /// <summary>Gets the time of all.</summary>
    public TimeSpan? WallClock { get; init; }

    /// <summary>Gets the sub-agents of all.</summary>
    public int? SubAgents { get; init; }

    /// <summary>Gets what each fork took, by its id; <see langword="null"/> in records of earlier versions.</summary>
    public IReadOnlyDictionary<string, Budget>? Forks { get; init; }

    /// <summary>Whether anything was taken.</summary>
    public bool IsNone() => Sum().IsUnlimited;

    /// <summary>All that was taken.</summary>
    public Budget Sum() => new() { Steps = Steps, Tokens = Tokens, Usd = Usd, WallClock = WallClock, SubAgents = SubAgents };

    /// <summary>What a fork took; <see langword="null"/> if it took nothing yet.</summary>
    public Budget? Of(string forkId) => Forks?.GetValueOrDefault(forkId);

    /// <summary>With what one more fork takes.</summary>
    public TakenParts With(string forkId, Budget part) => new()
    {
        Steps = (Steps ?? 0) + (part.Steps ?? 0),
        Tokens = (Tokens ?? 0) + (part.Tokens ?? 0),
        Usd = (Usd ?? 0) + (part.Usd ?? 0),
        WallClock = (WallClock ?? default) + (part.WallClock ?? default),
        SubAgents = (SubAgents ?? 0) + (part.SubAgents ?? 0),
        Forks = new Dictionary<string, Budget>(Forks ?? new Dictionary<string, Budget>()) { [forkId] = part },
    };

    /// <summary>Without what a fork took.</summary>
    public TakenParts Without(string forkId, Budget part) => new()
    {
        Steps = (Steps ?? 0) - (part.Steps ?? 0),
        Tokens = (Tokens ?? 0) - (part.Tokens ?? 0),
        Usd = (Usd ?? 0) - (part.Usd ?? 0),
        WallClock = (WallClock ?? default) - (part.WallClock ?? default),
        SubAgents = (SubAgents ?? 0) - (part.SubAgents ?? 0),
        Forks = Forks!.Where(fork => fork.Key != forkId).ToDictionary(),
    };
}

using AgentFunctions.Budgets;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway;

/// <summary>
/// What forks have taken of the budget of a run that had ended, in all: should it be taken up again, it no longer has it. So no
/// budget is spent twice.
/// </summary>
/// <remarks>
/// The record says also when the run was last taken up, and its version decides between that and a fork: what is taken before
/// is taken off the run's budget, and nothing is taken afterwards.
/// </remarks>
internal static class TakenBudget
{
    /// <summary>What was taken; empty where nothing was.</summary>
    public static async Task<TakenParts> ReadAsync(IRecordStore records, string runId, CancellationToken cancellationToken) =>
        (await Parts(records).FindAsync(Key(runId), cancellationToken).ConfigureAwait(false))?.Value ?? new TakenParts();

    /// <summary>Records that a fork takes something. What the same fork took before a crash is not taken again.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunStateForbids"/>: another fork was first, or the run has been taken up since.
    /// </exception>
    public static async Task TakeAsync(IRecordStore records, string runId, string forkId, BudgetShare share,
        CancellationToken cancellationToken)
    {
        JsonRecords<TakenParts> parts = Parts(records);
        (TakenParts Value, string Etag)? found = await parts.FindAsync(Key(runId), cancellationToken).ConfigureAwait(false);
        TakenParts before = found?.Value ?? new TakenParts();
        if (before.Of(forkId) is not null)
        {
            return;
        }

        before.EnsureEnded(runId, share.Resumptions);
        if (await parts.TryPutAsync(Key(runId), before.With(forkId, share.Part), found?.Etag, cancellationToken)
            .ConfigureAwait(false) is null)
        {
            throw new AgentException(ErrorCode.RunStateForbids,
                $"Run '{runId}' is being forked or taken up by another caller. Repeat the call.");
        }
    }

    /// <summary>Gives back what a fork took; nothing if it took nothing.</summary>
    public static Task GiveBackAsync(IRecordStore records, string runId, string forkId) =>
        Parts(records).UpdateAsync(
            Key(runId), before => before!.Of(forkId) is { } part ? before.Without(forkId, part) : before, CancellationToken.None,
            new TakenParts());

    /// <summary>Records that a run is taken up again: from now on forks of its last end take nothing.</summary>
    /// <returns>What they have taken.</returns>
    public static Task<TakenParts> TakeUpAsync(IRecordStore records, string runId, int resumptions,
        CancellationToken cancellationToken) =>
        Parts(records).UpdateAsync(
            Key(runId), before => before!.Resumptions >= resumptions ? before : before with { Resumptions = resumptions },
            cancellationToken, new TakenParts());

    private static JsonRecords<TakenParts> Parts(IRecordStore records) => new(records, GatewayJsonContext.Default.TakenParts);

    private static string Key(string runId) => $"budgets/{runId}/taken";
}

/// <summary>What a fork takes of the budget of a run.</summary>
/// <param name="Part">What it takes.</param>
/// <param name="Resumptions">How often the run had gone on after an end before the one at which it is taken.</param>
internal sealed record BudgetShare(Budget Part, int Resumptions);

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

    /// <summary>Gets how often the run has gone on after an end, with that for which it was last taken up.</summary>
    public int? Resumptions { get; init; }

    /// <summary>All that was taken.</summary>
    public Budget Sum() => new() { Steps = Steps, Tokens = Tokens, Usd = Usd, WallClock = WallClock, SubAgents = SubAgents };

    /// <summary>What was taken beyond what the run has given up; less than nothing where some was given back since.</summary>
    public Budget Beyond(Budget? givenUp) => givenUp is null
        ? Sum()
        : new Budget
        {
            Steps = (Steps ?? 0) - (givenUp.Steps ?? 0),
            Tokens = (Tokens ?? 0) - (givenUp.Tokens ?? 0),
            Usd = (Usd ?? 0) - (givenUp.Usd ?? 0),
            WallClock = (WallClock ?? default) - (givenUp.WallClock ?? default),
            SubAgents = (SubAgents ?? 0) - (givenUp.SubAgents ?? 0),
        };

    /// <summary>Ensures that a run is not being taken up after an end.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunStateForbids"/>: it is, or was.</exception>
    public void EnsureEnded(string runId, int resumptions)
    {
        if (Resumptions > resumptions)
        {
            throw new AgentException(
                ErrorCode.RunStateForbids,
                $"budget: run '{runId}' is taken up again and spends its own; name what the new run may spend, or repeat it once the run has ended.");
        }
    }

    /// <summary>What a fork took; <see langword="null"/> if it took nothing yet.</summary>
    public Budget? Of(string forkId) => Forks?.GetValueOrDefault(forkId);

    /// <summary>With what one more fork takes.</summary>
    public TakenParts With(string forkId, Budget part) => this with
    {
        Steps = (Steps ?? 0) + (part.Steps ?? 0),
        Tokens = (Tokens ?? 0) + (part.Tokens ?? 0),
        Usd = (Usd ?? 0) + (part.Usd ?? 0),
        WallClock = (WallClock ?? default) + (part.WallClock ?? default),
        SubAgents = (SubAgents ?? 0) + (part.SubAgents ?? 0),
        Forks = new Dictionary<string, Budget>(Forks ?? new Dictionary<string, Budget>()) { [forkId] = part },
    };

    /// <summary>Without what a fork took.</summary>
    public TakenParts Without(string forkId, Budget part) => this with
    {
        Steps = (Steps ?? 0) - (part.Steps ?? 0),
        Tokens = (Tokens ?? 0) - (part.Tokens ?? 0),
        Usd = (Usd ?? 0) - (part.Usd ?? 0),
        WallClock = (WallClock ?? default) - (part.WallClock ?? default),
        SubAgents = (SubAgents ?? 0) - (part.SubAgents ?? 0),
        Forks = Forks!.Where(fork => fork.Key != forkId).ToDictionary(),
    };
}

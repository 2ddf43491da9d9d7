using AgentFunctions.Gateway.Holds;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Gateway;

/// <summary>Reads what applies to a run beside its own state: the policy, legal holds and its revision.</summary>
public sealed class RunStandings
{
    private readonly PolicySource _policies;
    private readonly HoldStore _holds;
    private readonly RunStore _runs;
    private readonly RunReader _reader;

    internal RunStandings(PolicySource policies, HoldStore holds, RunStore runs, RunReader reader) =>
        (_policies, _holds, _runs, _reader) = (policies, holds, runs, reader);

    /// <summary>Gets what applies to a run now.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>.</exception>
    public async Task<RunStanding> GetAsync(string runId, CancellationToken cancellationToken = default)
    {
        RunRecord run = await _runs.GetAsync(runId, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Hold> holds = await _holds.InForceAsync(cancellationToken).ConfigureAwait(false);
        return new RunStanding(
            _policies.Current.Hash,
            [.. holds.Where(hold => hold.Keeps(run)).Select(static hold => hold.Name).Order(StringComparer.Ordinal)],
            await _reader.RevisionAsync(runId, cancellationToken).ConfigureAwait(false));
    }
}

/// <summary>Represents what applies to a run beside its own state.</summary>
/// <param name="PolicyHash">The hash of the policy that decides about its calls now.</param>
/// <param name="Holds">The names of the legal holds that keep it.</param>
/// <param name="Revision">
/// A number that grows with each change of the run that lists know of; <see langword="null"/> if they do not know the run yet.
/// </param>
public sealed record RunStanding(string PolicyHash, IReadOnlyList<string> Holds, long? Revision);

using AgentFunctions.Runs;

namespace AgentFunctions.Views.Runs;

/// <summary>Sums up what the last runs of an agent took.</summary>
public sealed class AgentPast
{
    private const int MaxRuns = 100;

    private static readonly HashSet<string> Nothing = [];

    private readonly RunRows _rows;

    internal AgentPast(RunRows rows) => _rows = rows;

    /// <summary>Sums up the last runs of an agent that have ended, at most 100.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="requester">Only runs that this caller asked for; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<PastRuns> GetAsync(string agent, string? requester, CancellationToken cancellationToken = default)
    {
        var query = new RunRowQuery
        {
            Filter = new RunFilter { Agent = agent, Requester = requester, SubAgents = true },
            Statuses = [RunStatus.Completed, RunStatus.Failed, RunStatus.Cancelled, RunStatus.BudgetExhausted],
        };
        Run[] runs = [.. (await _rows.ListAsync(query, Nothing, 0, MaxRuns, cancellationToken).ConfigureAwait(false)).Rows.Select(static row => row.Run)];
        return new PastRuns(
            runs.Length,
            runs.Count(static run => run.Status == RunStatus.Completed),
            Quartiles(runs.Select(static run => run.Usage.Usd)),
            Quartiles(runs.Select(static run => Math.Round((decimal)((run.CompletedAt ?? run.UpdatedAt) - run.CreatedAt).TotalMilliseconds))),
            Quartiles(runs.Select(static run => (decimal)run.Turns)));
    }

    internal static IReadOnlyList<decimal>? Quartiles(IEnumerable<decimal> values)
    {
        decimal[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? null : [At(sorted, 1), At(sorted, 2), At(sorted, 3)];
    }

    /// <summary>The value at a quarter of the way, between its neighbours.</summary>
    private static decimal At(decimal[] sorted, int quarter)
    {
        decimal place = (sorted.Length - 1) * quarter / 4m;
        int below = (int)place;
        return below + 1 < sorted.Length ? sorted[below] + ((place - below) * (sorted[below + 1] - sorted[below])) : sorted[below];
    }
}

/// <summary>Represents what runs took: each part as its lower quartile, median and upper quartile; <see langword="null"/> if there are no runs.</summary>
/// <param name="Ended">How many have ended.</param>
/// <param name="Completed">How many of them ended with an answer.</param>
/// <param name="Usd">What they cost in US dollars.</param>
/// <param name="WallClockMs">How long they took, in milliseconds.</param>
/// <param name="Turns">How many turns they took.</param>
public sealed record PastRuns(
    int Ended, int Completed, IReadOnlyList<decimal>? Usd, IReadOnlyList<decimal>? WallClockMs, IReadOnlyList<decimal>? Turns);

using System.Collections.Frozen;
using AgentFunctions.Runs;

namespace AgentFunctions.Views.Runs;

/// <summary>Sums up what the last runs of an agent took.</summary>
public sealed class AgentPast
{
    private const int MaxRuns = 100;

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
        RunRowPage page = await _rows.ListAsync(query, FrozenSet<string>.Empty, 0, MaxRuns, cancellationToken)
            .ConfigureAwait(false);
        Run[] runs = [.. page.Rows.Select(static row => row.Run)];
        return new PastRuns(
            runs.Length,
            runs.Count(static run => run.Status == RunStatus.Completed),
            QuartilesOf(runs, static run => run.Usage.Usd),
            QuartilesOf(
                runs, static run => Math.Round((decimal)((run.CompletedAt ?? run.UpdatedAt) - run.CreatedAt).TotalMilliseconds)),
            QuartilesOf(runs, static run => run.Turns));
    }

    private static IReadOnlyList<decimal>? QuartilesOf(Run[] runs, Func<Run, decimal> part)
    {
        if (runs.Length == 0)
        {
            return null;
        }

        (decimal low, decimal median, decimal high) = Quartiles.Of(runs.Select(part));
        return [low, median, high];
    }
}

/// <summary>
/// Represents what runs took: each part as its lower quartile, median and upper quartile; <see langword="null"/> if there are no
/// runs.
/// </summary>
/// <param name="Ended">How many have ended.</param>
/// <param name="Completed">How many of them ended with an answer.</param>
/// <param name="Usd">What they cost in US dollars.</param>
/// <param name="WallClockMs">How long they took, in milliseconds.</param>
/// <param name="Turns">How many turns they took.</param>
public sealed record PastRuns(
    int Ended, int Completed, IReadOnlyList<decimal>? Usd, IReadOnlyList<decimal>? WallClockMs, IReadOnlyList<decimal>? Turns);

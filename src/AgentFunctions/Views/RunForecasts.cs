using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.Views;

/// <summary>Forecasts which part of a run's budget runs out first, from the pace of the run's last turns.</summary>
public sealed class RunForecasts
{
    /// <summary>The most turns that the pace is taken from.</summary>
    internal const int MaxTurns = 20;

    /// <summary>The fewest turns that make a forecast.</summary>
    internal const int MinTurns = 5;

    /// <summary>The most events that are read to find the turns.</summary>
    private const int MaxEvents = 400;

    /// <summary>A time that is farther away than this is of no use to a reader.</summary>
    private static readonly TimeSpan Farthest = TimeSpan.FromDays(3_650);

    private readonly Journal _journal;
    private readonly TimeProvider _time;

    internal RunForecasts(Journal journal, TimeProvider time) => (_journal, _time) = (journal, time);

    /// <summary>Forecasts when a run's budget runs out.</summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The forecast; <see langword="null"/> for a run that has ended, or whose budget is unknown.</returns>
    public async Task<RunForecast?> FindAsync(Run run, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (run.IsEnded || run.Budget is not { } budget)
        {
            return null;
        }

        long length = await _journal.LengthAsync(run.Id, cancellationToken).ConfigureAwait(false);
        var turns = new List<JournalEvent>();
        await foreach ((_, JournalEvent e) in _journal.ReadAsync(run.Id, Math.Max(0, length - MaxEvents), null, cancellationToken)
            .ConfigureAwait(false))
        {
            if (e is { Type: JournalEventTypes.ModelCompleted, Usage: not null })
            {
                turns.Add(e);
            }
        }

        return Of(run, budget, [.. turns.TakeLast(MaxTurns)], _time.GetUtcNow());
    }

    internal static RunForecast Of(Run run, RunBudget budget, IReadOnlyList<JournalEvent> turns, DateTimeOffset now)
    {
        if (turns.Count < MinTurns)
        {
            return new RunForecast("unknown", turns.Count);
        }

        Quartiles seconds = Quartiles.Of(turns.Zip(turns.Skip(1),
            static (one, next) => (decimal)Math.Max(0, (next.At - one.At).TotalSeconds)));
        Quartiles tokens = Quartiles.Of(turns.Select(static turn => (decimal)(turn.Usage!.InputTokens
            + turn.Usage.OutputTokens)));
        Quartiles usd = Quartiles.Of(turns.Select(static turn => turn.Usage!.Usd));
        decimal stepsATurn = run.Turns > 0 ? (decimal)run.Steps / run.Turns : 1;
        RunForecast? first = new[]
        {
            End("tokens", budget.Left.Tokens, tokens), End("usd", budget.Left.Usd, usd),
            End("steps", budget.Left.Steps, new Quartiles(stepsATurn, stepsATurn, stepsATurn)), Clock(),
        }.OfType<RunForecast>().MinBy(static end => end.At);
        return first ?? new RunForecast("none", turns.Count);

        RunForecast? End(string part, decimal? left, Quartiles each) => left is { } amount && each.Median > 0
            && Time(amount / each.Median * seconds.Median) is { } at
            ? new RunForecast(part, turns.Count)
            {
                At = at,
                Low = Time(amount / each.High * seconds.Low),
                High = each.Low > 0 ? Time(amount / each.Low * seconds.High) : null,
                UsdAtEnd = Cost(amount / each.Median),
            }
            : null;

        RunForecast? Clock() => budget.Left.WallClock is { } left ? new RunForecast("wallClock", turns.Count)
        {
            At = now + left,
            Low = now + left,
            High = now + left,
            UsdAtEnd = seconds.Median > 0 ? Cost((decimal)left.TotalSeconds / seconds.Median) : null,
        } : null;

        DateTimeOffset? Time(decimal after) => after <= (decimal)Farthest.TotalSeconds
            ? now + TimeSpan.FromSeconds((double)Math.Max(0, after))
            : null;

        IReadOnlyList<decimal>? Cost(decimal more)
        {
            // What was granted in dollars is not passed by more than a turn.
            decimal most = budget.Granted.Usd is { } granted ? granted + usd.High : decimal.MaxValue;
            return more > 1_000_000 ? null : [Bound(usd.Low), Bound(usd.High)];

            decimal Bound(decimal each) =>
                Math.Round(Math.Min(most, budget.Spent.Usd.GetValueOrDefault() + (Math.Max(0, more) * each)), 4);
        }
    }
}

/// <summary>Represents a forecast of a run's budget.</summary>
/// <param name="First">
/// The part of the budget that runs out first: <c>tokens</c>, <c>usd</c>, <c>steps</c> or <c>wallClock</c>; <c>unknown</c> for
/// too few turns, <c>none</c> if no part runs out in sight.
/// </param>
/// <param name="BasedOnTurns">The number of turns that the pace is taken from.</param>
public sealed record RunForecast(string First, int BasedOnTurns)
{
    /// <summary>Gets when it runs out at the median pace (UTC); <see langword="null"/> if nothing is forecast.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>Gets when it runs out at the fastest pace of the middle half of the turns (UTC).</summary>
    public DateTimeOffset? Low { get; init; }

    /// <summary>
    /// Gets when it runs out at the slowest pace of the middle half of the turns (UTC); <see langword="null"/> if that is not in
    /// sight.
    /// </summary>
    public DateTimeOffset? High { get; init; }

    /// <summary>
    /// Gets the lowest and the highest cost of the run at that time, in US dollars; <see langword="null"/> if unknown.
    /// </summary>
    public IReadOnlyList<decimal>? UsdAtEnd { get; init; }
}

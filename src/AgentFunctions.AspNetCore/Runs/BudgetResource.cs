using System.Globalization;
using System.Text.Json.Serialization;
using System.Xml;
using AgentFunctions.Budgets;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What a run may spend or has spent. A part that is null or left out is not limited.</summary>
internal sealed record BudgetResource
{
    /// <summary>Model calls and tool calls.</summary>
    public int? Steps { get; init; }

    /// <summary>Tokens, in and out together.</summary>
    public long? Tokens { get; init; }

    /// <summary>US dollars; only for models with a price.</summary>
    public decimal? Usd { get; init; }

    /// <summary>Time from the first turn, waiting included (ISO 8601, for instance <c>PT5H</c>).</summary>
    public string? WallClock { get; init; }

    /// <summary>Sub-agents started.</summary>
    public int? SubAgents { get; init; }

    public static BudgetResource Of(Budget budget) => new()
    {
        Steps = budget.Steps,
        Tokens = budget.Tokens,
        Usd = budget.Usd,
        WallClock = budget.WallClock is { } time ? XmlConvert.ToString(time) : null,
        SubAgents = budget.SubAgents,
    };

    public Budget ToBudget() => new()
    {
        Steps = Steps,
        Tokens = Tokens,
        Usd = Usd,
        WallClock = WallClock is null ? null : Duration(WallClock),
        SubAgents = SubAgents,
    };

    private static TimeSpan Duration(string text)
    {
        // As agent files write it: 90s, 30m, 1h, 5d.
        if (text.Length is > 1 and < 12 && "smhd".Contains(text[^1], StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count))
        {
            double seconds = count * (text[^1] switch { 's' => 1.0, 'm' => 60, 'h' => 3_600, _ => 86_400 });
            if (seconds < TimeSpan.MaxValue.TotalSeconds / 2)
            {
                return TimeSpan.FromSeconds(seconds);
            }
        }

        try
        {
            return XmlConvert.ToTimeSpan(text);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new AgentException(ErrorCode.InvalidInput,
                "budget.wallClock: use an ISO 8601 duration, for instance PT5H or P5D, or a number of s, m, h or d, for instance 5h.");
        }
    }
}

/// <summary>Where a run's budget stands.</summary>
/// <param name="Granted">What may be spent in all.</param>
/// <param name="Spent">What was spent.</param>
/// <param name="Left">What is left of the limited parts.</param>
internal sealed record RunBudgetResource(BudgetResource Granted, BudgetResource Spent, BudgetResource Left)
{
    /// <summary>The forecast from the pace of the run's last turns; only if a single run is read that has not ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ForecastResource? Forecast { get; init; }

    public static RunBudgetResource Of(RunBudget budget) =>
        new(BudgetResource.Of(budget.Granted), BudgetResource.Of(budget.Spent), BudgetResource.Of(budget.Left));
}

/// <summary>The forecast of a run's budget, from the pace of the run's last turns.</summary>
/// <param name="First">
/// The part that runs out first: tokens, usd, steps or wallClock; <c>unknown</c> below five turns, <c>none</c> if no part runs
/// out in sight.
/// </param>
/// <param name="At">When it runs out at the median pace (UTC); null if nothing is forecast.</param>
/// <param name="Low">When it runs out at the fast end of the middle half of the turns (UTC).</param>
/// <param name="High">
/// When it runs out at the slow end of the middle half of the turns (UTC); null if that is not in sight.
/// </param>
/// <param name="UsdAtEnd">The lowest and the highest cost of the run at that time, in US dollars; null if unknown.</param>
/// <param name="BasedOnTurns">The number of turns that the pace is taken from; at most 20.</param>
internal sealed record ForecastResource(
    string First, DateTime? At, DateTime? Low, DateTime? High, IReadOnlyList<decimal>? UsdAtEnd, int BasedOnTurns)
{
    public static ForecastResource Of(RunForecast forecast) => new(
        forecast.First, forecast.At?.UtcDateTime, forecast.Low?.UtcDateTime, forecast.High?.UtcDateTime, forecast.UsdAtEnd,
        forecast.BasedOnTurns);
}

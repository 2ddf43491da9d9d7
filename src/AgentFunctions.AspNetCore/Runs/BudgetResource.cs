using System.Xml;
using AgentFunctions.Budgets;

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
        try
        {
            return XmlConvert.ToTimeSpan(text);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new AgentException(ErrorCode.InvalidInput, "budget.wallClock: use an ISO 8601 duration, for instance PT5H or P5D.");
        }
    }
}

/// <summary>Where a run's budget stands.</summary>
/// <param name="Granted">What may be spent in all.</param>
/// <param name="Spent">What was spent.</param>
/// <param name="Left">What is left of the limited parts.</param>
internal sealed record RunBudgetResource(BudgetResource Granted, BudgetResource Spent, BudgetResource Left);

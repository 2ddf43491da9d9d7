using System.Xml;
using AgentFunctions.Budgets;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What a run may spend. A part that is left out is limited by the agent's definition alone.</summary>
internal sealed record BudgetSubmission
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

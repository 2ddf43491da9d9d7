using AgentFunctions.Budgets;

namespace AgentFunctions.Loop;

/// <summary>What sub-agents that have ended add to their lead's numbers.</summary>
internal sealed record SwarmGains
{
    public int Steps { get; init; }

    public TokenUsage Usage { get; init; } = new();

    /// <summary>Gets the parts of <see cref="Usage"/> by other models than the lead's; <see langword="null"/> for none.</summary>
    public IReadOnlyDictionary<string, TokenUsage>? UsageOfOthers { get; init; }

    /// <summary>Gets the longest chain of steps that goes through one of them.</summary>
    public int CriticalSteps { get; init; }

    /// <summary>Gets the size of the results that the lead is shown.</summary>
    public long Bytes { get; init; }

    /// <summary>Gets what people granted to sub-agents beyond what the lead had.</summary>
    public Budget Extra { get; init; } = new();

    public SwarmGains With(ChildEnded ended, LiveChild child) => new()
    {
        Steps = Steps + ended.Steps,
        Usage = Usage.Plus(ended.Usage),
        UsageOfOthers = ModelShares.Sum(UsageOfOthers, ended.UsageOfOthers),
        CriticalSteps = Math.Max(CriticalSteps, child.CriticalSteps + ended.CriticalSteps),
        Bytes = Bytes + (child.Awaited ? ended.Bytes : 0),
        Extra = ended.Granted.Beyond(child.Granted) is { } more ? Extra.With(more) : Extra,
    };
}

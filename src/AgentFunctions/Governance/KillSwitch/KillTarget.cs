using AgentFunctions.Runs;

namespace AgentFunctions.Governance.KillSwitch;

/// <summary>Specifies what the kill switch stops.</summary>
public enum KillScope
{
    /// <summary>Everything.</summary>
    All,

    /// <summary>One run and its tree.</summary>
    Run,

    /// <summary>Every run of one agent.</summary>
    Agent,

    /// <summary>Every run with a label, given as <c>name=value</c>.</summary>
    Label,

    /// <summary>Every call of one tool.</summary>
    Tool,
}

/// <summary>Represents an order of the kill switch.</summary>
/// <param name="Scope">What kind of thing.</param>
/// <param name="Name">Which one; empty for <see cref="KillScope.All"/>.</param>
/// <param name="By">Who stopped it.</param>
/// <param name="Reason">The reason.</param>
/// <param name="At">The time (UTC).</param>
public sealed record KillOrder(KillScope Scope, string Name, string By, string? Reason, DateTimeOffset At)
{
    internal string Words => Scope == KillScope.All ? "everything" : $"{Scope.ToString().ToLowerInvariant()} '{Name}'";

    internal bool Hits(RunRecord run, IReadOnlyList<string> tree) => Scope switch
    {
        KillScope.All => true,
        KillScope.Run => tree.Contains(Name, StringComparer.Ordinal),
        KillScope.Agent => run.Agent == Name,
        KillScope.Label => Name.Split('=', 2) is [var label, var value] && run.Labels.TryGetValue(label, out string? has)
            && has == value,
        _ => false,
    };
}

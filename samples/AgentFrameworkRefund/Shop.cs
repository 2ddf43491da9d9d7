using Microsoft.Extensions.AI;

namespace AgentFrameworkRefund;

/// <summary>What the agent does to the world: each effect is a line of a file, so that one that happens twice is seen.</summary>
internal sealed class Shop(string folder, KillPoint kill)
{
    /// <summary>The effects that an order must have once each.</summary>
    public static readonly string[] Effects = ["charge", "mark_refunded", "notify"];

    private string Ledger => Path.Combine(folder, "effects");

    /// <summary>The tools of the team, as they are.</summary>
    public AIFunction[] Tools => [.. Effects.Select(ToolOf)];

    /// <summary>The effects that have happened.</summary>
    public string[] Happened => File.Exists(Ledger) ? File.ReadAllLines(Ledger) : [];

    /// <summary>A tool of the team.</summary>
    public AIFunction ToolOf(string name) => AIFunctionFactory.Create(
        (string order) =>
        {
            kill.Pass($"before {name}");
            Disk.Append(Ledger, name);
            kill.Pass($"after {name}");
            return $"{name}: done for {order}";
        },
        name, $"Does {name} for an order.");
}

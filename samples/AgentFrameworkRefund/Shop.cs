using Microsoft.Extensions.AI;

namespace AgentFrameworkRefund;

/// <summary>What the agent does to the world: each effect is a line of a file, so that one that happens twice is seen.</summary>
internal sealed class Shop(string folder, KillPoint kill)
{
    /// <summary>The effects that an order must have once each.</summary>
    public static readonly string[] Effects = ["charge", "mark_refunded", "notify"];

    /// <summary>The file of the effects, a line each.</summary>
    public const string LedgerFile = "effects";

    private string Ledger => Path.Combine(folder, LedgerFile);

    /// <summary>The tools of the team, as they are.</summary>
    public AIFunction[] Tools => [.. Effects.Select(name => ToolOf(name))];

    /// <summary>
    /// The same tools, each with a key of the order: who receives the effect knows the keys, and takes each once.
    /// </summary>
    public AIFunction[] KeyedTools => [.. Effects.Select(name => ToolOf(name, isKeyed: true))];

    /// <summary>The effects that have happened.</summary>
    public string[] Happened => File.Exists(Ledger) ? File.ReadAllLines(Ledger) : [];

    /// <summary>A tool of the team.</summary>
    public AIFunction ToolOf(string name, bool isKeyed = false) => AIFunctionFactory.Create(
        (string order) =>
        {
            kill.Pass($"before {name}");
            if (!isKeyed || !Happened.Contains(name))
            {
                Disk.Append(Ledger, name);
            }

            kill.Pass($"after {name}");
            return $"{name}: done for {order}";
        },
        name, $"Does {name} for an order.");
}

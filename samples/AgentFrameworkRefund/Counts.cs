namespace AgentFrameworkRefund;

/// <summary>What happened in the trials of one shape.</summary>
/// <param name="Doubled">Effects beyond the first of their kind.</param>
/// <param name="Lost">Effects that never happened, and of which the agent was told that they had, or was told nothing.</param>
/// <param name="Unknown">Effects of which the agent was told that their outcome is unknown.</param>
/// <param name="ModelCalls">Model calls that were paid for.</param>
internal readonly record struct Counts(int Doubled, int Lost, int Unknown, int ModelCalls)
{
    /// <summary>The file of the model calls, a line each.</summary>
    public const string ModelCallsFile = "model-calls";

    /// <summary>The file of the effects whose outcome was reported as unknown.</summary>
    public const string UnknownFile = "unknown";

    /// <summary>Reads what happened in one trial.</summary>
    public static Counts Of(string folder)
    {
        ILookup<string, string> happened = Lines(folder, Shop.LedgerFile).ToLookup(static line => line);
        HashSet<string> unknown = [.. Lines(folder, UnknownFile)];
        return new Counts(
            Shop.Effects.Sum(effect => Math.Max(0, happened[effect].Count() - 1)),
            Shop.Effects.Count(effect => !happened.Contains(effect) && !unknown.Contains(effect)),
            unknown.Count,
            Lines(folder, ModelCallsFile).Length);
    }

    public static Counts operator +(Counts one, Counts other) => new(
        one.Doubled + other.Doubled, one.Lost + other.Lost, one.Unknown + other.Unknown, one.ModelCalls + other.ModelCalls);

    private static string[] Lines(string folder, string name)
    {
        string file = Path.Combine(folder, name);
        return File.Exists(file) ? File.ReadAllLines(file) : [];
    }
}

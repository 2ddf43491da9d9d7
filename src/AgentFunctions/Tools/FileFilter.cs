namespace AgentFunctions.Tools;

/// <summary>Decides which files a call that reads many of them may read.</summary>
/// <param name="ruleAgainst">Finds the rule that keeps a file, by its path within the workspace, from being read.</param>
internal sealed class FileFilter(Func<string, string?> ruleAgainst)
{
    private readonly SortedSet<string> _rules = new(StringComparer.Ordinal);

    /// <summary>Gets how many files were left out.</summary>
    public int LeftOut { get; private set; }

    /// <summary>Determines whether a file may be read, and counts it if not.</summary>
    /// <param name="path">The path within the workspace.</param>
    public bool Allows(string path)
    {
        if (ruleAgainst(path) is not { } rule)
        {
            return true;
        }

        LeftOut++;
        _rules.Add(rule);
        return false;
    }

    /// <summary>Gets the note on what was left out; empty if nothing was.</summary>
    public string Note => LeftOut == 0
        ? ""
        : $"({LeftOut} file{(LeftOut == 1 ? "" : "s")} left out by the policy: {string.Join(", ", _rules.Select(static rule => $"rule '{rule}'"))})";
}

using AgentFunctions.Workspaces;

namespace AgentFunctions.Snapshots;

/// <summary>How far a walk could see: what it left out may have stood there all the same.</summary>
internal sealed class FolderView
{
    private readonly Dictionary<string, IgnoreRules> _rules = new(StringComparer.Ordinal);
    private readonly HashSet<string> _closed = new(StringComparer.Ordinal);

    /// <summary>Gets or sets whether the walk ended before it had seen all.</summary>
    public bool IsCut { get; set; }

    /// <summary>Notes the rules that hold below a folder, if they are others than those above.</summary>
    public void Add(string folder, IgnoreRules rules) => _rules[folder] = rules;

    /// <summary>Notes what could not be looked at, or looked into.</summary>
    public void Close(string path) => _closed.Add(path);

    /// <summary>Notes what the log says that was left out.</summary>
    public void Close(IEnumerable<SkippedPath> skipped)
    {
        foreach (SkippedPath one in skipped)
        {
            IsCut |= one.Path == PathNames.Whole;
            Close(one.Path);
        }
    }

    /// <summary>Determines whether something may have stood at a path that the walk did not see.</summary>
    /// <param name="path">The path, relative to the root.</param>
    /// <param name="isFolder">Whether it is a folder.</param>
    public bool Hides(string path, bool isFolder)
    {
        IgnoreRules rules = _rules.GetValueOrDefault("", IgnoreRules.None);
        for (int slash = path.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            string folder = path[..slash];
            if (_closed.Contains(folder) || rules.IsIgnored(folder, isFolder: true))
            {
                return true;
            }

            rules = _rules.GetValueOrDefault(folder, rules);
        }

        return IsCut || _closed.Contains(path) || rules.IsIgnored(path, isFolder);
    }
}

namespace AgentFunctions.Tools;

/// <summary>A folder that a run works in. Paths that lead out of it are refused.</summary>
public sealed class Workspace
{
    /// <summary>Opens a folder.</summary>
    /// <param name="root">The folder; it must exist.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: there is no such folder.</exception>
    public Workspace(string root)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(root);
        Root = Path.GetFullPath(root);
        if (!Directory.Exists(Root))
        {
            throw new AgentException(ErrorCode.InvalidInput, $"workspace: there is no folder '{Root}'; create it or name another.");
        }
    }

    /// <summary>The folder's full path.</summary>
    public string Root { get; }
}

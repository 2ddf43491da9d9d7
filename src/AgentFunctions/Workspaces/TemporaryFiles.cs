namespace AgentFunctions.Workspaces;

/// <summary>The files of unfinished writes, which lists and snapshots leave out.</summary>
internal static class TemporaryFiles
{
    /// <summary>How their names begin.</summary>
    public const string Prefix = ".agentfunctions-tmp-";
}

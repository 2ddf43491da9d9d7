namespace AgentFunctions.Agents;

/// <summary>Represents a note to the author of an agent file that can be used nevertheless.</summary>
/// <param name="Path">The file.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Message">What was noticed.</param>
public sealed record AgentFileNote(string Path, int Line, string Message)
{
    /// <summary>Gets the note as compilers write theirs: <c>path(line): message</c>.</summary>
    public override string ToString() => $"{Path}({Line}): {Message}";
}

namespace AgentFunctions.Agents;

/// <summary>Something about an agent file that its author should know, though the file can be used.</summary>
/// <param name="Path">The file.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Message">What was noticed.</param>
public sealed record AgentFileNote(string Path, int Line, string Message)
{
    /// <summary>The note as compilers write theirs: <c>path(line): message</c>.</summary>
    public override string ToString() => $"{Path}({Line}): {Message}";
}

namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>Represents what a command would do, or why it is refused.</summary>
internal sealed record CommandPlan
{
    /// <summary>Gets why the command is not allowed, with the remedy; <see langword="null"/> if it is.</summary>
    public string? Refusal { get; init; }

    /// <summary>Gets the arguments that the program is started with.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Gets the variables that keep the program from running others, over the usual ones.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Gets the paths of which the command shows names and states alone.</summary>
    public IReadOnlyList<string> Lists { get; init; } = [];

    /// <summary>Gets the paths that the command reads.</summary>
    public IReadOnlyList<string> Reads { get; init; } = [];

    /// <summary>Gets the paths that the command writes.</summary>
    public IReadOnlyList<string> Writes { get; init; } = [];

    /// <summary>
    /// Gets the paths, of those that are read or written, below which files count that a repository once held.
    /// </summary>
    public IReadOnlyList<string> Past { get; init; } = [];

    /// <summary>
    /// Gets whether the program may run code of the workspace, or whatever its arguments say, so that any file may be read and
    /// written.
    /// </summary>
    public bool RunsCode { get; init; }

    /// <summary>Gets whether the program may look into repositories within the repository.</summary>
    public bool VisitsNested { get; init; }

    /// <summary>Makes a plan that refuses.</summary>
    public static CommandPlan Refuse(string reason) => new() { Refusal = reason };
}

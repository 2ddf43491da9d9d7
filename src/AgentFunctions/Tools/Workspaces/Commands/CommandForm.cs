namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>Specifies what the operands of a form are.</summary>
internal enum Operands
{
    /// <summary>There are none.</summary>
    None,

    /// <summary>Paths of the workspace.</summary>
    Paths,

    /// <summary>Text, which nothing opens.</summary>
    Text,

    /// <summary>A text, a pattern for instance, and then paths.</summary>
    TextThenPaths,

    /// <summary>Revisions of a repository and paths.</summary>
    Revisions,

    /// <summary>A pattern, and then revisions and paths.</summary>
    TextThenRevisions,
}

/// <summary>Specifies what a form does with the files that its operands name.</summary>
internal enum FileUse
{
    /// <summary>It looks at names and states alone.</summary>
    Names,

    /// <summary>It shows what is in them; without operands, of all.</summary>
    Reads,

    /// <summary>It shows what is in them; without operands, of none.</summary>
    ReadsNamed,

    /// <summary>It changes them; without operands, all.</summary>
    Writes,

    /// <summary>It runs code that lies in the workspace.</summary>
    RunsCode,
}

/// <summary>Represents one allowed form of a program: a subcommand with its options and operands.</summary>
/// <param name="Subcommand">The subcommand, or empty for a program without.</param>
/// <param name="Options">The options.</param>
/// <param name="Operands">What the operands are.</param>
/// <param name="Use">What it does with files.</param>
internal sealed record CommandForm(string Subcommand, CommandOptions Options, Operands Operands, FileUse Use)
{
    /// <summary>Gets the arguments that are put before the model's own, for safety.</summary>
    public IReadOnlyList<string> Adds { get; init; } = [];

    /// <summary>
    /// Gets the operand that stands for all, for a program that without one reads its input, which is empty here.
    /// </summary>
    public string? Whole { get; init; }

    /// <summary>Gets what the options change of the use.</summary>
    public Func<ParsedArguments, FileUse>? UseOf { get; init; }

    /// <summary>Gets what else must hold; returns the complaint.</summary>
    public Func<ParsedArguments, string?>? Check { get; init; }

    /// <summary>Gets the options that make all operands paths.</summary>
    public IReadOnlyList<string> TextOptions { get; init; } = [];

    /// <summary>Gets whether a revision may be a file's content, which is shown whatever the paths are.</summary>
    public bool ShowsObjects { get; init; }

    /// <summary>
    /// Gets whether the form may look into repositories within the repository, so that their own configuration counts.
    /// </summary>
    public Func<ParsedArguments, bool>? VisitsNested { get; init; }

    /// <summary>
    /// Gets whether files are taken from a revision, which may be the tree of another folder: what it holds is not what the paths
    /// say.
    /// </summary>
    public bool TakesFromTrees { get; init; }

    /// <summary>Gets the options by which files count that are not there now, as they do wherever revisions are named.</summary>
    public IReadOnlyList<string> PastOptions { get; init; } = [];

    /// <summary>Gets whether the tree of a folder in a revision is shown as a list of names.</summary>
    public bool ListsTrees { get; init; }

    /// <summary>Gets the options by which files under other paths than the named ones are shown.</summary>
    public IReadOnlyList<string> ShowsOthers { get; init; } = [];

    /// <summary>Gets whether every operand is an object, never a path.</summary>
    public bool TakesObjects { get; init; }
}

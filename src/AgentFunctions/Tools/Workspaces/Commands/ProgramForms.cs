using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>Represents the allowed forms of one program.</summary>
/// <param name="program">The program.</param>
/// <param name="forms">Its forms.</param>
internal class ProgramForms(string program, IReadOnlyList<CommandForm> forms)
{
    /// <summary>Gets the name of the program.</summary>
    public string Program => program;

    /// <summary>Gets the subcommands in words; empty if there are none.</summary>
    public string Words => forms[0].Subcommand.Length == 0
        ? ""
        : $" ({string.Join(", ", forms.Select(static form => form.Subcommand))})";

    /// <summary>Gets the variables that keep the program from running others.</summary>
    protected virtual IReadOnlyDictionary<string, string?> Environment { get; } = new Dictionary<string, string?>();

    /// <summary>Gets the arguments that stand before the subcommand.</summary>
    protected virtual IReadOnlyList<string> Before(Workspace workspace) => [];

    /// <summary>Finds what keeps the program from being started at all; <see langword="null"/> if nothing does.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="plan">What the command would do.</param>
    /// <param name="start">Starts the program with arguments of ours and returns its output.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public virtual Task<string?> ObstacleAsync(
        Workspace workspace, CommandPlan plan,
        Func<IReadOnlyList<string>, IReadOnlyDictionary<string, string?>, Task<CommandResult>> start,
        CancellationToken cancellationToken) =>
        Task.FromResult<string?>(null);

    /// <summary>Holds a command against the forms.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="arguments">The arguments.</param>
    public virtual CommandPlan Plan(Workspace workspace, IReadOnlyList<string> arguments)
    {
        bool hasSubcommand = forms[0].Subcommand.Length > 0;
        CommandForm? form = hasSubcommand
            ? forms.FirstOrDefault(one => arguments.Count > 0 && one.Subcommand == arguments[0])
            : forms[0];
        if (form is null)
        {
            string what = arguments.Count == 0 ? $"{program} without arguments" : $"{program} {PathSyntax.Show(arguments[0])}";
            return Refuse(what, $"its allowed forms are: {string.Join(", ", forms.Select(one => one.Subcommand))}");
        }

        IReadOnlyList<string> own = hasSubcommand ? [.. arguments.Skip(1)] : arguments;
        string name = hasSubcommand ? $"{program} {form.Subcommand}" : program;
        ParsedArguments parsed = form.Options.Parse(own, out string? refused);
        if (refused is not null)
        {
            return Refuse($"{name} {PathSyntax.Show(refused)}",
                "this option is not among the allowed forms, or its value is missing");
        }

        if (form.Check?.Invoke(parsed) is { } complaint)
        {
            return Refuse(name, complaint);
        }

        if (form.Operands == Operands.None && parsed.Operands.Count > 0)
        {
            return Refuse($"{name} {PathSyntax.Show(parsed.Operands[0])}", "this form takes no operands");
        }

        return WithPaths(workspace, form, name, own, parsed);
    }

    private CommandPlan WithPaths(Workspace workspace, CommandForm form, string name, IReadOnlyList<string> own,
        ParsedArguments parsed)
    {
        int texts = form.Operands switch
        {
            Operands.Text => parsed.Operands.Count,
            Operands.TextThenPaths or Operands.TextThenRevisions => parsed.HasAny([.. form.TextOptions]) ? 0 : 1,
            _ => 0,
        };
        var named = new List<string>();
        var single = new List<string>();
        bool ofPast = form.Operands == Operands.Revisions || form.TakesFromTrees || parsed.HasAny([.. form.PastOptions]);
        bool isUnclear = false;
        bool isElsewhere = parsed.Revisions.Any(static revision => !Revision.IsCommit(revision))
            || parsed.HasAny([.. form.ShowsOthers]);
        foreach ((int i, string operand) in parsed.Operands.Index().Skip(texts))
        {
            if (form.Operands is Operands.Revisions or Operands.TextThenRevisions && i < parsed.OperandsFrom)
            {
                if (!IsSafeRevision(workspace, operand))
                {
                    return Outside(name, operand);
                }

                // Before a "--" nothing is a path; without one, what is clearly no commit may be an object or the path of a file
                // that is gone.
                bool mayBePath = parsed.OperandsFrom == int.MaxValue && !form.TakesObjects;
                if (mayBePath && Path.Exists(Path.Combine(workspace.Root, operand)))
                {
                    named.Add(operand);
                    continue;
                }

                ofPast = true;
                if (Revision.PathIn(operand) is { } path && IsInside(workspace, path))
                {
                    named.Add(path);
                    single.AddRange(form.ListsTrees ? [path] : []);
                }
                else
                {
                    isElsewhere |= form.TakesFromTrees && parsed.Operands.Count > 1 && !Revision.IsCommit(operand);
                    isUnclear |= !Revision.IsCommit(operand) && (form.ShowsObjects || form.TakesObjects || mayBePath);
                }
            }
            else if (operand != "-")
            {
                if (!IsInside(workspace, operand))
                {
                    return Outside(name, operand);
                }

                named.Add(operand);
            }
        }

        if (parsed.Paths.FirstOrDefault(path => !IsInside(workspace, path)) is { } outside)
        {
            return Outside(name, outside);
        }

        FileUse use = form.UseOf?.Invoke(parsed) ?? form.Use;
        if (use == FileUse.Writes && named.FirstOrDefault(IsOfGit) is { } ofGit)
        {
            return Refuse($"{name} {PathSyntax.Show(ofGit)}", "this belongs to git itself; name another path");
        }

        IReadOnlyList<string> files = (named.Count > 0 && !isUnclear) || use == FileUse.ReadsNamed ? named : [PathNames.Whole];
        bool namesRevisions = form.Operands == Operands.Revisions;
        int operands = namesRevisions ? Math.Min(parsed.Operands.Count, parsed.OperandsFrom) : parsed.Operands.Count - texts;
        string[] whole = form.Whole is { } one && operands == 0 ? [one] : [];
        return new CommandPlan
        {
            Arguments =
            [
                .. Before(workspace), .. form.Subcommand.Length > 0 ? new[] { form.Subcommand } : [], .. form.Adds,
                .. namesRevisions ? whole : [], .. own, .. namesRevisions ? [] : whole,
            ],
            Environment = Environment,
            Lists = use == FileUse.Names ? named : [],
            Reads =
            [
                .. isElsewhere && (form.TakesFromTrees || use == FileUse.Reads) ? [PathNames.Whole]
                    : use is FileUse.Reads or FileUse.ReadsNamed or FileUse.Writes ? files : [],
                .. parsed.Paths,
            ],
            Writes = use == FileUse.Writes ? files : [],
            Past = ofPast ? [.. files.Append(PathNames.Whole).Except(single)] : [],
            RunsCode = use == FileUse.RunsCode,
            VisitsNested = form.VisitsNested?.Invoke(parsed) == true,
        };
    }

    /// <summary>Refuses a path.</summary>
    protected CommandPlan Outside(string name, string operand) =>
        Refuse($"{name} {PathSyntax.Show(operand)}", "this leads out of the workspace; name a path within it");

    /// <summary>Refuses a command.</summary>
    protected CommandPlan Refuse(string what, string why) => CommandPlan.Refuse(
        $"command: '{what}' is not allowed: {why}. Other forms run only where the host allows '{program}:*'.");

    /// <summary>Determines whether a path lies within the workspace.</summary>
    protected static bool IsInside(Workspace workspace, string path)
    {
        // The file tools take "/" for the workspace; a program takes it for what it is.
        if (path.Length > 0 && path.Trim('/', '\\').Length == 0)
        {
            return false;
        }

        try
        {
            workspace.Resolve(path);
            return true;
        }
        catch (AgentException)
        {
            return false;
        }
    }

    private static bool IsOfGit(string path) => path.Split('/', '\\').Contains(".git", StringComparer.OrdinalIgnoreCase);

    /// <summary>A revision that leads nowhere as a path is harmless: the repository lies within the workspace.</summary>
    private static bool IsSafeRevision(Workspace workspace, string operand) =>
        !(operand.StartsWith('/') || operand.StartsWith('~') || Path.IsPathRooted(operand)
            || operand.Split('/', '\\').Contains("..")
            || File.Exists(Path.Combine(workspace.Root, operand)) || Directory.Exists(Path.Combine(workspace.Root, operand)))
        || IsInside(workspace, operand);
}

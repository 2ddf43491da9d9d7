using System.Globalization;
using System.Text.Json;
using AgentFunctions.Tools.Workspaces.Commands;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>Starts programs in workspaces as far as the host allows it.</summary>
internal sealed class WorkspaceCommands
{
    private const string AnyArguments = ":*";

    private readonly SortedDictionary<string, ProgramForms?> _allowed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _passed;
    private readonly int _maxOutput;

    public WorkspaceCommands(WorkspaceToolOptions options)
    {
        _passed = options.PassedEnvironment.ToHashSet(StringComparer.OrdinalIgnoreCase);
        _maxOutput = options.MaxCommandOutput;
        Timeout = options.CommandTimeout;
        Mode = options.Sandbox;
        Use(null, []);
        foreach (string entry in options.AllowedCommands)
        {
            bool isAny = entry.EndsWith(AnyArguments, StringComparison.Ordinal);
            string name = isAny ? entry[..^AnyArguments.Length] : entry;
            ProgramForms? forms = isAny ? null : ShippedForms.All.GetValueOrDefault(name);
            _allowed[name] = _allowed.TryGetValue(name, out ProgramForms? known) && known is null ? null : forms;
            if (!isAny && forms is null)
            {
                Unlimited.Add(name);
            }
        }
    }

    /// <summary>Gets the programs that are allowed with any arguments though nobody said so.</summary>
    public List<string> Unlimited { get; } = [];

    /// <summary>Gets the sandbox that commands run in; <see langword="null"/> if they run without.</summary>
    public ICommandSandbox? Sandbox { get; private set; }

    /// <summary>Gets or sets whether commands run in a sandbox.</summary>
    public SandboxMode Mode { get; set; }

    /// <summary>Gets or sets what governs the host and is out of reach; <see langword="null"/> if nothing is known to.</summary>
    public ProtectedPaths? Governing { get; set; }

    /// <summary>Gets or sets the clock of the host.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>Gets whether any command is allowed.</summary>
    public bool HasAny => _allowed.Count > 0;

    /// <summary>Gets how long one command may run.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>Gets which programs are allowed, in words.</summary>
    public string AllowedText => _allowed.Count == 0
        ? "This host allows no command."
        : $"Allowed: {string.Join(", ", _allowed.Select(static one => one.Key + (one.Value?.Words ?? "")))}.";

    /// <summary>Chooses the sandbox.</summary>
    /// <param name="sandbox">The host's own; <see langword="null"/> for that of the machine.</param>
    /// <param name="hidden">Full paths that commands in it do not see.</param>
    public void Use(ICommandSandbox? sandbox, IReadOnlyList<string> hidden) =>
        Sandbox = Mode == SandboxMode.Off ? null : sandbox ?? BubblewrapSandbox.Find(hidden);

    /// <summary>Whether a program is allowed.</summary>
    public bool Allows(string program) => _allowed.ContainsKey(program);

    /// <summary>Whether a program is allowed with any arguments.</summary>
    public bool AllowsAny(string program) => _allowed.TryGetValue(program, out ProgramForms? forms) && forms is null;

    /// <summary>Says which files a command reads and writes, for the policy.</summary>
    /// <param name="workspace">Where it would start.</param>
    /// <param name="call">The arguments of the call.</param>
    public IReadOnlyList<PathUse> UsesOf(Workspace workspace, JsonElement call)
    {
        if (!call.TryGetProperty("command", out JsonElement command) || command.ValueKind != JsonValueKind.String
            || !Allows(command.GetString()!))
        {
            return [];
        }

        string[] arguments = call.TryGetProperty("arguments", out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray()
                .Select(static item => item.ValueKind == JsonValueKind.String ? item.GetString()! : item.GetRawText())]
            : [];
        CommandPlan plan = PlanOf(workspace, command.GetString()!, arguments);
        return plan.Refusal is not null ? []
            : plan.RunsCode ? [.. Use(workspace, PathNames.Whole, "read_file", ToolEffect.None),
                .. Use(workspace, PathNames.Whole, "write_file", ToolEffect.Idempotent)]
            : [.. plan.Lists.Select(static path => new PathUse("list_files", ToolEffect.None, path)),
                .. plan.Reads.SelectMany(path => Use(workspace, path, "read_file", ToolEffect.None, plan.Past.Contains(path))),
                .. plan.Writes.SelectMany(
                    path => Use(workspace, path, "write_file", ToolEffect.Idempotent, plan.Past.Contains(path)))];
    }

    /// <summary>Runs a program to its end. When cancelled, its whole process tree is killed first.</summary>
    /// <param name="workspace">Where it starts.</param>
    /// <param name="command">The program's name alone.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="cancellationToken">The token to end the program.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolArgumentsInvalid"/>: the program, or this form of it, is not allowed.
    /// <see cref="ErrorCode.ToolFailed"/>: it cannot be started, or a sandbox is required and there is none.
    /// </exception>
    public async Task<CommandResult> RunAsync(
        Workspace workspace, string command, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        if (!Allows(command))
        {
            throw new AgentException(
                ErrorCode.ToolArgumentsInvalid,
                $"command: '{PathSyntax.Show(command)}' is not allowed. {AllowedText} Write the name alone and what follows it in arguments.");
        }

        CommandPlan plan = PlanOf(workspace, command, arguments);
        Ensure(Reserved(workspace, plan, arguments));
        Ensure(plan.Refusal);
        string program = ProgramPath.Find(command, workspace)
            ?? throw new AgentException(ErrorCode.ToolFailed, $"command: '{command}' is not installed on this host.");
        if (Mode == SandboxMode.Required && Sandbox is null)
        {
            throw new AgentException(
                ErrorCode.ToolFailed,
                "command: this host requires a sandbox and has none; install bubblewrap (bwrap) and allow user namespaces, or set Workspace:Sandbox to Auto.");
        }

        if (_allowed[command] is { } forms)
        {
            Ensure(await forms.ObstacleAsync(
                workspace, plan, (own, variables) => StartAsync(workspace, program, own, variables, cancellationToken),
                cancellationToken).ConfigureAwait(false));
        }

        return await StartAsync(workspace, program, plan.Arguments, plan.Environment, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Why a command would come to what governs; <see langword="null"/> if it would not, as far as its arguments tell.
    /// </summary>
    private string? Reserved(Workspace workspace, CommandPlan plan, IReadOnlyList<string> arguments)
    {
        if (Governing is null)
        {
            return null;
        }

        if (arguments.Select(argument => Governing.FindInArgument(workspace, argument))
            .FirstOrDefault(static found => found is not null) is { } named)
        {
            return $"arguments: one leads to {named.What}, which is reserved for the host; leave it out.";
        }

        // A sandbox hides it.
        IEnumerable<string> folders = Sandbox is not null || plan.RunsCode ? [] : plan.Reads.Concat(plan.Writes)
            .Select(path => LinkWalk.Followed(workspace.Root, path == PathNames.Whole ? "" : path)).Where(Directory.Exists);
        return folders.SelectMany(folder => Governing.Governing.Where(one => one.IsSecret && IsWithin(folder, one)))
            .FirstOrDefault() is { } within
            ? $"arguments: the program would go through a folder that holds {within.What}, which is reserved for the host; name other paths, or use search_files."
            : null;
    }

    private static bool IsWithin(string folder, GoverningPath one) =>
        Path.Exists(one.Path) && PathSyntax.Below(LinkWalk.Real(one.Path), folder, StringComparison.Ordinal) is not null;

    private static void Ensure(string? refusal)
    {
        if (refusal is not null)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, refusal);
        }
    }

    /// <summary>
    /// What a command would do. Of an argument with a zero character the program sees less than what is judged.
    /// </summary>
    private CommandPlan PlanOf(Workspace workspace, string command, IReadOnlyList<string> arguments) =>
        arguments.Any(static argument => argument.Contains('\0'))
            ? CommandPlan.Refuse("arguments: one holds a zero character; leave it out.")
            : _allowed[command]?.Plan(workspace, arguments) ?? new CommandPlan { Arguments = arguments, RunsCode = true };

    private Task<CommandResult> StartAsync(
        Workspace workspace, string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?> variables,
        CancellationToken cancellationToken)
    {
        Dictionary<string, string?> environment =
            new(CommandEnvironment.Make(_passed),
                StringComparer.Ordinal)
            { ["GIT_CEILING_DIRECTORIES"] = Path.GetDirectoryName(workspace.Root) };
        foreach ((string name, string? value) in variables)
        {
            environment[name] = value;
        }

        foreach (string absent in variables.Where(static pair => pair.Value is null).Select(static pair => pair.Key))
        {
            environment.Remove(absent);
        }

        SandboxedCommand start = new(program, arguments);
        start = Sandbox?.Wrap(workspace.Root, start) ?? start;
        return CommandProcess.RunAsync(start.Program, start.Arguments, workspace.Root, environment, _maxOutput, Time,
            cancellationToken);
    }

    /// <summary>A path that is a folder stands for all files below it.</summary>
    private static IEnumerable<PathUse> Use(Workspace workspace, string path, string tool, ToolEffect effect, bool ofPast = false)
    {
        var none = new HashSet<string>(StringComparer.Ordinal) { ".git" };
        yield return new PathUse(tool, effect, path);
        if (path == PathNames.Whole || Directory.Exists(Path.Combine(workspace.Root, path)))
        {
            yield return new PathUse(tool, effect, path) { Files = stop => TreeUse.Files(workspace, path, null, none, stop) };
        }

        if (ofPast && !File.Exists(Path.Combine(workspace.Root, path)))
        {
            yield return new PathUse(tool, effect, path) { MayBeGone = true };
        }
    }
}

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Text">The exit code and the output, for the model to read.</param>
internal sealed record CommandResult(int ExitCode, string Text)
{
    /// <summary>Gets what it wrote to its output.</summary>
    public string Output { get; init; } = "";

    /// <summary>Gets whether a part of the output was left out.</summary>
    public bool IsCut { get; init; }

    /// <summary>What the text of a result begins with, before the exit code.</summary>
    public const string Title = "exit code ";

    /// <summary>Reads the exit code back from a text.</summary>
    /// <param name="text">The text of a result.</param>
    /// <returns>The exit code; <see langword="null"/> for another text.</returns>
    public static int? ExitCodeOf(string text)
    {
        ReadOnlySpan<char> rest = text.StartsWith(Title, StringComparison.Ordinal) ? text.AsSpan(Title.Length) : default;
        int end = rest.IndexOf('\n');
        return int.TryParse(end < 0 ? rest : rest[..end], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
            out int code) ? code : null;
    }
}

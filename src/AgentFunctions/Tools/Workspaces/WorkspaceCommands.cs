namespace AgentFunctions.Tools.Workspaces;

/// <summary>Starts programs in workspaces as far as the host allows it.</summary>
internal sealed class WorkspaceCommands(WorkspaceToolOptions options)
{
    private readonly HashSet<string> _allowed = options.AllowedCommands.ToHashSet(StringComparer.Ordinal);
    private readonly HashSet<string> _passed = options.PassedEnvironment.ToHashSet(StringComparer.OrdinalIgnoreCase);
    private readonly int _maxOutput = options.MaxCommandOutput;

    /// <summary>How long one command may run.</summary>
    public TimeSpan Timeout { get; } = options.CommandTimeout;

    /// <summary>Which programs are allowed, in words.</summary>
    public string AllowedText => _allowed.Count == 0
        ? "This host allows no command."
        : $"Allowed: {string.Join(", ", _allowed.Order(StringComparer.Ordinal))}.";

    /// <summary>Whether a program is allowed.</summary>
    public bool Allows(string program) => _allowed.Contains(program);

    /// <summary>Runs a program to its end. When cancelled, its whole process tree is killed first.</summary>
    /// <param name="workspace">Where it starts.</param>
    /// <param name="command">The program's name alone.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolArgumentsInvalid"/>: the program is not allowed. <see cref="ErrorCode.ToolFailed"/>: it cannot be started.
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

        string program = ProgramPath.Find(command, workspace)
            ?? throw new AgentException(ErrorCode.ToolFailed, $"command: '{command}' is not installed on this host.");
        return await CommandProcess
            .RunAsync(program, arguments, workspace.Root, CommandEnvironment.Make(_passed), _maxOutput, cancellationToken)
            .ConfigureAwait(false);
    }
}

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Text">The exit code and the output, for the model to read.</param>
internal sealed record CommandResult(int ExitCode, string Text);

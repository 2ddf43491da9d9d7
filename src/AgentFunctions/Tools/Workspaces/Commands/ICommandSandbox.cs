namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>Specifies whether commands run in a sandbox.</summary>
public enum SandboxMode
{
    /// <summary>Commands run in a sandbox if this machine has one.</summary>
    Auto,

    /// <summary>Commands run in a sandbox, or are refused.</summary>
    Required,

    /// <summary>Commands run without a sandbox.</summary>
    Off,
}

/// <summary>Represents a program that is to be started.</summary>
/// <param name="Program">The program's full path.</param>
/// <param name="Arguments">Its arguments.</param>
internal sealed record SandboxedCommand(string Program, IReadOnlyList<string> Arguments);

/// <summary>Confines commands to the workspace.</summary>
internal interface ICommandSandbox
{
    /// <summary>Gets the name, for the log.</summary>
    string Name { get; }

    /// <summary>
    /// Makes the command that starts another within the sandbox: the workspace writable, the rest not, without a network.
    /// </summary>
    /// <param name="workspace">The full path of the workspace.</param>
    /// <param name="command">The command.</param>
    SandboxedCommand Wrap(string workspace, SandboxedCommand command);
}

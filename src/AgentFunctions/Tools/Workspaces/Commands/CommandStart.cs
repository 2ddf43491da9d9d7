using AgentFunctions.Workspaces;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>Chooses the sandbox of commands when the host starts, and says what is allowed without bounds.</summary>
internal sealed partial class CommandStart(
    WorkspaceCommands commands, ILogger<CommandStart> log, IConfiguration? configuration = null, ICommandSandbox? sandbox = null,
    ProtectedPaths? governing = null, TimeProvider? time = null) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!commands.HasAny)
        {
            return Task.CompletedTask;
        }

        if (configuration?["Workspace:Sandbox"] is { Length: > 0 } text)
        {
            commands.Mode = Enum.TryParse(text, ignoreCase: true, out SandboxMode mode) && Enum.IsDefined(mode)
                ? mode
                : throw new AgentException(ErrorCode.InvalidInput,
                    $"Workspace:Sandbox: '{text}' is not known; use Auto, Required or Off.");
        }

        commands.Governing = governing;
        commands.Time = time ?? commands.Time;
        commands.Use(sandbox, [.. governing?.Governing.Select(static one => one.Path) ?? []]);
        if (commands.Mode == SandboxMode.Required && commands.Sandbox is null)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                "Workspace:Sandbox: is Required, and this machine has no sandbox; install bubblewrap (bwrap) and allow user namespaces, or set it to Auto.");
        }

        foreach (string program in commands.Unlimited)
        {
            AnyArguments(log, program);
        }

        if (commands.Sandbox is { } confined)
        {
            Sandboxed(log, confined.Name);
        }
        else
        {
            NotSandboxed(log, commands.Mode);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(4300, LogLevel.Warning,
        "run_command: '{Program}' is allowed with any arguments, and so is all that it can read, write and start. Write '{Program}:*' if that is meant")]
    private static partial void AnyArguments(ILogger logger, string program);

    [LoggerMessage(4301, LogLevel.Information,
        "run_command: commands run in a sandbox ({Sandbox}): the workspace writable, no network")]
    private static partial void Sandboxed(ILogger logger, string sandbox);

    [LoggerMessage(4302, LogLevel.Information,
        "run_command: commands run without a sandbox (Workspace:Sandbox is {Mode}), with the rights of this process")]
    private static partial void NotSandboxed(ILogger logger, SandboxMode mode);
}

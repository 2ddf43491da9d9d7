using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp.Programs;

/// <summary>
/// Starts the program of a tool server and speaks with it over its standard streams, of which no line may be longer than a limit.
/// </summary>
/// <param name="program">The program.</param>
/// <param name="olderProtocol">Whether it is spoken to as a server that does not know <c>server/discover</c>.</param>
/// <param name="secrets">What must not be repeated of its configuration.</param>
/// <param name="logger">Takes what it writes to its standard error stream.</param>
/// <param name="time">The clock.</param>
internal sealed class ProgramTransport(ServerProgram program, bool olderProtocol, McpSecrets secrets, ILogger logger,
    TimeProvider time) : IClientTransport
{
    private Process? _process;

    public string Name => program.Name;

    /// <summary>Gets why the program was ended or ended by itself; <see langword="null"/> while it runs.</summary>
    public string? EndReason { get; private set; }

    /// <summary>Gets whether it was ended for sending too much.</summary>
    public bool IsFlooded { get; private set; }

    /// <summary>Gets whether the program has ended, which is known before its streams are read to their end.</summary>
    public bool HasExited
    {
        get
        {
            try
            {
                return _process?.HasExited == true;
            }
            catch (InvalidOperationException)
            {
                // Its session let go of it.
                return true;
            }
        }
    }

    public Task<ITransport> ConnectAsync(CancellationToken cancellationToken = default)
    {
        var start = new ProcessStartInfo(program.Path)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
            WorkingDirectory = program.Folder ?? Environment.CurrentDirectory,
        };
        foreach (string argument in program.Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        foreach ((string name, string? value) in program.Environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            _process = Process.Start(start)!;
            var session = new ProgramSession(this, _process, olderProtocol, secrets, logger, time);
            return Task.FromResult<ITransport>(session);
        }
        catch (Win32Exception e)
        {
            throw new IOException($"Failed to start '{program.Command}': {e.Message}", e);
        }
    }

    internal void Ended(string reason, bool isFlooded) => (EndReason, IsFlooded) = (reason, isFlooded);
}

using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>Runs one program to its end.</summary>
internal static class CommandProcess
{
    // A program that a command left running may hold the pipes open for ever.
    private static readonly TimeSpan PipeGrace = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Runs a program and tells its exit code and output. When cancelled, its whole process tree is killed first.
    /// </summary>
    /// <param name="program">The program's full path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">Where it starts.</param>
    /// <param name="environment">Its environment, whole.</param>
    /// <param name="maxOutput">The most characters of output to keep.</param>
    /// <param name="time">The clock of the wait for output that goes on after the program's end.</param>
    /// <param name="cancellationToken">The token to end the program.</param>
    public static async Task<CommandResult> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        string folder,
        IEnumerable<KeyValuePair<string, string?>> environment,
        int maxOutput,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.Environment.Clear();
        foreach ((string name, string? value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Start(start);
        process.StandardInput.Close();
        var output = new BoundedText(maxOutput);
        var errors = new BoundedText(maxOutput);
        using var drained = new CancellationTokenSource();
        Task reading = Task.WhenAll(
            output.ReadAsync(process.StandardOutput, drained.Token), errors.ReadAsync(process.StandardError, drained.Token));
        try
        {
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
        finally
        {
            await DrainAsync(reading, drained, time).ConfigureAwait(false);
        }

        return new CommandResult(process.ExitCode, Describe(process.ExitCode, output, errors))
        {
            Output = output.ToString(),
            IsCut = output.IsCut,
        };
    }

    private static async Task DrainAsync(Task reading, CancellationTokenSource drained, TimeProvider time)
    {
        using var late = new CancellationTokenSource(PipeGrace, time);
        using CancellationTokenRegistration stop = late.Token.Register(drained.Cancel);
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            throw new AgentException(ErrorCode.ToolFailed,
                $"command: '{Path.GetFileName(start.FileName)}' cannot be started: {error.Message}", error);
        }
    }

    private static string Describe(int exitCode, BoundedText output, BoundedText errors)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{CommandResult.Title}{exitCode}");
        foreach ((string title, string part) in new[] { ("output", output.ToString()), ("errors", errors.ToString()) })
        {
            if (part.Length > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"\n--- {title}\n{part.TrimEnd()}");
            }
        }

        return text.ToString();
    }
}

using System.Diagnostics;
using System.Text;

namespace AgentFunctions.EndToEnd;

/// <summary>The <c>agentfunctions</c> program as a process of its own, which a test can kill.</summary>
internal sealed class CliProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private CliProcess(Process process) => _process = process;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public static CliProcess Start(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        StartProgram(Path.Combine(AppContext.BaseDirectory, "AgentFunctions.Cli.dll"), environment, arguments);

    /// <summary>Starts a sample from its own output folder, as <c>dotnet run</c> does.</summary>
    public static CliProcess StartSample(string name, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        string output = AppContext.BaseDirectory.Replace(
            Path.Combine("tests", "AgentFunctions.EndToEnd"), Path.Combine("samples", name), StringComparison.Ordinal);
        return StartProgram(Path.Combine(output, $"{name}.dll"), environment, arguments);
    }

    private static CliProcess StartProgram(string program, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        var started = new CliProcess(new Process { StartInfo = start });
        started._process.OutputDataReceived += (_, line) => started.Keep(line.Data);
        started._process.ErrorDataReceived += (_, line) => started.Keep(line.Data);
        started._process.Start();
        started._process.BeginOutputReadLine();
        started._process.BeginErrorReadLine();
        return started;
    }

    /// <summary>SIGKILL: nothing in the process gets to know.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Waits until the output has a text.</summary>
    public async Task WaitForOutputAsync(string text, CancellationToken cancellationToken)
    {
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Assert.That(_process.HasExited, Is.False, Output);
            await Task.Delay(10, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}

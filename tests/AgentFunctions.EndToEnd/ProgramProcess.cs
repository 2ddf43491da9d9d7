using System.Diagnostics;
using System.Runtime.InteropServices;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd;

/// <summary>The real program <c>agentfunctions</c>, or a sample, as a process of its own.</summary>
internal sealed class ProgramProcess : IAsyncDisposable
{
    private const string Listening = "Listening on ";

    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "AgentFunctions.Cli.dll");

    public static string StateHome { get; } = new TemporaryFolder().Path;

    private readonly Process _process;
    private readonly List<string> _output = [];
    private readonly List<string> _errors = [];
    private readonly List<(Func<string, bool> Matches, TaskCompletionSource<string> Seen)> _waiting = [];
    private readonly Task _read;

    private ProgramProcess(Process process)
    {
        _process = process;
        _read = Task.WhenAll(ReadAsync(process.StandardOutput, _output), ReadAsync(process.StandardError, _errors));
    }

    /// <summary>The memory that the process has now, in bytes; 0 once it has ended.</summary>
    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.HasExited ? 0 : _process.WorkingSet64;
        }
    }

    public string Output => Text(_output);

    public string Errors => Text(_errors);

    /// <summary>Starts the program with the model of a scripted server; without one it rehearses.</summary>
    public static ProgramProcess Start(OpenAIProtocolServer? model, string folder, params string[] arguments) =>
        Start(Program, folder, model is null
            ? []
            : new() { ["OPENAI_API_KEY"] = "test-key", ["OPENAI_BASE_URL"] = model.BaseUrl }, arguments);

    /// <summary>Starts the program with variables of its own; it rehearses where they name no model.</summary>
    public static ProgramProcess Start(Dictionary<string, string> environment, params string[] arguments) =>
        Start(Program, Environment.CurrentDirectory, environment, arguments);

    /// <summary>
    /// Starts the program on a terminal of its own, at which <see cref="Type"/> types. What it writes is all output.
    /// </summary>
    public static ProgramProcess StartOnTerminal(OpenAIProtocolServer model, string folder,
        Dictionary<string, string> environment, params string[] arguments)
    {
        string command = string.Join(' ', new[] { "dotnet", Program }.Concat(arguments).Select(static word => $"'{word}'"));
        var start = new ProcessStartInfo("script", ["-qec", $"stty cols 120 rows 40; exec {command}", "/dev/null"])
        {
            RedirectStandardInput = true,
        };
        return Start(start, folder, new(environment)
        {
            ["OPENAI_API_KEY"] = "test-key",
            ["OPENAI_BASE_URL"] = model.BaseUrl,
            ["TERM"] = "xterm",
        });
    }

    /// <summary>Types a line.</summary>
    public void Type(string line) => _process.StandardInput.WriteLine(line);

    /// <summary>Starts a sample from its own output folder, as <c>dotnet run</c> does. It rehearses.</summary>
    public static ProgramProcess StartSample(string name, Dictionary<string, string> environment, params string[] arguments) =>
        StartSample(name, Environment.CurrentDirectory, environment, arguments);

    /// <summary>Starts a sample from a folder.</summary>
    public static ProgramProcess StartSample(string name, string folder, Dictionary<string, string> environment,
        params string[] arguments)
    {
        string tests = typeof(ProgramProcess).Assembly.GetName().Name!;
        string output = AppContext.BaseDirectory.Replace(
            Path.Combine("tests", tests), Path.Combine("samples", name), StringComparison.Ordinal);
        return Start(Path.Combine(output, $"{name}.dll"), folder, environment, arguments);
    }

    /// <summary>Starts the crash lab, whose commands are programs that may be killed.</summary>
    public static ProgramProcess StartCrashLab(params string[] arguments)
    {
        string output = AppContext.BaseDirectory.Replace("AgentFunctions.EndToEnd", "AgentFunctions.CrashLab",
            StringComparison.Ordinal);
        return Start(Path.Combine(output, "AgentFunctions.CrashLab.dll"), Environment.CurrentDirectory, [], arguments);
    }

    /// <summary>Starts the program and waits for its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        OpenAIProtocolServer? model, string folder, params string[] arguments)
    {
        await using ProgramProcess program = Start(model, folder, arguments);
        return (await program.WaitAsync(), program.Output, program.Errors);
    }

    /// <summary>Completes with the first line of the output that matches, seen or to come.</summary>
    public async Task<string> LineAsync(Func<string, bool> matches)
    {
        Task<string> seen;
        lock (_output)
        {
            if (_output.FirstOrDefault(matches) is { } line)
            {
                return line;
            }

            var source = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((matches, source));
            seen = source.Task;
        }

        return await Task.WhenAny(seen, _read).WaitAsync(TestContext.CurrentContext.CancellationToken) == seen
            ? await seen
            : throw new InvalidOperationException($"The program ended with {await WaitAsync()}: {Output}{Errors}");
    }

    /// <summary>The address at which a server listens, once it does.</summary>
    public async Task<Uri> ListeningAsync()
    {
        string line = await LineAsync(static line => line.StartsWith(Listening, StringComparison.Ordinal));
        return new Uri(line[Listening.Length..].Split(' ')[0].TrimEnd('.'));
    }

    public async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync(TestContext.CurrentContext.CancellationToken);
        await _read;
        return _process.ExitCode;
    }

    /// <summary>SIGKILL: the process gets no chance to do anything.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.CurrentContext.CancellationToken);
        // Processes that it had started may hold its output open for a moment.
        await Task.WhenAny(_read, Task.Delay(1_000));
    }

    /// <summary>SIGINT, as Ctrl-C sends it.</summary>
    public void Interrupt() => _ = Signal(_process.Id, 2);

    /// <summary>SIGTERM, as service managers send it.</summary>
    public void Terminate() => _ = Signal(_process.Id, 15);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static ProgramProcess Start(string program, string folder, Dictionary<string, string> environment,
        string[] arguments) =>
        Start(new ProcessStartInfo("dotnet", [program, .. arguments]), folder, environment);

    private static ProgramProcess Start(ProcessStartInfo start, string folder, Dictionary<string, string> environment)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError, start.WorkingDirectory) = (true, true, folder);
        foreach (string name in start.Environment.Keys.Where(IsModelVariable).ToList())
        {
            start.Environment.Remove(name);
        }

        // One for all programs of the tests, and none of this user's.
        start.Environment["XDG_STATE_HOME"] = StateHome;
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        if (start.RedirectStandardInput)
        {
            process.StandardInput.AutoFlush = true;
        }

        return new ProgramProcess(process);
    }

    private static bool IsModelVariable(string name) =>
        name.StartsWith("OPENAI_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("AZURE_OPENAI_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("MOONSHOT_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("DEEPSEEK_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("AGENTFUNCTIONS_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase);

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Signal(int process, int signal);

    private static string Text(List<string> lines)
    {
        lock (lines)
        {
            return string.Join('\n', lines) + "\n";
        }
    }

    private async Task ReadAsync(StreamReader reader, List<string> lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (lines)
            {
                lines.Add(line);
                if (lines == _output)
                {
                    _waiting.Where(wait => wait.Matches(line)).ToList().ForEach(wait => wait.Seen.TrySetResult(line));
                }
            }
        }
    }
}

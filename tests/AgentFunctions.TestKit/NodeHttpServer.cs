using System.Collections.Concurrent;
using System.Diagnostics;

namespace AgentFunctions.TestKit;

/// <summary>A Node.js server with an HTTP port of its own, which can be killed and started again on the same port.</summary>
public sealed class NodeHttpServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _awaited = new(StringComparer.Ordinal);
    private readonly string _script;
    private readonly string[] _arguments;
    private string _open = "";
    private Process? _process;

    private NodeHttpServer(string script, string[] arguments, int port) =>
        (_script, _arguments, Port) = (script, arguments, port);

    /// <summary>The port.</summary>
    public int Port { get; }

    /// <summary>Starts a server on a free port, handed over as the variable <c>PORT</c>; returns when the port is open.</summary>
    /// <param name="script">The script.</param>
    /// <param name="arguments">Its arguments.</param>
    public static Task<NodeHttpServer> StartAsync(string script, params string[] arguments) =>
        StartAsync("listening on port", script, arguments);

    /// <summary>Starts a server that says in other words that its port is open.</summary>
    /// <param name="open">A part of the line that says so.</param>
    /// <param name="script">The script.</param>
    /// <param name="arguments">Its arguments.</param>
    public static async Task<NodeHttpServer> StartAsync(string open, string script, string[] arguments)
    {
        var server = new NodeHttpServer(script, arguments, FreePort.Take()) { _open = open };
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts it again after <see cref="KillAsync"/>.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("node", [_script, .. _arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PORT"] = Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Task listening = NextLineAsync(_open);
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += Heard;
        _process.ErrorDataReceived += Heard;
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.Exited += (_, _) => ended.TrySetResult();
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        if (await Task.WhenAny(listening, ended.Task) != listening)
        {
            throw new InvalidOperationException("The server ended at its start.");
        }
    }

    /// <summary>Completes when the server writes a line that holds a text, from now on.</summary>
    /// <param name="text">The text.</param>
    public Task NextLineAsync(string text) =>
        _awaited.GetOrAdd(text, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Ends the process with SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
            _process = null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await KillAsync();

    private void Heard(object sender, DataReceivedEventArgs line)
    {
        foreach ((string text, _) in _awaited)
        {
            if (line.Data?.Contains(text, StringComparison.Ordinal) == true
                && _awaited.TryRemove(text, out TaskCompletionSource? source))
            {
                source.TrySetResult();
            }
        }
    }
}

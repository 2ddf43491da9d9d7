using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace AgentFunctions.TestKit;

/// <summary>A Node.js server with an HTTP port of its own, which can be killed and started again on the same port.</summary>
public sealed class NodeHttpServer : IAsyncDisposable
{
    private readonly string _script;
    private readonly string[] _arguments;
    private Process? _process;

    private NodeHttpServer(string script, string[] arguments, int port) => (_script, _arguments, Port) = (script, arguments, port);

    /// <summary>The port.</summary>
    public int Port { get; }

    /// <summary>Starts a server on a free port, handed over as the variable <c>PORT</c>; returns when the port is open.</summary>
    /// <param name="script">The script.</param>
    /// <param name="arguments">Its arguments.</param>
    public static async Task<NodeHttpServer> StartAsync(string script, params string[] arguments)
    {
        var server = new NodeHttpServer(script, arguments, FreePort());
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts it again after <see cref="KillAsync"/>.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("node", [_script, .. _arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PORT"] = Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        DataReceivedEventHandler listen = (_, line) =>
        {
            if (line.Data?.Contains("listening on port", StringComparison.Ordinal) == true)
            {
                listening.TrySetResult();
            }
        };
        _process.OutputDataReceived += listen;
        _process.ErrorDataReceived += listen;
        _process.Exited += (_, _) => listening.TrySetException(new InvalidOperationException("The server ended at its start."));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await listening.Task;
    }

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

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

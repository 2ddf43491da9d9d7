using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AgentFunctions.Tests.OpenAI.Wire;

/// <summary>A server whose stream repeats one piece for ever, every few milliseconds.</summary>
internal sealed class TricklingServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _served;

    public TricklingServer(string piece)
    {
        _listener.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v1";
        _served = ServeAsync(piece);
    }

    public string Url { get; }

    /// <summary>Waits until the caller has closed its connection.</summary>
    public async Task<bool> LeftAsync()
    {
        await _served.WaitAsync(TimeSpan.FromMinutes(5));
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        _listener.Dispose();
        await _served.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopped.Dispose();
    }

    private async Task ServeAsync(string piece)
    {
        using TcpClient client = await _listener.AcceptTcpClientAsync(_stopped.Token);
        NetworkStream stream = client.GetStream();
        await stream.ReadAtLeastAsync(new byte[64 * 1024], 1, cancellationToken: _stopped.Token);
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"u8.ToArray(),
            _stopped.Token);
        byte[] bytes = Encoding.UTF8.GetBytes(piece);
        try
        {
            while (!_stopped.IsCancellationRequested)
            {
                await stream.WriteAsync(bytes, _stopped.Token);
                await Task.Delay(20, _stopped.Token);
            }
        }
        catch (IOException)
        {
            // The caller closed its connection.
        }
    }
}

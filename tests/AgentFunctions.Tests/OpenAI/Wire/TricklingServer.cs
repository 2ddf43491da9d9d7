using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AgentFunctions.Tests.OpenAI.Wire;

/// <summary>A server whose stream repeats one piece for ever, every few milliseconds.</summary>
internal sealed class TricklingServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopped = new();
    private readonly Task served;

    public TricklingServer(string piece)
    {
        listener.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/v1";
        served = ServeAsync(piece);
    }

    public string Url { get; }

    /// <summary>Waits until the caller has closed its connection.</summary>
    public async Task<bool> LeftAsync()
    {
        await served.WaitAsync(TimeSpan.FromMinutes(5));
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await stopped.CancelAsync();
        listener.Dispose();
        await served.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopped.Dispose();
    }

    private async Task ServeAsync(string piece)
    {
        using TcpClient client = await listener.AcceptTcpClientAsync(stopped.Token);
        NetworkStream stream = client.GetStream();
        await stream.ReadAtLeastAsync(new byte[64 * 1024], 1, cancellationToken: stopped.Token);
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"u8.ToArray(), stopped.Token);
        byte[] bytes = Encoding.UTF8.GetBytes(piece);
        try
        {
            while (!stopped.IsCancellationRequested)
            {
                await stream.WriteAsync(bytes, stopped.Token);
                await Task.Delay(20, stopped.Token);
            }
        }
        catch (IOException)
        {
            // The caller closed its connection.
        }
    }
}

using System.Net.Sockets;
using System.Text;

namespace AgentFunctions.Benchmarks.Streams;

/// <summary>One connection with one stream that is read, and of which nothing is kept.</summary>
internal sealed class StreamsClient : IDisposable
{
    private readonly TcpClient _connection = new();
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Sends a request, and waits until its answer has begun.</summary>
    public static async Task<StreamsClient> OpenAsync(Uri host, string method, string address, string? body, string headers = "")
    {
        var client = new StreamsClient();
        await client._connection.ConnectAsync(host.Host, host.Port);
        NetworkStream stream = client._connection.GetStream();
        string length = body is null ? "" : $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n";
        await stream.WriteAsync(Encoding.UTF8.GetBytes(
            $"{method} /{address} HTTP/1.1\r\nHost: {host.Authority}\r\n{length}{headers}\r\n{body}"));
        _ = Task.Run(() => client.ReadAsync(stream));
        await client._open.Task;
        return client;
    }

    public void Dispose() => _connection.Dispose();

    private async Task ReadAsync(NetworkStream stream)
    {
        byte[] buffer = new byte[4_096];
        try
        {
            for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
            {
                string head = Encoding.ASCII.GetString(buffer, 0, Math.Min(read, 12));
                if (!_open.Task.IsCompleted && head != "HTTP/1.1 200")
                {
                    throw new InvalidOperationException($"Refused: {Encoding.UTF8.GetString(buffer, 0, read)}");
                }

                _open.TrySetResult();
            }
        }
        catch (Exception e) when (e is InvalidOperationException || !_open.Task.IsCompleted)
        {
            _open.TrySetException(e);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It was closed.
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AgentFunctions.Mcp.SignIn;

/// <summary>Waits on this machine for the browser that comes back from an authorization server.</summary>
internal sealed class LoopbackReceiver : IDisposable
{
    private const string Path = "/callback";
    private const int MostHeaderBytes = 16 * 1024;

    private static readonly TimeSpan ReadTime = TimeSpan.FromSeconds(5);

    private readonly TcpListener _listener;
    private readonly TimeProvider _time;

    private LoopbackReceiver(TcpListener listener, TimeProvider time) => (_listener, _time) = (listener, time);

    /// <summary>Gets the address that the browser is sent back to.</summary>
    public Uri RedirectUri => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}{Path}");

    /// <summary>Listens.</summary>
    /// <param name="port">The port; 0 for any.</param>
    /// <param name="time">The clock of its time-outs.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: the port is taken.</exception>
    public static LoopbackReceiver Start(int port, TimeProvider time)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return new LoopbackReceiver(listener, time);
        }
        catch (SocketException e)
        {
            listener.Dispose();
            throw new AgentException(ErrorCode.InvalidInput,
                $"oauth.callbackPort: port {port} of this machine is taken: {e.Message}", e);
        }
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Waits for the one answer that belongs to a request; whatever else comes is turned away.</summary>
    /// <param name="state">The state of the request.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyDictionary<string, string>> ReceiveAsync(string state, CancellationToken cancellationToken)
    {
        while (true)
        {
            using TcpClient client = await _listener.AcceptTcpClientAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                NetworkStream stream = client.GetStream();
                string target = await ReadTargetAsync(stream, cancellationToken).ConfigureAwait(false);
                int mark = target.IndexOf('?', StringComparison.Ordinal);
                Dictionary<string, string> query = mark < 0 ? [] : Query(target[mark..]);
                bool isOurs = mark > 0 && target[..mark] == Path && query.GetValueOrDefault("state") == state
                    && (query.ContainsKey("code") || query.ContainsKey("error"));
                await AnswerAsync(stream, isOurs, cancellationToken).ConfigureAwait(false);
                if (isOurs)
                {
                    return query;
                }
            }
            catch (Exception e) when (e is IOException or SocketException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // A visitor that breaks off is none to wait for.
            }
        }
    }

    /// <summary>Reads a query.</summary>
    /// <param name="query">The query, with its question mark; of a name that comes twice the first counts.</param>
    public static Dictionary<string, string> Query(string query)
    {
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string part in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            string name = WebUtility.UrlDecode(equals < 0 ? part : part[..equals]);
            read.TryAdd(name, equals < 0 ? "" : WebUtility.UrlDecode(part[(equals + 1)..]));
        }

        return read;
    }

    private async Task<string> ReadTargetAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(ReadTime, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var received = new byte[MostHeaderBytes];
        int length = 0;
        while (length < received.Length && received.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
        {
            int read = await stream.ReadAsync(received.AsMemory(length), either.Token).ConfigureAwait(false);
            if (read == 0)
            {
                break;
            }

            length += read;
        }

        string[] words = Encoding.ASCII.GetString(received, 0, length).Split('\n')[0].Split(' ');
        return words is ["GET", var target, ..] ? target : "";
    }

    private static async Task AnswerAsync(NetworkStream stream, bool isOurs, CancellationToken cancellationToken)
    {
        string text = isOurs ? "Done. You can close this page and go back to the terminal." : "This is not what is waited for.";
        string page = $"<!doctype html><meta charset=utf-8><title>AgentFunctions</title><p>{text}</p>";
        string answer = $"HTTP/1.1 {(isOurs ? "200 OK" : "400 Bad Request")}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {Encoding.UTF8.GetByteCount(page)}\r\n"
            + $"Content-Security-Policy: default-src 'none'\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{page}";
        await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), cancellationToken).ConfigureAwait(false);
    }
}

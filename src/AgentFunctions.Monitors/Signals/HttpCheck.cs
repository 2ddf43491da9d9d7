using System.Diagnostics;
using System.Globalization;
using System.Text;
using AgentFunctions.Core;

namespace AgentFunctions.Monitors.Signals;

/// <summary>Asks an HTTP server: status, latency, body.</summary>
internal sealed class HttpCheck(IHttpClientFactory http) : ISignalCheck
{
    public const string HttpClientName = "AgentFunctions.Signals";

    private const int MaxBody = 1024 * 1024;

    public bool Handles(SignalDefinition signal) => signal.Http is not null;

    public async Task<Observation> LookAsync(
        SignalDefinition signal, SignalMemory last, DateTimeOffset now, CancellationToken cancellationToken)
    {
        HttpSignal target = signal.Http!;
        using HttpClient client = http.CreateClient(HttpClientName);
        using var request = new HttpRequestMessage(new HttpMethod(target.Method), target.Url);
        // The network's own time, not the host's clock, which a test may set.
        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        string body = await ReadAsync(response.Content, cancellationToken).ConfigureAwait(false);
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        int status = (int)response.StatusCode;
        return new Observation(signal.Name, Error(target, status, took, body))
        {
            Value = Math.Round(took.TotalMilliseconds, 1),
            Evidence = Evidence.Of($"{status} {response.ReasonPhrase}\n{body}"),
            Fingerprint = TextHash.Of($"{status}\n{body}"),
        };
    }

    /// <summary>The body's first part as text; the rest is not fetched.</summary>
    internal static async Task<string> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        using Stream stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        byte[] buffer = new byte[MaxBody];
        int length = await stream.ReadAtLeastAsync(buffer, MaxBody, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    private static string? Error(HttpSignal target, int status, TimeSpan took, string body)
    {
        if (target.Status is { } expected ? status != expected : status is < 200 or > 299)
        {
            return $"status {status}{(target.Status is { } wanted ? $", not {wanted}" : "")}";
        }

        if (took >= target.LatencyBelow)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{took.TotalMilliseconds:F0} ms, not below {target.LatencyBelow.Value.TotalMilliseconds:F0} ms");
        }

        return target.Body?.Error(body, out _);
    }
}

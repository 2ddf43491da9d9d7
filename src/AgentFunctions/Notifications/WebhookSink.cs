using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using AgentFunctions.Governance.Secrets;
using AgentFunctions.Network;

namespace AgentFunctions.Notifications;

/// <summary>Posts messages to an address, signed.</summary>
internal sealed class WebhookSink(IHttpClientFactory http, VariableText texts, TimeProvider time) : INotificationSink
{
    public const string HttpClientName = "AgentFunctions.Webhooks";

    /// <summary>The receivers that the host's own configuration names.</summary>
    public static NetworkConsents ConsentsOf(NotificationOptions options) => new(
        HttpClientName,
        [.. options.Channels.Values.Where(static channel => channel.Url is not null)
            .Select(static channel => new Uri(channel.Url!)).Select(static address => (address.IdnHost, address.Port))]);

    public bool Handles(NotificationChannel channel) => channel.Url is not null;

    public async Task SendAsync(
        string channelName, NotificationChannel channel, ChannelMessage message, CancellationToken cancellationToken)
    {
        byte[] body = message.Body.ToArray();
        string id = $"{message.Id}-{channelName}";
        long timestamp = time.GetUtcNow().ToUnixTimeSeconds();
        string url = await texts.ExpandAsync(channel.Url!, $"Notifications:Channels:{channelName}:Url", cancellationToken)
            .ConfigureAwait(false);
        using var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        request.Headers.Add("Idempotency-Key", id);
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        if (channel.Secret is { } reference)
        {
            string secret = await texts.ExpandAsync(reference, $"Notifications:Channels:{channelName}:Secret", cancellationToken)
                .ConfigureAwait(false);
            request.Headers.Add("webhook-signature", WebhookSignature.Sign(secret, id, timestamp, body));
        }

        using HttpClient client = http.CreateClient(HttpClientName);
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead,
            cancellationToken).ConfigureAwait(false);
        if (IsFinal(response.StatusCode))
        {
            throw new AgentException(
                ErrorCode.NotificationRejected,
                $"{channelName}: the receiver refused the message with status {(int)response.StatusCode}.");
        }

        response.EnsureSuccessStatusCode();
    }

    /// <summary>The receiver will never take it; others (too early, too many, a server's own error) may pass.</summary>
    private static bool IsFinal(HttpStatusCode status) =>
        (int)status is >= 400 and < 500 and not (401 or 403 or 404 or 408 or 409 or 423 or 425 or 429);
}

using AgentFunctions.Governance.Redaction;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Notifications;

/// <summary>Delivers messages over the channels of this host.</summary>
internal sealed class NotificationSender(IOptions<NotificationOptions> options, IEnumerable<INotificationSink> sinks,
    Redactor redactor)
{
    /// <summary>The channel that every host has.</summary>
    public const string Console = "console";

    private readonly INotificationSink[] _sinks = [.. sinks];

    public bool Knows(string channel) => channel == Console || options.Value.Channels.ContainsKey(channel);

    public IEnumerable<string> Names => options.Value.Channels.Keys.Append(Console).Distinct(StringComparer.Ordinal);

    /// <summary>One attempt to deliver a message of any kind.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.NotificationRejected"/>: a repetition cannot help. Any other error may pass.
    /// </exception>
    public Task SendAsync(string channelName, ChannelMessage message, CancellationToken cancellationToken)
    {
        NotificationChannel channel = options.Value.Channels.TryGetValue(channelName, out NotificationChannel? known) ? known
            : channelName == Console ? new NotificationChannel()
            : throw new AgentException(ErrorCode.NotificationRejected, $"This host has no notification channel '{channelName}'.");
        return _sinks.First(sink => sink.Handles(channel)).SendAsync(
            channelName, channel, message with { Body = redactor.RedactJson(message.Body), Line = redactor.Redact(message.Line) },
            cancellationToken);
    }
}
